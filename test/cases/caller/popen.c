/* popen(3) and pclose(3). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

static void try_modes(void)
{
	static const char *const modes[] = {"r", "w", "re", "we", "er", "", "rw", "x", "rx", "rr"};

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		FILE *stream;

		errno = EXDEV;
		stream = popen("exit 3", modes[i]);
		fact("mode '%s': %s, errno %s", modes[i], stream ? "open" : "null",
		     error_name(errno));
		if (!stream)
			continue;
		fact("descriptor %d, flags %d", fileno(stream), fcntl(fileno(stream), F_GETFD));
		fact("status: %s", status_text(pclose(stream)));
	}
	REQUIRE(no_children());
}

static void try_read(void)
{
	static const char *const commands[] = {"echo line; exit 4", "no-such-command", "kill -9 $$",
					       "cat /proc/self/comm",
					       "ls -l /proc/self/fd | wc -l"};

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		FILE *stream = popen(commands[i], "r");
		char line[256];

		REQUIRE(stream != NULL);
		while (fgets(line, sizeof line, stream))
			fact("read %s", strtok(line, "\n"));
		fact("%s: %s", commands[i], status_text(pclose(stream)));
	}
}

static void try_write(void)
{
	FILE *stream = popen("sed 's/^/sed: /'", "w");

	REQUIRE(stream != NULL);
	fputs("one\ntwo\n", stream);
	fact("sed: %s", status_text(pclose(stream)));
	stream = popen("exit 0", "w");
	REQUIRE(stream != NULL);
	signal(SIGPIPE, SIG_IGN);
	usleep(100000);
	fputs("nobody reads this\n", stream);
	errno = 0;
	fact("broken pipe: %d, %s", fflush(stream), error_name(errno));
	fact("status: %s", status_text(pclose(stream)));
	signal(SIGPIPE, SIG_DFL);
}

/* POSIX: the streams of earlier popen() calls are closed in the new child. */
static void try_several(void)
{
	FILE *streams[4];
	char line[256];

	for (int i = 0; i < 4; i++) {
		streams[i] = popen("ls /proc/self/fd | wc -l", "r");
		REQUIRE(streams[i] != NULL);
	}
	for (int i = 0; i < 4; i++) {
		REQUIRE(fgets(line, sizeof line, streams[i]) != NULL);
		fact("descriptors in child %d: %d", i, atoi(line));
		REQUIRE(pclose(streams[i]) == 0);
	}
}

static void try_errors(void)
{
	struct rlimit limit;
	struct rlimit few;

	REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	few = limit;
	few.rlim_cur = 4;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
	errno = EXDEV;
	fact("no descriptors: %s", popen("exit 0", "r") ? "open" : "null");
	fact("errno: %s", error_name(errno));
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void *cancel_me(void *arg)
{
	FILE *stream;
	int *state = arg;
	int old;

	/* A cancellation that is pending must not be acted upon in popen(), nor its state change.
	 */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	stream = popen("exit 6", "r");
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	*state = old == PTHREAD_CANCEL_DISABLE;
	if (stream)
		*state += pclose(stream) == 6 << 8;
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	pthread_testcancel();
	return NULL;
}

static void try_cancellation(void)
{
	pthread_t thread;
	void *result = NULL;
	int state = 0;

	REQUIRE(pthread_create(&thread, NULL, cancel_me, &state) == 0);
	REQUIRE(pthread_join(thread, &result) == 0);
	fact("cancel state kept: %d, cancelled %d", state, result == PTHREAD_CANCELED);
}

static void *run_many(void *arg)
{
	int *good = arg;

	for (int i = 0; i < 20; i++) {
		FILE *stream = popen("echo word", "r");
		char line[16] = "";

		if (stream && fgets(line, sizeof line, stream) && strcmp(line, "word\n") == 0)
			(*good)++;
		if (stream)
			pclose(stream);
	}
	return NULL;
}

static void try_threads(void)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	int good[THREADS] = {0};
	int sum = 0;

	for (int i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&threads[i], NULL, run_many, &good[i]) == 0);
	for (int i = 0; i < THREADS; i++) {
		REQUIRE(pthread_join(threads[i], NULL) == 0);
		sum += good[i];
	}
	fact("in threads: %d", sum);
}

int main(void)
{
	char descriptors[4096];

	try_modes();
	try_read();
	try_write();
	try_several();
	try_errors();
	try_cancellation();
	try_threads();
	REQUIRE(no_children());
	fact("descriptors: %s", open_descriptors(descriptors, sizeof descriptors));
	return 0;
}
