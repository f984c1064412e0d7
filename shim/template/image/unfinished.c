#include "unfinished.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* No program or library can have it in common: it is beside one other name. */
static const char unfinished[] = ".unfinished";

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
	close(fd);
	if (!err && renameat(dirfd, unfinished, dirfd, name))
		err = -errno;
	if (err)
		unfinished_remove(dirfd);
	return err;
}
