#include "case.h"
#include "../../old_libc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void fact(const char *format, ...)
{
	va_list args;
	int saved = errno;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	errno = saved;
}

void fail(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

const char *error_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "0";

	return name ? name : "unknown";
}

const char *status_text(int status)
{
	static char buf[4][32];
	static unsigned next;
	char *text = buf[next++ % 4];

	if (WIFEXITED(status))
		snprintf(text, sizeof buf[0], "exit %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof buf[0], "signal %d", WTERMSIG(status));
	else if (WIFSTOPPED(status))
		snprintf(text, sizeof buf[0], "stopped %d", WSTOPSIG(status));
	else
		snprintf(text, sizeof buf[0], "status %#x", (unsigned)status);
	return text;
}

int wait_for(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got == -1 && errno == EINTR);
	if (got != pid)
		fail("waitpid(%d) gave %d, %s", (int)pid, (int)got, error_name(errno));
	return status;
}

int in_child(int (*function)(void *), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	REQUIRE(pid != -1);
	if (pid == 0) {
		const struct rlimit none = {0, 0};

		setrlimit(RLIMIT_CORE, &none);
		_exit(function(arg));
	}
	return wait_for(pid);
}

bool no_children(void)
{
	siginfo_t info;
	int saved = errno;
	bool none = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD;

	errno = saved;
	return none;
}

/*
 * A descriptor that the kernel engine holds in the caller: it is the only one of ours, and has to
 * be far from those that a program is given next, and closed by exec.
 */
static bool is_template(int fd, int flags)
{
	char path[64];
	char link[64];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof link - 1);
	link[n > 0 ? n : 0] = '\0';
	if (!strstr(link, "spawn_template"))
		return false;
	REQUIRE(fd >= 64 && flags == FD_CLOEXEC);
	return true;
}

const char *open_descriptors(char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (int fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFD);
		int n;

		if (flags == -1 || is_template(fd, flags))
			continue;
		n = snprintf(buf + used, size - used, "%s%d", used ? " " : "", fd);
		if (n < 0 || (size_t)n >= size - used)
			break;
		used += (size_t)n;
	}
	return buf;
}

int thread_count(void)
{
	DIR *dir = opendir("/proc/self/task");
	const struct dirent *entry;
	int count = 0;

	REQUIRE(dir != NULL);
	while ((entry = readdir(dir)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

void make_file(const char *name, const char *content, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t length = (ssize_t)strlen(content);

	if (fd == -1)
		fail("cannot make %s: %s", name, error_name(errno));
	REQUIRE(write(fd, content, (size_t)length) == length);
	REQUIRE(fchmod(fd, mode) == 0);
	REQUIRE(close(fd) == 0);
}

char *helper(const char *name)
{
	const char *dir = getenv("ST_CASES_BIN");
	char *path;

	REQUIRE(dir != NULL);
	REQUIRE(asprintf(&path, "%s/%s", dir, name) > 0);
	return path;
}

char *repeated(char c, size_t n)
{
	char *s = malloc(n + 1);

	REQUIRE(s != NULL);
	memset(s, c, n);
	s[n] = '\0';
	return s;
}

char **strings(const char *first, ...)
{
	const char *next = first;
	size_t count = 0;
	char **list;
	va_list args;

	va_start(args, first);
	for (; next; next = va_arg(args, const char *))
		count++;
	va_end(args);
	list = calloc(count + 1, sizeof *list);
	REQUIRE(list != NULL);
	va_start(args, first);
	next = first;
	for (size_t i = 0; i < count; i++, next = va_arg(args, const char *)) {
		list[i] = strdup(next);
		REQUIRE(list[i] != NULL);
	}
	va_end(args);
	return list;
}

void leave_to_libc(posix_spawn_file_actions_t *actions)
{
#if __GLIBC_PREREQ(2, 34)
	posix_spawn_file_actions_addclosefrom_np(actions, 20);
#else
	(void)actions;
#endif
}
