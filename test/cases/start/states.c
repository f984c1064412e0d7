/*
 * States of the caller, one thing at a time.  Where the machine does not allow one, the test is
 * skipped (77): what can be had without root is tried without.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../lib/case.h"
#include "start.h"

enum { NOBODY = 65534, MANY = 10000, UNAVAILABLE = 77 };

static void want(bool can)
{
	if (!can)
		exit(UNAVAILABLE);
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void *work_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		free(malloc(100));
	return NULL;
}

static void be_threaded(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	REQUIRE(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	REQUIRE(pthread_create(&thread, NULL, work_for_ever, NULL) == 0);
}

/* The report goes to a file; there is no standard stream at all. */
static void close_streams(void)
{
	int copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 500);

	REQUIRE(copy >= 500);
	setenv("REPORT", "report", 1);
	make_file("report", "", 0600);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		REQUIRE(close(fd) == 0);
}

static void open_many(void)
{
	struct rlimit limit;

	REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	if (limit.rlim_max < MANY + 100) {
		limit.rlim_max = MANY + 100;
		limit.rlim_cur = MANY + 100;
		want(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	}
	limit.rlim_cur = MANY + 100;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	make_file("read", "0123456789", 0600);
	for (int fd = 3; fd < MANY; fd++) {
		int got = open("read", O_RDONLY | (fd % 3 ? O_CLOEXEC : 0));

		REQUIRE(got != -1);
	}
}

/* Up to what a path may have, of directories that are not there. */
static void lengthen_path(void)
{
	const char *path = getenv("PATH");
	char *directory = repeated('d', 200);
	char *longer = malloc(100 * 202 + strlen(path) + 2);

	REQUIRE(longer != NULL);
	longer[0] = '\0';
	for (int i = 0; i < 100; i++) {
		strcat(longer, "/");
		strcat(longer, directory);
		strcat(longer, ":");
	}
	strcat(longer, path);
	setenv("PATH", longer, 1);
}

static void lead_group(void)
{
	/* A session leader is one already. */
	REQUIRE(setpgid(0, 0) == 0 || errno == EPERM);
}

static void lead_session(void)
{
	want(setsid() != -1);
}

static void have_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave;

	want(master != -1 && grantpt(master) == 0 && unlockpt(master) == 0);
	want(setsid() != -1);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	REQUIRE(slave != -1);
	REQUIRE(ioctl(slave, TIOCSCTTY, 0) == 0);
}

static void become_nobody(void)
{
	want(geteuid() == 0);
	/* What it is about to write. */
	REQUIRE(chmod(".", 0777) == 0);
	REQUIRE(chown("starter", NOBODY, NOBODY) == 0);
	REQUIRE(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	REQUIRE(setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

/* No longer itself to the kernel, but still for access(2). */
static void be_effectively_nobody(void)
{
	want(geteuid() == 0);
	REQUIRE(chmod(".", 0777) == 0);
	REQUIRE(chown("starter", NOBODY, NOBODY) == 0);
	REQUIRE(setegid(NOBODY) == 0);
	REQUIRE(seteuid(NOBODY) == 0);
}

static void change_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	const uint32_t inherited = 1U << CAP_CHOWN | 1U << CAP_NET_BIND_SERVICE;

	want(geteuid() == 0);
	want(prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT, 0, 0, 0) == 0);
	REQUIRE(syscall(SYS_capget, &header, data) == 0);
	want((data[0].permitted & inherited) == inherited);
	data[0].inheritable |= inherited;
	data[0].effective &= ~(1U << CAP_KILL);
	REQUIRE(syscall(SYS_capset, &header, data) == 0);
	REQUIRE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) == 0);
}

static void enter_namespaces(void)
{
	want(unshare(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET) == 0);
	REQUIRE(sethostname("another", 7) == 0);
}

/* Of cgroup v2, where there is one to write to; the test removes it. */
static void enter_cgroup(void)
{
	const char *directory = getenv("ST_CGROUP");
	char path[256];
	int fd;

	want(directory && *directory);
	want(mkdir(directory, 0755) == 0 || errno == EEXIST);
	snprintf(path, sizeof path, "%s/cgroup.procs", directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	want(fd != -1 && write(fd, "0", 1) == 1);
	close(fd);
}

static const struct {
	const char *name;
	void (*enter)(void);
} states[] = {
	{"threads", be_threaded},
	{"streams", close_streams},
	{"descriptors", open_many},
	{"path", lengthen_path},
	{"group", lead_group},
	{"session", lead_session},
	{"terminal", have_terminal},
	{"nobody", become_nobody},
	{"effective", be_effectively_nobody},
	{"capabilities", change_capabilities},
	{"namespaces", enter_namespaces},
	{"cgroup", enter_cgroup},
};

bool setup_state(const char *name)
{
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (strcmp(states[i].name, name) == 0) {
			states[i].enter();
			return true;
		}
	return false;
}
