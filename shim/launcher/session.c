#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc.h"

enum { RANDOM_LEN = 6, ATTEMPTS = 100 };

static void session_clear(struct session *session)
{
	session->base.fd = -1;
	session->fd = -1;
	session->index.map = NULL;
}

static void random_letters(char out[RANDOM_LEN + 1])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	unsigned char bytes[RANDOM_LEN];

	/* Names must differ, not be secret: the directory is private. */
	if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != (ssize_t)sizeof bytes)
		memset(bytes, (int)getpid(), sizeof bytes);
	for (int i = 0; i < RANDOM_LEN; i++)
		out[i] = letters[bytes[i] % (sizeof letters - 1)];
	out[RANDOM_LEN] = '\0';
}

/* Make the directory and open it, with a read descriptor for the lock. */
static int make_session_directory(struct session *session, pid_t leader)
{
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		char random[RANDOM_LEN + 1];
		int err;
		int n;

		random_letters(random);
		snprintf(session->name, sizeof session->name, "session-%d-%s", (int)leader, random);
		n = snprintf(session->path, sizeof session->path, "%s/%s", session->base.path,
			     session->name);
		/* Somebody will append the name of the index. */
		if (n >= PATH_MAX - (int)sizeof "/" CACHEDIR_INDEX)
			return -ENAMETOOLONG;
		if (mkdirat(session->base.fd, session->name, 0700) == 0) {
			session->fd = openat(session->base.fd, session->name,
					     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (session->fd >= 0)
				return 0;
			err = -errno;
			unlinkat(session->base.fd, session->name, AT_REMOVEDIR);
			return err;
		}
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int save(int dirfd, const char *saved, size_t size)
{
	int fd = openat(dirfd, SESSION_SAVED, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, saved, size) != (ssize_t)size)
		err = -ENOSPC;
	close(fd);
	return err;
}

static int fill_session_directory(struct session *session, pid_t leader, const char *saved,
				  size_t saved_size)
{
	struct index_origin origin;
	int err = 0;

	origin_of(leader, geteuid(), &origin);
	/* The index comes last: a session that has one also has what shows that it is in use. */
	if (saved)
		err = save(session->fd, saved, saved_size);
	else
		flock(session->fd, LOCK_SH);
	if (!err)
		err = index_create(session->fd, CACHEDIR_INDEX, &origin);
	if (!err)
		err = index_open(session->fd, CACHEDIR_INDEX, geteuid(), &session->index);
	return err;
}

int session_create(struct basedir *base, pid_t leader, const char *saved, size_t saved_size,
		   struct session *session)
{
	mode_t mask;
	int err;

	session_clear(session);
	session->base = *base;
	base->fd = -1;
	session_sweep(session->base.fd);
	mask = umask(077);
	err = make_session_directory(session, leader);
	if (!err) {
		err = fill_session_directory(session, leader, saved, saved_size);
		if (err)
			session_remove_open(session->base.fd, session->name, session->fd);
	}
	umask(mask);
	if (err)
		session_close(session);
	return err;
}

/* Split path into the cache directory and the session's name. */
static bool split_path(const char *path, struct session *session)
{
	const char *slash = strrchr(path, '/');

	if (path[0] != '/' || slash == path || strlen(path) >= sizeof session->path ||
	    !session_is_name(slash + 1))
		return false;
	snprintf(session->path, sizeof session->path, "%s", path);
	snprintf(session->name, sizeof session->name, "%s", slash + 1);
	snprintf(session->base.path, sizeof session->base.path, "%.*s", (int)(slash - path), path);
	return true;
}

int session_join(const char *path, struct session *session)
{
	enum session_state state;
	int err;

	session_clear(session);
	if (!split_path(path, session))
		return -EINVAL;
	session->base.fd = cachedir_open(session->base.path, geteuid());
	if (session->base.fd < 0)
		return session->base.fd;
	session->fd = cachedir_open(path, geteuid());
	err = session->fd < 0 ? session->fd
			      : index_open(session->fd, CACHEDIR_INDEX, geteuid(), &session->index);
	if (!err) {
		state = session_state(session->base.fd, session->name);
		if (state != SESSION_LIVE && state != SESSION_ELSEWHERE)
			err = -ESRCH;
	}
	if (err)
		session_close(session);
	return err;
}

void session_close(struct session *session)
{
	if (session->index.map)
		index_close(&session->index);
	if (session->fd >= 0)
		close(session->fd);
	basedir_close(&session->base);
	session_clear(session);
}

void session_remove(struct session *session)
{
	session_remove_open(session->base.fd, session->name, session->fd);
	session_close(session);
}
