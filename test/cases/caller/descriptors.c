/*
 * The caller's descriptors: none of ours ever appears among them, and a caller that closes all, or
 * uses every number there is, starts programs as before.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../old_libc.h"
#include "../lib/case.h"

static char *show;
static char **exit_zero;

/* A start, and what became of it; errno is checked to stay. */
static const char *start(char *const argv[])
{
	pid_t pid;
	int ret;

	errno = EXDEV;
	ret = posix_spawn(&pid, show, NULL, NULL, argv, environ);
	if (ret)
		return error_name(ret);
	REQUIRE(errno == EXDEV);
	return status_text(wait_for(pid));
}

static void report(const char *label)
{
	char buf[4096];

	fact("%s: %s", label, open_descriptors(buf, sizeof buf));
}

static void expect_next(const char *label)
{
	int fds[3];

	for (int i = 0; i < 3; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fact("%s: next are %d %d %d", label, fds[0], fds[1], fds[2]);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* All closed but stdout and stderr, again and again. */
static void try_close_all(void)
{
	for (int round = 0; round < 3; round++) {
		fact("start: %s", start(exit_zero));
		report("after a start");
		expect_next("after a start");
		close_range(3, ~0U, 0);
		fact("start: %s", start(exit_zero));
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
		fact("start: %s", start(exit_zero));
		closefrom(3);
	}
}

/* Numbers that something else may have believed to be free are taken, and stay what they are. */
static void try_take_all(void)
{
	struct rlimit limit;
	struct stat null;
	int others = 0;

	REQUIRE(stat("/dev/null", &null) == 0);
	REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 256;
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	fact("start: %s", start(exit_zero));
	for (int fd = 3; fd < 256; fd++) {
		int new = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (new != fd)
			REQUIRE(dup3(new, fd, O_CLOEXEC) == fd);
	}
	for (int round = 0; round < 3; round++)
		fact("start with all taken: %s", start(exit_zero));
	for (int fd = 3; fd < 256; fd++) {
		struct stat st;

		if (fstat(fd, &st) == -1 || st.st_rdev != null.st_rdev)
			others++;
	}
	fact("changed descriptors: %d", others);
	fact("start in a child with all taken: %s", status_text(system(":")));
	close_range(3, ~0U, 0);
}

/* A child inherits what is open and not FD_CLOEXEC, whatever was done to the flags before. */
static void try_flags(void)
{
	char **fds = strings("show", "fds", NULL);
	int fd = open("/dev/null", O_RDONLY);

	for (int i = 3; i < 64; i++)
		ioctl(i, FIONCLEX);
	fact("inherited: %s", start(fds));
	for (int i = 3; i < 64; i++)
		ioctl(i, FIOCLEX);
	fact("not inherited: %s", start(fds));
	close(fd);
}

static int without_any(void *arg)
{
	char *const *argv = arg;
	struct rlimit none = {0, 0};
	pid_t pid;
	int status = -1;
	int ret;

	close_range(0, ~0U, 0);
	ret = posix_spawn(&pid, show, NULL, NULL, argv, environ);
	if (ret || waitpid(pid, &status, 0) != pid || status)
		return 1;
	/* The next one is 0, so that nothing of ours was left. */
	if (open("/dev/null", O_RDWR) != 0)
		return 2;
	setrlimit(RLIMIT_NOFILE, &none);
	if (posix_spawn(&pid, show, NULL, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	/* Without descriptors the dynamic linker cannot open libc: 127. */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int exec_without_any(void *arg)
{
	close_range(0, ~0U, 0);
	execv(show, arg);
	return 255;
}

/* No memory left to map: nothing of ours is needed to start a program. */
static int without_memory(void *arg)
{
	const struct rlimit none = {1, 1};
	char *const *argv = arg;

	setrlimit(RLIMIT_AS, &none);
	execve(show, argv, environ);
	return errno == ENOMEM ? 3 : 4;
}

int main(void)
{
	show = helper("show");
	exit_zero = strings("show", "exit", "0", NULL);
	report("at first");
	expect_next("at first");
	try_close_all();
	report("then");
	try_take_all();
	try_flags();
	fact("without descriptors: %s", status_text(in_child(without_any, exit_zero)));
	fact("exec without descriptors: %s", status_text(in_child(exec_without_any, exit_zero)));
	fact("without memory: %s", status_text(in_child(without_memory, exit_zero)));
	report("at last");
	expect_next("at last");
	fact("threads: %d", thread_count());
	return 0;
}
