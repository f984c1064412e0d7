/*
 * The functions that may be asked about /proc/self/exe.  In a process that was not started from an
 * image each of them only calls the real one.
 *
 * Where that is possible the real function comes first, and the path is looked at when the kernel
 * has accepted it: a bad pointer is EFAULT, as ever, and whatever fails natively (no /proc, no
 * permission, O_NOFOLLOW) fails here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"
#include "export.h"
#include "self_exe.h"
#include "start.h"

#define ST_NAME(name, version, kind, id, type, params)
#define ST_FILE_NAME ST_EXPORT
#include "names.def"
#undef ST_NAME

static ssize_t give_link(const char *link, char *buf, size_t size)
{
	size_t len = mem_length(link);

	if (len > size)
		len = size;
	mem_copy(buf, link, len);
	return (ssize_t)len;
}

ssize_t interpose_readlink(const char *path, char *buf, size_t size)
{
	ssize_t n = NEXT(readlink)(path, buf, size);
	const char *link = n >= 0 ? self_exe(path) : NULL;

	return link ? give_link(link, buf, size) : n;
}

ssize_t interpose_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	ssize_t n = NEXT(readlinkat)(dirfd, path, buf, size);
	const char *link = n >= 0 ? self_exe(path) : NULL;

	return link ? give_link(link, buf, size) : n;
}

ssize_t interpose_readlink_chk(const char *path, char *buf, size_t size, size_t room)
{
	ssize_t n = NEXT(readlink_chk)(path, buf, size, room);
	const char *link = n >= 0 ? self_exe(path) : NULL;

	return link ? give_link(link, buf, size) : n;
}

ssize_t interpose_readlinkat_chk(int dirfd, const char *path, char *buf, size_t size, size_t room)
{
	ssize_t n = NEXT(readlinkat_chk)(dirfd, path, buf, size, room);
	const char *link = n >= 0 ? self_exe(path) : NULL;

	return link ? give_link(link, buf, size) : n;
}

/* These look at the path themselves before anything else: so may we. */
static const char *or_target(const char *path)
{
	const char *link = self_exe(path);

	return link ? link : path;
}

char *interpose_realpath(const char *path, char *resolved)
{
	return NEXT(realpath)(or_target(path), resolved);
}

char *interpose_realpath_2_2_5(const char *path, char *resolved)
{
	return NEXT(realpath_2_2_5)(or_target(path), resolved);
}

char *interpose_realpath_chk(const char *path, char *resolved, size_t room)
{
	return NEXT(realpath_chk)(or_target(path), resolved, room);
}

char *interpose_canonicalize_file_name(const char *path)
{
	return NEXT(canonicalize_file_name)(or_target(path));
}

static int after_open(int fd, const char *path)
{
	if (fd < 0 || self_exe_reopen(fd, path))
		return fd;
	sys_close(fd);
	return -1;
}

#define OPEN(id) \
	int interpose_##id(const char *path, int flags, mode_t mode) \
	{ \
		return after_open(NEXT(id)(path, flags, mode), path); \
	}
#define OPEN_2(id) \
	int interpose_##id(const char *path, int flags) \
	{ \
		return after_open(NEXT(id)(path, flags), path); \
	}
#define OPENAT(id) \
	int interpose_##id(int dirfd, const char *path, int flags, mode_t mode) \
	{ \
		return after_open(NEXT(id)(dirfd, path, flags, mode), path); \
	}
#define OPENAT_2(id) \
	int interpose_##id(int dirfd, const char *path, int flags) \
	{ \
		return after_open(NEXT(id)(dirfd, path, flags), path); \
	}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
OPEN_2(open_2)
OPEN_2(open64_2)
OPENAT_2(openat_2)
OPENAT_2(openat64_2)

/* Nothing has been read from the stream yet. */
static FILE *after_fopen(FILE *file, const char *path)
{
	int err;

	if (!file || self_exe_reopen(NEXT(fileno)(file), path))
		return file;
	err = errno;
	NEXT(fclose)(file);
	errno = err;
	return NULL;
}

#define FOPEN(id) \
	FILE *interpose_##id(const char *path, const char *mode) \
	{ \
		return after_fopen(NEXT(id)(path, mode), path); \
	}

FOPEN(fopen)
FOPEN(fopen64)

#define STAT(id) \
	int interpose_##id(const char *path, void *buf) \
	{ \
		int ret = NEXT(id)(path, buf); \
		const char *link = ret == 0 ? self_exe(path) : NULL; \
\
		return link ? NEXT(id)(link, buf) : ret; \
	}
#define XSTAT(id) \
	int interpose_##id(int version, const char *path, void *buf) \
	{ \
		int ret = NEXT(id)(version, path, buf); \
		const char *link = ret == 0 ? self_exe(path) : NULL; \
\
		return link ? NEXT(id)(version, link, buf) : ret; \
	}
#define FSTATAT(id) \
	int interpose_##id(int dirfd, const char *path, void *buf, int flags) \
	{ \
		int ret = NEXT(id)(dirfd, path, buf, flags); \
		bool follows = ret == 0 && !(flags & AT_SYMLINK_NOFOLLOW); \
		const char *link = follows ? self_exe(path) : NULL; \
\
		return link ? NEXT(id)(dirfd, link, buf, flags) : ret; \
	}
#define FXSTATAT(id) \
	int interpose_##id(int version, int dirfd, const char *path, void *buf, int flags) \
	{ \
		int ret = NEXT(id)(version, dirfd, path, buf, flags); \
		bool follows = ret == 0 && !(flags & AT_SYMLINK_NOFOLLOW); \
		const char *link = follows ? self_exe(path) : NULL; \
\
		return link ? NEXT(id)(version, dirfd, link, buf, flags) : ret; \
	}

STAT(stat)
STAT(stat64)
XSTAT(xstat)
XSTAT(xstat64)
FSTATAT(fstatat)
FSTATAT(fstatat64)
FXSTATAT(fxstatat)
FXSTATAT(fxstatat64)

int interpose_statx(int dirfd, const char *path, int flags, unsigned mask, void *buf)
{
	int ret = NEXT(statx)(dirfd, path, flags, mask, buf);
	bool follows = ret == 0 && !(flags & AT_SYMLINK_NOFOLLOW);
	const char *link = follows ? self_exe(path) : NULL;

	return link ? NEXT(statx)(dirfd, link, flags, mask, buf) : ret;
}
