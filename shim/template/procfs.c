#include "procfs.h"

#include <errno.h>
#include <stdatomic.h>

#include "../../elfcache/confinement.h"
#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"

enum { DECIMAL_MAX = 11 }; /* of an int that is not negative, with its NUL */

/* Append n in decimal at to[], with a NUL; returns where that is. */
static char *put_decimal(char *to, int n)
{
	char digits[DECIMAL_MAX];
	int count = 0;

	do {
		digits[count++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	while (count > 0)
		*to++ = digits[--count];
	*to = '\0';
	return to;
}

static char *put_string(char *to, const char *s)
{
	size_t n = mem_length(s);

	mem_copy(to, s, n + 1);
	return to + n;
}

static ssize_t read_link(const char *path, char *buf, size_t size)
{
	ssize_t n = sys_readlinkat(AT_FDCWD, path, buf, size);

	if (n < 0)
		return n;
	if ((size_t)n >= size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	return n;
}

bool procfs_is_ours(void)
{
	char link[DECIMAL_MAX + 1];
	char pid[DECIMAL_MAX];

	put_decimal(pid, sys_getpid());
	return read_link("/proc/self", link, sizeof link) > 0 && mem_same_string(link, pid);
}

enum { LOOKED = 4 };

static unsigned look_at_standing(void)
{
	uint64_t lines[STATUS_LINES];
	unsigned standing = 0;

	/* All are 0 if it cannot be read. */
	(void)status_read(lines);
	if (lines[STATUS_TRACER])
		standing |= PROCFS_TRACED;
	if (lines[STATUS_PERMITTED] && sys_geteuid() != 0)
		standing |= PROCFS_CAPABLE;
	return standing;
}

static _Atomic bool may_change;

void procfs_ask_anew(void)
{
	atomic_store_explicit(&may_change, true, memory_order_relaxed);
}

unsigned procfs_standing(void)
{
	static _Atomic unsigned known; /* 0: not asked yet; else the answer, and LOOKED */
	unsigned standing = atomic_load_explicit(&known, memory_order_relaxed);

	if (standing == 0 || atomic_load_explicit(&may_change, memory_order_relaxed)) {
		standing = look_at_standing() | LOOKED;
		atomic_store_explicit(&known, standing, memory_order_relaxed);
	}
	return standing & (PROCFS_TRACED | PROCFS_CAPABLE);
}

void procfs_fd_path(int fd, char path[PROCFS_FD_PATH_MAX])
{
	put_decimal(put_string(path, "/proc/self/fd/"), fd);
}

ssize_t procfs_fd_link(int fd, char *buf, size_t size)
{
	char path[PROCFS_FD_PATH_MAX];

	if (fd < 0)
		return -EBADF;
	procfs_fd_path(fd, path);
	return read_link(path, buf, size);
}

/* The text of /proc/PID/stat up to where field 9 is certain to have ended. */
static int read_stat(pid_t pid, char *buf, size_t size)
{
	char path[sizeof "/proc//stat" + DECIMAL_MAX];
	ssize_t n;
	int fd;

	put_string(put_decimal(put_string(path, "/proc/"), pid), "/stat");
	fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	n = sys_read(fd, buf, size - 1);
	sys_close(fd);
	if (n < 0)
		return (int)n;
	buf[n] = '\0';
	return 0;
}

/* The decimal number that begins field n (1 is the one at p); fields are apart by one space. */
static uint32_t field(const char *p, int n)
{
	uint32_t value = 0;

	while (--n > 0) {
		p = mem_find_or_end(p, ' ');
		if (*p)
			p++;
	}
	for (; *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (uint32_t)(*p - '0');
	return value;
}

int procfs_task(pid_t pid, struct procfs_task *task)
{
	char buf[256];
	const char *state = NULL;
	int err = read_stat(pid, buf, sizeof buf);

	if (err)
		return err;
	/* "1234 (name) S 1 ...": the name may hold spaces and parentheses, what follows does not.
	 */
	for (const char *p = buf; *p; p++)
		if (p[0] == ')' && p[1] == ' ')
			state = p + 2;
	if (!state)
		return -EINVAL;
	task->ppid = (pid_t)field(state, 2);
	task->flags = field(state, 7);
	return 0;
}
