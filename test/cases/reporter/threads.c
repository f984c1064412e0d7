/* Threads, processes, and what they inherit. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reporter.h"

static int cleanups;
static int atfork_calls;

static void cleanup(void *arg)
{
	(void)arg;
	cleanups++;
}

static void *wait_for_cancel(void *arg)
{
	(void)arg;
	pthread_cleanup_push(cleanup, NULL);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return NULL;
}

static void *leave(void *arg)
{
	pthread_cleanup_push(cleanup, NULL);
	pthread_exit(arg);
	pthread_cleanup_pop(0);
}

static void report_pthreads(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	size_t size = 0;
	void *result = NULL;
	int value = 0;

	pthread_attr_init(&attr);
	pthread_attr_getstacksize(&attr, &size);
	pthread_attr_destroy(&attr);
	report("thread stack size", "%zu", size);
	if (pthread_create(&thread, NULL, leave, &value) == 0)
		pthread_join(thread, &result);
	report("thread result", "%d", result == &value);
	if (pthread_create(&thread, NULL, wait_for_cancel, NULL) == 0) {
		pthread_cancel(thread);
		pthread_join(thread, &result);
	}
	report("thread cancelled", "%d, cleanups %d", result == PTHREAD_CANCELED, cleanups);
}

static void report_status(const char *key, pid_t pid)
{
	int status = -1;

	if (pid == -1)
		report(key, "failed, errno %d", errno);
	else if (waitpid(pid, &status, 0) != pid)
		report(key, "not our child");
	else
		report(key, "%s %d", WIFEXITED(status) ? "exit" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static void on_fork(void)
{
	atfork_calls++;
}

static int clone_function(void *arg)
{
	return *(int *)arg;
}

static void report_processes(void)
{
	static char stack[1 << 16];
	volatile int shared = 0;
	int wanted = 23;
	pid_t pid;

	pthread_atfork(on_fork, on_fork, on_fork);
	pid = fork();
	if (pid == 0)
		_exit(getppid() > 1 && atfork_calls == 2 ? 21 : 1);
	report_status("fork", pid);
	report("atfork handlers", "%d", atfork_calls);
	pid = vfork();
	if (pid == 0) {
		shared = 1;
		_exit(22);
	}
	report("vfork shares memory", "%d", shared);
	report_status("vfork", pid);
	pid = clone(clone_function, stack + sizeof stack, SIGCHLD, &wanted);
	report_status("clone", pid);
	pid = fork();
	if (pid == 0) {
		const struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		abort();
	}
	report_status("abort", pid);
}

void report_threads(void)
{
	report_pthreads();
	report_processes();
}
