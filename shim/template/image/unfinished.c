#include "unfinished.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* No program or library can have it in common: it is beside one other name. */
static const char unfinished[] = ".unfinished";

int unfinished_directory(int dirfd, const char *name, bool make)
{
	int fd;

	if (make && mkdirat(dirfd, name, 0700) && errno != EEXIST)
		return -errno;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
		/* If there is nothing in it. */
		if (make)
			unlinkat(dirfd, name, AT_REMOVEDIR);
	}
	return fd;
}

void unfinished_remove(int dirfd)
{
	unlinkat(dirfd, unfinished, 0);
}

int unfinished_create(int dirfd, mode_t mode)
{
	int fd;

	unfinished_remove(dirfd);
	fd = openat(dirfd, unfinished, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	return fd;
}

int unfinished_end(int dirfd, int fd, const char *name, mode_t mode, int err)
{
	if (!err && fchmod(fd, mode))
		err = -errno;
	/* Some file systems say only now that there was no room: close(2). */
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dirfd, unfinished, dirfd, name))
		err = -errno;
	if (err)
		unfinished_remove(dirfd);
	return err;
}
