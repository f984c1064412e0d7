/*
 * Debuggers: what they trace is the program, at its own path, also if they have started others
 * before.
 */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

static char *show;
static char **argv_exit;

/* As a debugger starts its helpers. */
static void start_another(void)
{
	pid_t pid;

	REQUIRE(posix_spawn(&pid, show, NULL, NULL, argv_exit, environ) == 0);
	REQUIRE(wait_for(pid) == 7 << 8);
}

/* Where a stopped tracee is. */
static void show_place(const char *label, pid_t pid, int status)
{
	char link[64];
	char path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
	n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	fact("%s: %s %d in %s", label, status_text(status & 0xffff), status >> 16, path);
}

/* The tracee is stopped behind its execve(). */
static void show_stopped(const char *label, pid_t pid)
{
	int status;

	REQUIRE(waitpid(pid, &status, 0) == pid);
	show_place(label, pid, status);
	ptrace(PTRACE_KILL, pid, NULL, NULL);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == pid && !WIFSIGNALED(status) && !WIFEXITED(status))
		;
}

static int by_itself(void *arg)
{
	pid_t pid;

	(void)arg;
	start_another();
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execve(show, argv_exit, environ);
		_exit(100);
	}
	show_stopped("PTRACE_TRACEME", pid);
	return 0;
}

/* The child is there before anybody in this process has called ptrace(). */
static int attached(void *arg)
{
	int ends[2];
	char byte;
	pid_t pid;

	(void)arg;
	REQUIRE(pipe(ends) == 0);
	start_another();
	pid = fork();
	if (pid == 0) {
		if (read(ends[0], &byte, 1) == 1)
			execve(show, argv_exit, environ);
		_exit(100);
	}
	fact("PTRACE_SEIZE gives %ld", ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXEC));
	REQUIRE(write(ends[1], "x", 1) == 1);
	show_stopped("PTRACE_SEIZE", pid);
	return 0;
}

/* Let all tracees go on until one has executed something. */
static void show_executed(const char *label)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		REQUIRE(pid > 0 && WIFSTOPPED(status));
		if (status >> 16 == PTRACE_EVENT_EXEC)
			break;
		ptrace(PTRACE_CONT, pid, NULL, NULL);
	}
	show_place(label, pid, status);
}

/* As by `strace -f -p`: who attaches has started nothing itself. */
static int followed(void *arg)
{
	const long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	int there[2];
	int ends[2];
	char byte;
	pid_t pid;

	(void)arg;
	REQUIRE(pipe(ends) == 0 && pipe(there) == 0);
	pid = fork();
	if (pid == 0) {
		start_another();
		REQUIRE(write(there[1], "x", 1) == 1);
		REQUIRE(read(ends[0], &byte, 1) == 1);
		start_another();
		_exit(0);
	}
	REQUIRE(read(there[0], &byte, 1) == 1);
	fact("PTRACE_SEIZE gives %ld", ptrace(PTRACE_SEIZE, pid, NULL, options));
	REQUIRE(write(ends[1], "x", 1) == 1);
	show_executed("PTRACE_O_TRACEVFORK");
	return 0;
}

/* Results and errno are those of libc's function. */
static int called(void *arg)
{
	static volatile long word = -1;
	pid_t pid;
	int status;
	long ret;

	(void)arg;
	errno = EILSEQ;
	ret = ptrace(PTRACE_CONT, 1 << 30, NULL, NULL);
	fact("no such process: %ld, %s", ret, error_name(errno));
	errno = EILSEQ;
	ret = ptrace((enum __ptrace_request)12345, getpid(), NULL, NULL);
	fact("nonsense: %ld, %s", ret, error_name(errno));
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		_exit((int)word);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	errno = EILSEQ;
	ret = ptrace(PTRACE_PEEKDATA, pid, &word, NULL);
	fact("peek: %ld, %s", ret, error_name(errno));
	errno = EILSEQ;
	ret = ptrace(PTRACE_POKEDATA, pid, &word, 9L);
	fact("poke: %ld, %s", ret, error_name(errno));
	errno = EILSEQ;
	ret = ptrace(PTRACE_PEEKDATA, pid, &word, NULL);
	fact("peek: %ld, %s", ret, error_name(errno));
	ret = ptrace(PTRACE_PEEKDATA, pid, NULL, NULL);
	fact("peek at nothing: %ld, %s", ret, error_name(errno));
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	return wait_for(pid) == 9 << 8 ? 0 : 1;
}

int main(void)
{
	show = helper("show");
	argv_exit = strings("show", "exit", "7", NULL);
	fact("called: %s", status_text(in_child(called, NULL)));
	fact("followed: %s", status_text(in_child(followed, NULL)));
	start_another();
	fact("by itself: %s", status_text(in_child(by_itself, NULL)));
	fact("attached: %s", status_text(in_child(attached, NULL)));
	return 0;
}
