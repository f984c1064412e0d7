#include "target_name.h"

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"

/* A longer name would be cut in the index anyway. */
enum { NAME_MAX_SEEN = 2 * INDEX_PATH_MAX };

/* "/proc/self/fd/N" */
static void descriptor_link(int fd, char out[32])
{
	static const char prefix[] = "/proc/self/fd/";
	char digits[12];
	char *p = &digits[sizeof digits - 1];

	*p = '\0';
	do {
		*--p = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd);
	mem_copy(out, prefix, sizeof prefix - 1);
	mem_copy(out + sizeof prefix - 1, p, mem_length(p) + 1);
}

/* The directory that relative paths start from; its length, or a negative error number. */
static ssize_t directory(int dirfd, char *buf, size_t size)
{
	char link[32];
	ssize_t n;

	if (dirfd == AT_FDCWD) {
		n = sys_call3(SYS_getcwd, (long)buf, (long)size, 0);
		return n > 0 ? n - 1 : n;
	}
	descriptor_link(dirfd, link);
	return sys_readlinkat(AT_FDCWD, link, buf, size);
}

void target_name(struct target *target, int dirfd, const char *path)
{
	char name[NAME_MAX_SEEN];
	size_t len = mem_length(path);
	ssize_t n = 0;

	name[0] = '\0';
	if (path[0] != '/')
		n = directory(dirfd, name, sizeof name);
	/* In a directory that was removed, say. */
	if (path[0] == '/' || n <= 0 || name[0] != '/' || (size_t)n + 1 + len >= sizeof name) {
		target_set_path(target, path);
		return;
	}
	if (len)
		name[n++] = '/';
	mem_copy(name + n, path, len + 1);
	target_set_path(target, name);
}
