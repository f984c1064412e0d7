#include "self_exe.h"

#include <elf.h>
#include <errno.h>

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"
#include "../template/image/range.h"
#include "next.h"
#include "readable.h"

/* Longer than any of the names with the largest process ids. */
enum { LONGEST = 64 };

/* Somewhere in this library: an image has all its libraries in a range of its own. */
static const char mark;

/*
 * The target's path.  Resume points AT_EXECFN to it, which elsewhere is on the stack, also in a
 * process that is being baked.
 */
static const char *target(void)
{
	const char *path;

	if (!NEXT(getauxval))
		return NULL;
	path = (const char *)NEXT(getauxval)(AT_EXECFN);
	return in_image_range(path) ? path : NULL;
}

/*
 * True for any name below /proc that ends in "/exe": also for /proc/PID/exe, for those of threads,
 * and with slashes and dots in between.  What it means is for the kernel to say.
 */
static bool may_be_exe(const char *path)
{
	const char *end;

	while (path[0] == '/' && path[1] == '/')
		path++;
	end = mem_after_prefix(path, "/proc/");
	if (!end)
		return false;
	while (*end && end - path < LONGEST)
		end++;
	return mem_same_string(end - 4, "/exe");
}

/* True if the path leads to the image that this process was started from.  A process that shares
   it, as a forked one does, has the same target. */
static bool is_own_image(const char *path)
{
	struct stat own;
	struct stat st;

	return !sys_fstatat(AT_FDCWD, path, &st, 0) &&
	       !sys_fstatat(AT_FDCWD, "/proc/self/exe", &own, 0) && st.st_ino == own.st_ino &&
	       st.st_dev == own.st_dev;
}

const char *self_exe(const char *path)
{
	const char *name;

	if (!in_image_range(&mark) || !path || !may_be_exe(path))
		return NULL;
	name = target();
	if (name && !is_own_image(path))
		return NULL;
	/* Behind the path as it was asked for: image/format.h. */
	return name ? name + mem_length(name) + 1 : NULL;
}

const char *self_exe_checked(const char *path)
{
	return in_image_range(&mark) && readable_string(path) ? self_exe(path) : NULL;
}

bool self_exe_reopen(int fd, const char *path)
{
	const char *link = self_exe(path);
	struct stat st;
	int other;
	int err;

	/* The link itself was opened: O_PATH | O_NOFOLLOW. */
	if (!link || sys_fstat(fd, &st) || S_ISLNK(st.st_mode))
		return true;
	/* F_GETFL has all that open() was given but O_CLOEXEC, and what creates or truncates. */
	other = sys_openat(AT_FDCWD, link, sys_fcntl(fd, F_GETFL, 0) | O_CLOEXEC, 0);
	err = other;
	if (other >= 0) {
		int cloexec = sys_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC ? O_CLOEXEC : 0;

		/* The lowest number is what the caller is owed, and what a stream has. */
		err = (int)sys_call3(SYS_dup3, other, fd, cloexec);
		sys_close(other);
	}
	if (err < 0)
		errno = -err;
	return err >= 0;
}
