/*
 * A library to preload into the command: in the process that FAILS_IN names, as the last component
 * of its path, the first waitpid(2) for any child that would have found one fails with EINTR.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static bool has_one(void)
{
	siginfo_t info = {0};

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

/* By a name of its own in C, since waitpid()'s parameters have others in libc's header. */
__attribute__((visibility("default"))) pid_t interrupted(pid_t pid, int *status,
							 int options) __asm__("waitpid");

pid_t interrupted(pid_t pid, int *status, int options)
{
	/* Of this process: whether that was. */
	static bool is_over;
	const char *name = getenv("FAILS_IN");

	if (pid == -1 && !is_over && name && strcmp(name, program_invocation_short_name) == 0 &&
	    has_one()) {
		is_over = true;
		errno = EINTR;
		return -1;
	}
	return (pid_t)syscall(SYS_wait4, pid, status, options, NULL);
}
