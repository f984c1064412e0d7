#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_written_in_place(const char *path, const struct stat *st)
{
	/* /dev/stdout and /dev/fd/3 mean what is open there, even if that is a regular file. */
	return !S_ISREG(st->st_mode) || strncmp(path, "/dev/", 5) == 0 ||
	       strncmp(path, "/proc/", 6) == 0;
}

static int open_in_place(const char *path, const struct stat *st, struct outfile *out)
{
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	/* O_NONBLOCK: a FIFO that nobody reads is an error now and not a wait. */
	out->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (out->fd < 0)
		return -errno;
	fcntl(out->fd, F_SETFL, O_APPEND);
	return 0;
}

/* Split path: the directory is opened, the name kept. */
static int open_directory(const char *path, struct outfile *out)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int n;

	if (!*name)
		return -EISDIR;
	/* Room for the suffix of the temporary. */
	if (strlen(name) > NAME_MAX - 16 || strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (slash)
		n = snprintf(directory, sizeof directory, "%.*s", (int)(slash - path + 1), path);
	else
		n = snprintf(directory, sizeof directory, ".");
	if (n < 0)
		return -EINVAL;
	snprintf(out->name, sizeof out->name, "%s", name);
	out->dirfd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return out->dirfd < 0 ? -errno : 0;
}

/* Under a name that nobody knows beforehand: in a directory like /tmp somebody else could have
   taken it. */
static int create_temporary(struct outfile *out)
{
	uint32_t suffix;
	int fd;

	do {
		if (getrandom(&suffix, sizeof suffix, 0) != sizeof suffix)
			return -EIO;
		snprintf(out->temporary, sizeof out->temporary, "%s.%08" PRIx32, out->name, suffix);
		fd = openat(out->dirfd, out->temporary,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
	} while (fd < 0 && errno == EEXIST);
	return fd < 0 ? -errno : fd;
}

int outfile_open(const char *path, struct outfile *out)
{
	char resolved[PATH_MAX];
	struct stat st;
	int fd;
	int err;

	*out = (struct outfile){.dirfd = -1, .fd = -1};
	if (stat(path, &st) == 0) {
		if (is_written_in_place(path, &st))
			return open_in_place(path, &st, out);
		/* Replace what a symbolic link points to, not the link. */
		if (realpath(path, resolved))
			path = resolved;
	}
	err = open_directory(path, out);
	if (err)
		return err;
	/* Only a trial: nothing is left behind if this process is killed. */
	fd = create_temporary(out);
	if (fd < 0) {
		outfile_close(out);
		return fd;
	}
	close(fd);
	unlinkat(out->dirfd, out->temporary, 0);
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_replacing(struct outfile *out, const char *text, size_t len)
{
	int fd = create_temporary(out);
	int err;

	if (fd < 0)
		return fd;
	err = write_all(fd, text, len);
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(out->dirfd, out->temporary, out->dirfd, out->name))
		err = -errno;
	if (err)
		unlinkat(out->dirfd, out->temporary, 0);
	return err;
}

int outfile_write(struct outfile *out, const char *text, size_t len)
{
	int err = out->fd >= 0 ? write_all(out->fd, text, len) : write_replacing(out, text, len);

	outfile_close(out);
	return err;
}

void outfile_close(struct outfile *out)
{
	if (out->dirfd >= 0)
		close(out->dirfd);
	if (out->fd >= 0)
		close(out->fd);
	out->dirfd = -1;
	out->fd = -1;
}
