/* system(3): results, signals while it runs, and cancellation in it. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

static void try_results(void)
{
	static const char *const commands[] = {
		"",
		":",
		"exit 0",
		"exit 1",
		"exit 255",
		"kill -9 $$",
		"kill -15 $$",
		"no-such-command",
		"/no/such/file",
		"/etc",
		"exec true",
		"true | false",
		"syntax error (",
		"-n",
		"echo to stdout; echo to stderr >&2",
		"echo \"$0 $#\"",
		"trap 'exit 3' TERM; kill $$",
	};

	errno = EXDEV;
	fact("null: %d", system(NULL) != 0);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		int ret;

		errno = EXDEV;
		ret = system(commands[i]);
		fact("%s: %s, errno %s", commands[i], status_text(ret), error_name(errno));
	}
	REQUIRE(no_children());
}

/* An argument list that no kernel takes. */
static void try_too_long(void)
{
	char *command = repeated(' ', 1 << 18);

	errno = EXDEV;
	fact("too long: %s", status_text(system(command)));
	fact("errno: %s", error_name(errno));
	free(command);
}

static void report_dispositions(const char *label)
{
	static const int sigs[] = {SIGINT, SIGQUIT, SIGCHLD};
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (size_t i = 0; i < sizeof sigs / sizeof *sigs; i++) {
		struct sigaction action;

		sigaction(sigs[i], NULL, &action);
		fact("%s signal %d: %s, blocked %d", label, sigs[i],
		     action.sa_handler == SIG_DFL   ? "default"
		     : action.sa_handler == SIG_IGN ? "ignored"
						    : "handled",
		     sigismember(&mask, sigs[i]));
	}
}

static void on_signal(int sig)
{
	(void)sig;
}

/* What the shell finds in its parent, and in itself. */
static void try_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	/* The parent gives itself back its own mask when the shell is already running. */
	static const char look[] = "sleep 0.2; grep -E '^Sig(Blk|Ign|Cgt)' /proc/$PPID/status; "
				   "grep -E '^Sig(Blk|Ign)' /proc/self/status";

	report_dispositions("before");
	fact("look: %s", status_text(system(look)));
	report_dispositions("after");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGCHLD, &action, NULL);
	signal(SIGQUIT, SIG_IGN);
	fact("look: %s", status_text(system(look)));
	report_dispositions("after");
	fact("signals for the parent: %s",
	     status_text(system("kill -INT $PPID; kill -QUIT $PPID; exit 5")));
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGCHLD, SIG_IGN);
	errno = EXDEV;
	fact("SIGCHLD ignored: %d, %s", system("exit 3"), error_name(errno));
	signal(SIGCHLD, SIG_DFL);
}

struct canceled {
	const char *command;
	int cleanups;
	volatile int in_frame; /* of the attribute */
	volatile int returned;
};

static void on_cleanup(void *arg)
{
	((struct canceled *)arg)->cleanups++;
}

static void on_leave(struct canceled **c)
{
	(*c)->in_frame++;
}

/* Needs the whole stack between here and the cancellation to be unwound. */
static void run_command(struct canceled *arg)
{
	struct canceled *c __attribute__((cleanup(on_leave))) = arg;

	system(c->command);
	c->returned = 1;
}

static void *cancel_me(void *arg)
{
	pthread_cleanup_push(on_cleanup, arg);
	run_command(arg);
	pthread_cleanup_pop(0);
	return NULL;
}

static void try_cancellation(void)
{
	struct canceled c = {.command = "exec sleep 60"};
	pthread_t thread;
	void *result = NULL;

	for (int round = 0; round < 3; round++) {
		REQUIRE(pthread_create(&thread, NULL, cancel_me, &c) == 0);
		while (no_children())
			usleep(1000);
		usleep(20000);
		REQUIRE(pthread_cancel(thread) == 0);
		REQUIRE(pthread_join(thread, &result) == 0);
		fact("cancelled %d, cleanups %d, frames %d, returned %d, no children %d",
		     result == PTHREAD_CANCELED, c.cleanups, c.in_frame, c.returned, no_children());
		report_dispositions("cancelled");
	}
	/* The lock of system() is free again. */
	fact("then: %s", status_text(system("exit 8")));
}

static void *run_many(void *arg)
{
	int *good = arg;

	for (int i = 0; i < 10; i++)
		if (system("exit 9") == 9 << 8)
			(*good)++;
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
	report_dispositions("threads");
}

int main(void)
{
	try_results();
	try_too_long();
	try_signals();
	try_cancellation();
	try_threads();
	fact("threads: %d", thread_count());
	return 0;
}
