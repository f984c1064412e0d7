/* The rest of what the kernel keeps for a process. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "reporter.h"

static void report_namespaces(void)
{
	static const char *const names[] = {"cgroup", "ipc",
					    "mnt",    "net",
					    "pid",    "pid_for_children",
					    "time",   "time_for_children",
					    "user",   "uts"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[64];
		char link[128];
		ssize_t n;

		snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
		n = readlink(path, link, sizeof link - 1);
		link[n > 0 ? n : 0] = '\0';
		report(path, "%s", link);
	}
}

static void report_timers(void)
{
	static const int which[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
	static char text[1 << 12];

	for (size_t i = 0; i < sizeof which / sizeof *which; i++) {
		struct itimerval timer;
		char key[32];

		getitimer((__itimer_which_t)which[i], &timer);
		snprintf(key, sizeof key, "interval timer %d", which[i]);
		/* The time left runs; whether it runs and its period do not. */
		report(key, "%s, period %ld.%06ld",
		       timer.it_value.tv_sec || timer.it_value.tv_usec ? "armed" : "off",
		       (long)timer.it_interval.tv_sec, (long)timer.it_interval.tv_usec);
	}
	report("/proc/self/timers", "%zu bytes", read_file("/proc/self/timers", text, sizeof text));
}

/* Files of /proc whose content is the state itself. */
static void report_proc_files(void)
{
	static const char *const names[] = {
		"/proc/self/cgroup",          "/proc/self/oom_score_adj",
		"/proc/self/coredump_filter", "/proc/self/timerslack_ns",
		"/proc/self/uid_map",         "/proc/self/setgroups",
		"/proc/self/personality"};
	static char text[1 << 14];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		read_file(names[i], text, sizeof text);
		report(names[i], "%s", text);
	}
}

void report_kernel_state(void)
{
	char path[4096];
	ssize_t n;
	mode_t mask = umask(0);
	int tsc = 0;

	umask(mask);
	report("umask", "%03o", (unsigned)mask);
	report("cwd", "%s", getcwd(path, sizeof path) ? path : "none");
	n = readlink("/proc/self/root", path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	report("root", "%s", path);
	report("personality", "%#x", (unsigned)personality(0xffffffff));
	report("transparent huge pages disabled", "%d", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	report("machine check kill", "%d", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	prctl(PR_GET_TSC, &tsc);
	report("time stamp counter", "%d", tsc);
	report("speculation", "%d %d", prctl(PR_GET_SPECULATION_CTRL, 0, 0, 0, 0),
	       prctl(PR_GET_SPECULATION_CTRL, 1, 0, 0, 0));
	report_proc_files();
	report_namespaces();
	report_timers();
}
