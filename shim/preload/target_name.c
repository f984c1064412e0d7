#include "target_name.h"

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"
#include "../template/procfs.h"

/* A longer name would be cut in the index anyway. */
enum { NAME_MAX_SEEN = 2 * INDEX_PATH_MAX };

/* The directory that relative paths start from; its length, or a negative error number. */
static ssize_t directory(int dirfd, char *buf, size_t size)
{
	ssize_t n;

	if (dirfd == AT_FDCWD) {
		n = sys_call3(SYS_getcwd, (long)buf, (long)size, 0);
		return n > 0 ? n - 1 : n;
	}
	return procfs_fd_link(dirfd, buf, size);
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
