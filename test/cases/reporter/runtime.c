/* Randomness, atexit, locale, time zone, environment functions. */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "reporter.h"

/* The stack protector's canary and the pointer guard come from the kernel, new for each start. */
static void report_secrets(void)
{
	uint64_t canary;
	uint64_t guard;
	uint64_t random[2] = {0, 0};
	const void *at = (const void *)getauxval(AT_RANDOM);

	__asm__("mov %%fs:0x28, %0" : "=r"(canary));
	__asm__("mov %%fs:0x30, %0" : "=r"(guard));
	if (at)
		memcpy(random, at, sizeof random);
	report("stack canary", "%s, low byte %#x, from the kernel %d", canary ? "set" : "0",
	       (unsigned)(canary & 0xff), canary == (random[0] & ~(uint64_t)0xff));
	report("pointer guard", "%s, from the kernel %d", guard ? "set" : "0", guard == random[1]);
}

static void report_random(void)
{
	uint64_t a = 0;
	uint64_t b = 0;
	ssize_t n = getrandom(&a, sizeof a, 0);
	ssize_t m = getrandom(&b, sizeof b, 0);

	report("getrandom", "%zd %zd, differ %d", n, m, a != b);
}

static void report_environment(void)
{
	const char *path = getenv("PATH");

	report("getenv", "%s", path ? path : "unset");
	setenv("REPORTER", "1", 1);
	report("setenv", "%s", getenv("REPORTER"));
	unsetenv("REPORTER");
	report("unsetenv", "%s", getenv("REPORTER") ? "still set" : "done");
	report("secure_getenv", "%d", secure_getenv("PATH") == getenv("PATH"));
}

void report_runtime(void)
{
	const char *locale;
	const struct passwd *user;

	report_secrets();
	report_random();
	report_environment();
	locale = setlocale(LC_ALL, "");
	report("setlocale", "%s", locale ? locale : "failed");
	report("codeset", "%s, at most %zu bytes a character", nl_langinfo(CODESET), MB_CUR_MAX);
	setlocale(LC_ALL, "C");
	tzset();
	report("time zone", "%s %s %ld %d", tzname[0], tzname[1], timezone, daylight);
	errno = 0;
	user = getpwuid(getuid());
	report("user", "%s", user ? user->pw_name : "none");
	report("page size", "%ld", sysconf(_SC_PAGESIZE));
	report("argument space", "%ld", sysconf(_SC_ARG_MAX));
	report("open files", "%ld", sysconf(_SC_OPEN_MAX));
	report("processors", "%ld", sysconf(_SC_NPROCESSORS_ONLN));
}
