/* Who the process is, and what it may do. */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "reporter.h"

static void report_field(const char *status, const char *name)
{
	char value[1024];

	report(name, "%s", status_field(status, name, value, sizeof value));
}

void report_credentials(void)
{
	static const char *const fields[] = {"Uid",        "Gid",     "Groups",          "CapInh",
					     "CapPrm",     "CapEff",  "CapBnd",          "CapAmb",
					     "NoNewPrivs", "Seccomp", "Seccomp_filters", "Umask"};
	static const char *const attributes[] = {"/proc/self/loginuid", "/proc/self/sessionid",
						 "/proc/self/attr/current", "/proc/self/attr/exec"};
	static char text[1 << 14];
	gid_t groups[256];
	int count = getgroups(256, groups);

	read_file("/proc/self/status", text, sizeof text);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		report_field(text, fields[i]);
	report("uid euid gid egid", "%d %d %d %d", (int)getuid(), (int)geteuid(), (int)getgid(),
	       (int)getegid());
	for (int i = 0; i < count; i++)
		report("group", "%d", (int)groups[i]);
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
		read_file(attributes[i], text, sizeof text);
		report(attributes[i], "%s", text);
	}
	report("securebits", "%d", prctl(PR_GET_SECUREBITS));
	report("keepcaps", "%d", prctl(PR_GET_KEEPCAPS));
	report("no_new_privs", "%d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	report("dumpable", "%d", prctl(PR_GET_DUMPABLE));
}
