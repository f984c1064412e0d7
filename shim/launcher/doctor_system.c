#include <gnu/libc-version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "doctor.h"
#include "preload.h"

/* True if the release begins with a version below 5.9. */
static bool is_old(const char *release)
{
	char *rest;
	unsigned long major = strtoul(release, &rest, 10);

	return major < 5 || (major == 5 && *rest == '.' && strtoul(rest + 1, NULL, 10) < 9);
}

void doctor_check_system(struct doctor *d)
{
	struct utsname name;

	if (uname(&name))
		return;
	if (strcmp(name.machine, "x86_64") == 0)
		doctor_add(d, CHECK_OK, "architecture", "supported", "%s", name.machine);
	else
		doctor_add(d, CHECK_NOTE, "architecture",
			   "x86-64 programs run, and only they are accelerated", "%s",
			   name.machine);
	if (is_old(name.release))
		doctor_add(d, CHECK_NOTE, "kernel",
			   "before 5.9 some checks are left out: faccessat2 and close_range are "
			   "missing",
			   "%s", name.release);
	else
		doctor_add(d, CHECK_OK, "kernel", "supported", "%s", name.release);
	doctor_add(d, CHECK_OK, "libc", "supported", "glibc %s", gnu_get_libc_version());
}

void doctor_check_preload(struct doctor *d)
{
	const char *problem = preload_find(d->preload);
	const char *missing;

	if (problem) {
		doctor_add(d, CHECK_BAD, "preload library",
			   "nothing is accelerated: COMMAND runs as if started directly", "%s%s%s",
			   d->preload, *d->preload ? ": " : "", problem);
		d->preload[0] = '\0';
		return;
	}
	doctor_add(d, CHECK_OK, "preload library", "put at the end of LD_PRELOAD", "%s",
		   d->preload);
	missing = preload_missing_name();
	if (missing) {
		doctor_add(d, CHECK_BAD, "exported names",
			   "nothing is accelerated: built for another libc than this one",
			   "libc does not have %s", missing);
		d->preload[0] = '\0';
		return;
	}
	doctor_add(d, CHECK_OK, "exported names", "programs find no function that is not there",
		   "libc has every function that the preload replaces");
}
