/*
 * e2big PROGRAM - how many bytes of arguments PROGRAM can be started with, by the kernel itself and
 * by libc's functions: the same number, whatever path it is really started by.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

enum { STRING_SIZE = 100000 };

static char *program;

/* As many strings as make up `size` bytes, their terminators included. */
static char **list_of(size_t size)
{
	static char string[STRING_SIZE];
	static char last[STRING_SIZE];
	size_t n = size / STRING_SIZE;
	/* The same number of pointers for every size. */
	static char *list[100];

	memset(list, 0, sizeof list);
	memset(string, 'x', STRING_SIZE - 1);
	memset(last, 'y', sizeof last);
	last[size % STRING_SIZE] = '\0';
	list[0] = program;
	for (size_t i = 0; i < 80; i++)
		list[i + 1] = i < n ? string : string + STRING_SIZE - 1;
	list[81] = last;
	return list;
}

static int by_kernel(char **argv)
{
	volatile int error = 0;
	pid_t pid = vfork();

	if (pid == 0) {
		syscall(SYS_execve, program, argv, environ);
		error = errno;
		_exit(1);
	}
	REQUIRE(pid > 0);
	wait_for(pid);
	return error;
}

static int by_execve(char **argv)
{
	volatile int error = 0;
	pid_t pid = vfork();

	if (pid == 0) {
		execve(program, argv, environ);
		error = errno;
		_exit(1);
	}
	REQUIRE(pid > 0);
	wait_for(pid);
	return error;
}

static int by_spawn(char **argv)
{
	pid_t pid;
	int error = posix_spawn(&pid, program, NULL, NULL, argv, environ);

	if (!error)
		wait_for(pid);
	return error;
}

/* With what libc carries out in any case, and what must be carried out once only. */
static int by_libc(char **argv)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 5, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	leave_to_libc(&actions);
	error = posix_spawn(&pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (!error)
		wait_for(pid);
	REQUIRE(unlink("new") == 0);
	return error;
}

static size_t largest(int (*start)(char **))
{
	size_t low = 0;
	size_t high = 7800000;

	REQUIRE(start(list_of(low)) == 0 && start(list_of(high)) == E2BIG);
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		int error = start(list_of(middle));

		REQUIRE(error == 0 || error == E2BIG);
		if (error)
			high = middle;
		else
			low = middle;
	}
	return low;
}

int main(int argc, char **argv)
{
	size_t limit;

	REQUIRE(argc == 2);
	program = argv[1];
	limit = largest(by_kernel);
	fact("by posix_spawn: %ld more", (long)(largest(by_spawn) - limit));
	fact("by libc's posix_spawn: %ld more", (long)(largest(by_libc) - limit));
	fact("by execve: %ld more", (long)(largest(by_execve) - limit));
	return 0;
}
