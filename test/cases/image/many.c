/*
 * many STARTS LARGE PROGRAM - start PROGRAM so often, by posix_spawn() and vfork() in turn, two at
 * a time, with about LARGE bytes of arguments and environment, and see that each does what it is to
 * do: PROGRAM NUMBER writes NUMBER and its number of arguments, and ends with its last digit.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

enum { STRING_SIZE = 100000, AT_ONCE = 2 };

struct child {
	pid_t pid;
	int out;
	unsigned number;
};

/* Of the strings half are arguments and half is environment. */
static char **argv;
static char **envp;
static size_t filling;

static void prepare(const char *program, size_t large)
{
	char *string = repeated('x', STRING_SIZE - 1);
	size_t variables = 0;

	filling = large / 2 / STRING_SIZE;
	while (environ[variables])
		variables++;
	argv = calloc(filling + 3, sizeof *argv);
	envp = calloc(filling + variables + 1, sizeof *envp);
	REQUIRE(argv && envp);
	argv[0] = strdup(program);
	for (size_t i = 0; i < filling; i++)
		argv[i + 2] = string;
	memcpy(envp, environ, variables * sizeof *envp);
	for (size_t i = 0; i < filling; i++) {
		envp[variables + i] = strdup(string);
		REQUIRE(envp[variables + i] != NULL);
		snprintf(envp[variables + i], STRING_SIZE, "FILLING_%zu=%s", i, string + 30);
	}
}

static void begin(struct child *child, unsigned number)
{
	posix_spawn_file_actions_t actions;
	char text[16];
	int fds[2];

	snprintf(text, sizeof text, "%u", number);
	argv[1] = text;
	REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
	if (number % 2) {
		REQUIRE(posix_spawn_file_actions_init(&actions) == 0);
		REQUIRE(posix_spawn_file_actions_adddup2(&actions, fds[1], 1) == 0);
		REQUIRE(posix_spawn(&child->pid, argv[0], &actions, NULL, argv, envp) == 0);
		posix_spawn_file_actions_destroy(&actions);
	} else {
		child->pid = vfork();
		if (child->pid == 0) {
			dup2(fds[1], 1);
			execve(argv[0], argv, envp);
			_exit(126);
		}
		REQUIRE(child->pid > 0);
	}
	close(fds[1]);
	child->out = fds[0];
	child->number = number;
}

static void end(struct child *child)
{
	char expected[64];
	char text[64];
	size_t size = 0;
	ssize_t n;
	int status;

	while ((n = read(child->out, text + size, sizeof text - 1 - size)) > 0)
		size += (size_t)n;
	text[size] = '\0';
	close(child->out);
	status = wait_for(child->pid);
	snprintf(expected, sizeof expected, "%u %zu", child->number, filling + 2);
	if (strcmp(text, expected) != 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != (int)(child->number % 10))
		fail("start %u: '%s', %s", child->number, text, status_text(status));
}

int main(int argc, char **arguments)
{
	struct child children[AT_ONCE] = {{0}};
	unsigned starts;

	REQUIRE(argc == 4);
	starts = (unsigned)atoi(arguments[1]);
	prepare(arguments[3], strtoul(arguments[2], NULL, 10));
	for (unsigned i = 0; i < starts; i++) {
		struct child *child = &children[i % AT_ONCE];

		if (child->pid)
			end(child);
		begin(child, i);
	}
	for (unsigned i = 0; i < AT_ONCE; i++)
		if (children[i].pid)
			end(&children[i]);
	fact("%u starts", starts);
	return 0;
}
