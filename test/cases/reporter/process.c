/* Where the process stands among the others, relative to the one that started it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reporter.h"

/* What the program that started us wrote down of itself; the file may be missing. */
struct starter {
	int pid;
	int pgid;
	int sid;
};

static struct starter read_starter(void)
{
	struct starter starter = {-1, -1, -1};
	const char *path = getenv("STARTER");
	char text[128];
	char *at = text;

	if (!path || !read_file(path, text, sizeof text))
		return starter;
	starter.pid = (int)strtol(at, &at, 10);
	starter.pgid = (int)strtol(at, &at, 10);
	starter.sid = (int)strtol(at, &at, 10);
	return starter;
}

static const char *relation(int id, int starters, const char *starters_name)
{
	if (id == getpid())
		return "self";
	if (id == starters)
		return starters_name;
	if (id == getppid())
		return "parent";
	return id == 0 ? "0" : "other";
}

void report_process(void)
{
	struct starter starter = read_starter();
	static char status[1 << 14];
	char value[128];
	siginfo_t child;
	int death_signal = 0;
	int reaper = 0;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	read_file("/proc/self/status", status, sizeof status);
	report("pid is tid", "%d", getpid() == (pid_t)syscall(SYS_gettid));
	report("parent", "%s", relation(getppid(), starter.pid, "starter"));
	report("process group", "%s", relation(getpgrp(), starter.pgid, "starter's"));
	report("session", "%s", relation(getsid(0), starter.sid, "starter's"));
	report("controlling terminal", "%s", tty != -1 ? "yes" : "no");
	if (tty != -1) {
		report("foreground group", "%s",
		       relation(tcgetpgrp(tty), starter.pgid, "starter's"));
		close(tty);
	}
	report("threads", "%s", status_field(status, "Threads", value, sizeof value));
	report("tracer", "%s", status_field(status, "TracerPid", value, sizeof value));
	report("children", "%s",
	       waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == -1 ? "none" : "some");
	prctl(PR_GET_PDEATHSIG, &death_signal);
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	report("parent death signal", "%d", death_signal);
	report("subreaper", "%d", reaper);
}
