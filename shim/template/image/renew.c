#include "renew.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "large.h"
#include "room.h"
#include "unfinished.h"

/* As resume_map.c compares them: what a new copy cannot have in common does not count. */
static bool is_copy(int fd, const struct identity *id)
{
	struct identity now;

	if (identity_of(fd, "", AT_EMPTY_PATH, &now))
		return false;
	now.ino = id->ino;
	now.ctime_sec = id->ctime_sec;
	now.ctime_nsec = id->ctime_nsec;
	return identity_equal(&now, id);
}

/* -ENOTSUP if it has no more large pages than the old one. */
static int write_anew(int from, int to, const struct identity *id, const struct large_count *old)
{
	const struct timespec times[2] = {
		{.tv_nsec = UTIME_OMIT},
		{.tv_sec = id->mtime_sec, .tv_nsec = id->mtime_nsec},
	};
	struct large_count count;
	int err = large_copy(from, to, id->size, 0, NULL, NULL);

	if (err)
		return err;
	large_collapse(to, id->size);
	err = large_count(to, id->size, &count);
	if (!err && count.large <= old->large)
		err = -ENOTSUP;
	/* Last: whoever is killed before leaves nothing that images would take. */
	if (!err && futimens(to, times))
		err = -errno;
	return err;
}

static int renew(int dirfd, const char *name, const struct identity *id)
{
	int from = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct large_count count = {0};
	int err = 0;
	int to;

	if (from < 0)
		return -errno;
	err = is_copy(from, id) ? large_count(from, id->size, &count) : -ESTALE;
	if (!err && count.large < count.resident) {
		to = id->size <= room_limit_in(dirfd, 0) ? unfinished_create(dirfd, 0600) : -ENOSPC;
		err = to < 0 ? to
			     : unfinished_end(dirfd, to, name, 0400,
					      write_anew(from, to, id, &count));
		if (!err)
			err = CODE_RENEWED;
	}
	close(from);
	return err;
}

int code_renew(const char *path, const struct identity *id)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];
	int dirfd;
	int err;

	if (!slash || (size_t)(slash - path) >= sizeof directory)
		return -EINVAL;
	memcpy(directory, path, (size_t)(slash - path));
	directory[slash - path] = '\0';
	dirfd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd < 0)
		return -errno;
	err = flock(dirfd, LOCK_EX | LOCK_NB) ? -EBUSY : renew(dirfd, slash + 1, id);
	close(dirfd);
	return err;
}
