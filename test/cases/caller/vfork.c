/*
 * vfork(): the child runs in its parent's memory while the parent stands still, and nothing that an
 * exec function leaves there may stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/case.h"

enum { EXECS = 10000 };

/* As gcc's driver does: the child's error number is left where the parent finds it. */
static void try_shared_memory(void)
{
	char **argv = strings("missing", NULL);
	volatile int error = 0;
	volatile int step = 0;
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		step = 1;
		execv("./missing", argv);
		error = errno;
		step = 2;
		_exit(100);
	}
	fact("step %d, error %s", step, error_name(error));
	status = wait_for(pid);
	fact("status: %s", status_text(status));
}

/* The parent goes on when the child's exec is done, and not before. */
static void try_suspension(const char *program)
{
	char **argv = strings("show", "exit", "0", NULL);
	volatile int before_exec = 0;
	const struct timespec moment = {0, 50 * 1000 * 1000};
	pid_t pid = vfork();

	if (pid == 0) {
		nanosleep(&moment, NULL);
		before_exec = 1;
		execve(program, argv, environ);
		_exit(100);
	}
	fact("parent ran after the child's exec: %d", before_exec);
	fact("status: %s", status_text(wait_for(pid)));
}

/* The search path of the child is what the child has made of it. */
static void try_environment(const char *program)
{
	char **argv = strings("show", "env", NULL);
	char **child_environment = strings("ONLY=this", NULL);
	char **saved = environ;
	volatile bool intact;
	pid_t pid = vfork();

	if (pid == 0) {
		environ = child_environment;
		execv(program, argv);
		_exit(100);
	}
	intact = environ == child_environment;
	environ = saved;
	fact("environ is shared: status %s, %d", status_text(wait_for(pid)), intact);
}

static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

/* Handlers and mask of the parent are untouched by what its child did. */
static void try_signals(const char *program)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction found;
	char **argv = strings("show", "exit", "0", NULL);
	sigset_t mask;
	pid_t pid;

	sigaction(SIGUSR1, &action, NULL);
	pid = vfork();
	if (pid == 0) {
		execv(program, argv);
		_exit(100);
	}
	sigaction(SIGUSR1, NULL, &found);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	raise(SIGUSR1);
	fact("handler kept %d, called %d, blocked %d", found.sa_handler == on_signal, (int)handled,
	     sigismember(&mask, SIGUSR1));
	fact("status: %s", status_text(wait_for(pid)));
}

/* Pages of address space, and of data. */
static void memory(long *size, long *data)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long resident;
	long shared;
	long text;
	long library;

	REQUIRE(file != NULL);
	REQUIRE(fscanf(file, "%ld %ld %ld %ld %ld %ld", size, &resident, &shared, &text, &library,
		       data) == 6);
	fclose(file);
}

static void exec_once(const char *path, char *const argv[])
{
	pid_t pid = vfork();
	int status;

	if (pid == 0) {
		execve(path, argv, environ);
		_exit(99);
	}
	status = wait_for(pid);
	REQUIRE(status == 0 || status == 99 << 8);
}

/* Half of them fail. */
static void try_many(const char *program)
{
	char **argv = strings("quick", NULL);
	char descriptors[4096];
	long size[2];
	long data[2];

	for (int i = 0; i < 10; i++)
		exec_once(i % 2 ? "./missing" : program, argv);
	memory(&size[0], &data[0]);
	for (int i = 0; i < EXECS; i++)
		exec_once(i % 2 ? "./missing" : program, argv);
	memory(&size[1], &data[1]);
	fact("%d execs: pages grown by %ld, data by %ld", (int)EXECS, size[1] - size[0],
	     data[1] - data[0]);
	fact("descriptors: %s, threads %d", open_descriptors(descriptors, sizeof descriptors),
	     thread_count());
}

int main(void)
{
	char *program = helper("show");

	try_shared_memory();
	try_suspension(program);
	try_environment(program);
	try_signals(program);
	try_many(helper("quick"));
	REQUIRE(no_children());
	return 0;
}
