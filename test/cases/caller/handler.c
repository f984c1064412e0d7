/*
 * Starting programs where little is allowed: in a signal handler that interrupted malloc(), on a
 * small alternate stack, in a thread with the smallest stack.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

static char *show;
static char **argv_exit;
static char *cat;

/* exec is async-signal-safe: POSIX.1-2017, XSH 2.4.3. */
static void exec_in_handler(int sig)
{
	(void)sig;
	execve(show, argv_exit, environ);
	_exit(100);
}

static void search_in_handler(int sig)
{
	(void)sig;
	execvp("show", argv_exit);
	_exit(100);
}

static void vfork_in_handler(int sig)
{
	pid_t pid = vfork();
	int status;

	(void)sig;
	if (pid == 0) {
		execve(show, argv_exit, environ);
		_exit(100);
	}
	_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 101);
}

struct plan {
	void (*handler)(int);
	size_t stack; /* 0: the ordinary one */
};

/* The signal comes while malloc() or free() is at work, so its locks are taken. */
static int interrupt_malloc(void *arg)
{
	const struct plan *plan = arg;
	struct sigaction action = {.sa_handler = plan->handler};
	struct itimerval soon = {.it_value = {0, 2000}};
	stack_t stack = {.ss_size = plan->stack};

	if (plan->stack) {
		stack.ss_sp = malloc(plan->stack);
		if (sigaltstack(&stack, NULL) == -1)
			return 102;
		action.sa_flags = SA_ONSTACK;
	}
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	for (;;) {
		void *blocks[32];

		for (size_t i = 0; i < 32; i++)
			blocks[i] = malloc(i * 700 + 1);
		for (size_t i = 0; i < 32; i++)
			free(blocks[i]);
	}
}

static void try_handlers(void)
{
	static void (*const handlers[])(int) = {exec_in_handler, search_in_handler,
						vfork_in_handler};
	static const char *const names[] = {"execve", "execvp", "vfork"};
	/* The kernel's signal frame needs up to 3.5 KiB of it (AVX-512), and execvp() of glibc
	   puts a path on its stack. */
	static const size_t stacks[] = {0, 8192, 12288, 16384, 65536};

	for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
		for (size_t j = 0; j < sizeof stacks / sizeof *stacks; j++) {
			struct plan plan = {handlers[i], stacks[j]};
			int wrong = 0;

			for (int round = 0; round < 5; round++)
				if (in_child(interrupt_malloc, &plan) != 7 << 8)
					wrong++;
			fact("%s in a handler, stack %zu: %d wrong", names[i], stacks[j], wrong);
		}
	}
}

static void *spawn_in_thread(void *arg)
{
	const posix_spawn_file_actions_t *actions = arg;
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, "show", actions, NULL, argv_exit, environ) ||
	    waitpid(pid, &status, 0) != pid)
		return NULL;
	return WIFEXITED(status) && WEXITSTATUS(status) == 7 ? argv_exit : NULL;
}

static void *vfork_in_thread(void *arg)
{
	pid_t pid = vfork();
	int status;

	(void)arg;
	if (pid == 0) {
		execvp("show", argv_exit);
		_exit(100);
	}
	if (waitpid(pid, &status, 0) != pid)
		return NULL;
	return WIFEXITED(status) && WEXITSTATUS(status) == 7 ? argv_exit : NULL;
}

static void *system_in_thread(void *arg)
{
	(void)arg;
	return system("exit 7") == 7 << 8 ? argv_exit : NULL;
}

static void *popen_in_thread(void *arg)
{
	FILE *stream = popen("exit 7", "r");

	(void)arg;
	return stream && pclose(stream) == 7 << 8 ? argv_exit : NULL;
}

struct in_thread {
	void *(*function)(void *);
	void *arg;
	size_t stack;
};

static int run_in_thread(void *arg)
{
	const struct in_thread *t = arg;
	pthread_attr_t attr;
	pthread_t thread;
	void *result = NULL;

	pthread_attr_init(&attr);
	if (pthread_attr_setstacksize(&attr, t->stack))
		return 2;
	if (pthread_create(&thread, &attr, t->function, t->arg) || pthread_join(thread, &result))
		return 3;
	return result ? 0 : 1;
}

static void try_threads(void)
{
	static void *(*const functions[])(void *) = {spawn_in_thread, vfork_in_thread,
						     system_in_thread, popen_in_thread};
	static const char *const names[] = {"posix_spawnp", "vfork", "system", "popen"};
	static const size_t stacks[] = {16384, 24576, 32768, 65536};
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	for (int fd = 10; fd < 70; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDONLY, 0);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		for (size_t j = 0; j < sizeof stacks / sizeof *stacks; j++) {
			struct in_thread t = {functions[i], NULL, stacks[j]};

			fact("%s in a thread with %zu bytes: %s", names[i], stacks[j],
			     status_text(in_child(run_in_thread, &t)));
			if (functions[i] != spawn_in_thread)
				continue;
			t.arg = &actions;
			fact("with actions: %s", status_text(in_child(run_in_thread, &t)));
		}
	}
	posix_spawn_file_actions_destroy(&actions);
}

int main(void)
{
	show = helper("show");
	argv_exit = strings("show", "exit", "7", NULL);
	REQUIRE(asprintf(&cat, "%s:%s", getenv("ST_CASES_BIN"), getenv("PATH")) > 0);
	setenv("PATH", cat, 1);
	try_handlers();
	try_threads();
	return 0;
}
