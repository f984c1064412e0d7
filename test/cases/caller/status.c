/* How programs end: every exit status, every deadly signal, core dumps. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

static int run(const char *show, const char *what, int number)
{
	char text[16];
	char **argv;
	pid_t pid;

	snprintf(text, sizeof text, "%d", number);
	argv = strings("show", what, text, NULL);
	REQUIRE(posix_spawn(&pid, show, NULL, NULL, argv, environ) == 0);
	return wait_for(pid);
}

int main(void)
{
	char *show = helper("show");
	struct rlimit limit;

	REQUIRE(getrlimit(RLIMIT_CORE, &limit) == 0);
	for (int status = 0; status < 256; status += 15)
		fact("exit %d: %s", status, status_text(run(show, "exit", status)));
	limit.rlim_cur = 0;
	REQUIRE(setrlimit(RLIMIT_CORE, &limit) == 0);
	for (int sig = 1; sig <= 31; sig++) {
		int status;

		/* They stop the child, or do nothing. */
		if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU)
			continue;
		status = run(show, "kill", sig);
		fact("signal %d: %s, core %d", sig, status_text(status),
		     WIFSIGNALED(status) && WCOREDUMP(status));
	}
	limit.rlim_cur = limit.rlim_max;
	REQUIRE(setrlimit(RLIMIT_CORE, &limit) == 0);
	{
		int status = run(show, "kill", SIGABRT);

		fact("abort: %s, core %d", status_text(status),
		     WIFSIGNALED(status) && WCOREDUMP(status));
	}
	return 0;
}
