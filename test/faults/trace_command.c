/*
 * trace_command DEPTH NUMBER ERROR COMMAND... - run COMMAND, whose system call number NUMBER, among
 * those of its processes down to DEPTH, fails with ERROR; "KILL": kills the process that makes it.
 *
 * On stdout: nothing of ours.  To descriptor 9, if it is open: how many calls there were, which one
 * failed, and how the command ended.  Ends as the command.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/cases/lib/case.h"
#include "trace.h"

enum { ERRORS_MAX = 200 };

static int error_of(const char *name)
{
	if (strcmp(name, "KILL") == 0)
		return TRACE_KILL;
	for (int error = 1; error < ERRORS_MAX; error++)
		if (strcmp(error_name(error), name) == 0)
			return error;
	fail("no such error: %s", name);
}

int main(int argc, char **argv)
{
	struct trace trace = {0};
	pid_t pid;

	REQUIRE(argc >= 5);
	trace.depth = atoi(argv[1]);
	trace.number = strtoul(argv[2], NULL, 10);
	trace.error = error_of(argv[3]);
	fcntl(9, F_SETFD, FD_CLOEXEC);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		trace_me();
		execvp(argv[4], argv + 4);
		_exit(127);
	}
	trace_run(&trace, pid);
	dprintf(9, "%lu %s %d %s\n", trace.counted,
		trace.hit.nr < 0 ? "none" : trace_name(trace.hit.nr), trace.hit.depth,
		status_text(trace.status));
	return WIFEXITED(trace.status) ? WEXITSTATUS(trace.status) : 128 + WTERMSIG(trace.status);
}
