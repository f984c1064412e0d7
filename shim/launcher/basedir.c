#include "basedir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "way.h"

static const char *const candidate_names[CACHEDIR_CANDIDATES] = {
	"$XDG_RUNTIME_DIR",
	"$XDG_CACHE_HOME",
	"~/.cache",
	"/var/tmp",
};

const char *basedir_candidate_name(unsigned n)
{
	return n < CACHEDIR_CANDIDATES ? candidate_names[n] : "?";
}

static const char *sentence_of(int err)
{
	switch (-err) {
	case EPERM:
		return "it belongs to somebody else, or others may write to it";
	case ENOENT:
		return "it does not exist";
	case ENOTDIR:
	case ELOOP:
		return "it is not a directory";
	case EACCES:
		return "permission denied";
	case ENOSPC:
	case EDQUOT:
		return "no space left";
	case EROFS:
		return "the file system is read-only";
	case ENAMETOOLONG:
		return "the path is too long";
	default:
		return "it cannot be opened";
	}
}

/* mkdir(2) with mode 0700, whatever the umask.  0 also if it is there already. */
static int make_directory(const char *path)
{
	mode_t mask = umask(077);
	int err = mkdir(path, 0700) && errno != EEXIST ? -errno : 0;

	umask(mask);
	return err;
}

static int make_parent_of(const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
	return make_directory(parent);
}

static int make_missing(const char *path, bool with_parent)
{
	int err = make_directory(path);

	if (err == -ENOENT && with_parent) {
		err = make_parent_of(path);
		if (!err)
			err = make_directory(path);
	}
	return err;
}

static const char *fail(struct basedir *dir, int err, int *error)
{
	basedir_close(dir);
	if (error)
		*error = err;
	return sentence_of(err);
}

const char *basedir_open(const char *path, bool make, bool with_parent, struct basedir *dir,
			 int *error)
{
	const char *refusal;
	struct statvfs fs;

	dir->fd = -1;
	if (snprintf(dir->path, sizeof dir->path, "%s", path) >= (int)sizeof dir->path)
		return fail(dir, -ENAMETOOLONG, error);
	refusal = way_refusal(path);
	if (refusal) {
		fail(dir, -EPERM, error);
		return refusal;
	}
	dir->fd = cachedir_open(path, geteuid());
	if (dir->fd == -ENOENT && make) {
		int err = make_missing(path, with_parent);

		if (err)
			return fail(dir, err, error);
		dir->fd = cachedir_open(path, geteuid());
	}
	if (dir->fd < 0)
		return fail(dir, dir->fd, error);
	if (fstatvfs(dir->fd, &fs) == 0 && (fs.f_flag & ST_NOEXEC)) {
		fail(dir, -EACCES, error);
		return "it is on a file system mounted noexec";
	}
	return NULL;
}

const char *basedir_open_candidate(unsigned n, bool make, struct basedir *dir, int *error)
{
	char path[PATH_MAX];
	int len = cachedir_candidate(n, environ, geteuid(), path, sizeof path);

	dir->fd = -1;
	dir->path[0] = '\0';
	if (len < 0) {
		if (error)
			*error = len;
		return len == -ENOENT ? "not set, or not an absolute path" : sentence_of(len);
	}
	/* The user's own cache directory may be missing on a new account, and the XDG Base
	   Directory Specification wants it to be made then.  The runtime directory is the login
	   manager's, and /var/tmp the system's. */
	return basedir_open(path, make, n == 1 || n == 2, dir, error);
}

void basedir_close(struct basedir *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	dir->fd = -1;
}
