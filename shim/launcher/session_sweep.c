#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "directory.h"
#include "elfcache/image_name.h"
#include "images.h"
#include "proc.h"
#include "session.h"

/* How long a session may be without an index before it is taken for abandoned. */
enum { STARTING_SECONDS = 60 };

static const char prefix[] = "session-";
static const char digits[] = "0123456789";
static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool session_is_name(const char *name)
{
	size_t n;

	if (strlen(name) >= SESSION_NAME_MAX || strncmp(name, prefix, sizeof prefix - 1) != 0)
		return false;
	name += sizeof prefix - 1;
	n = strspn(name, digits);
	if (n == 0 || name[n] != '-')
		return false;
	name += n + 1;
	n = strspn(name, letters);
	return n > 0 && name[n] == '\0';
}

/* A session's directory for reading; -EPERM if it is not ours. */
static int open_session(int dirfd, const char *name)
{
	struct stat st;
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 022)) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

static bool is_locked(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		flock(fd, LOCK_UN);
		return false;
	}
	return errno == EWOULDBLOCK;
}

static bool is_young(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && time(NULL) - st.st_ctim.tv_sec < STARTING_SECONDS;
}

static bool is_env_session(int fd)
{
	return faccessat(fd, SESSION_SAVED, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum session_state state_of(int fd)
{
	struct index index;
	enum leader_state leader;

	if (is_locked(fd))
		return SESSION_LIVE;
	if (index_open(fd, CACHEDIR_INDEX, geteuid(), &index))
		return is_young(fd) ? SESSION_STARTING : SESSION_DEAD;
	leader = leader_state(index_origin(&index));
	index_close(&index);
	if (leader == LEADER_ALIVE)
		return SESSION_LIVE;
	/* A launcher elsewhere would hold the lock; a shell elsewhere cannot be asked. */
	if (leader == LEADER_ELSEWHERE && is_env_session(fd))
		return SESSION_ELSEWHERE;
	return SESSION_DEAD;
}

enum session_state session_state(int dirfd, const char *name)
{
	int fd = open_session(dirfd, name);
	enum session_state state;

	if (fd < 0)
		return SESSION_FOREIGN;
	state = state_of(fd);
	close(fd);
	return state;
}

int session_remove_open(int dirfd, const char *name, int fd)
{
	unlinkat(fd, CACHEDIR_INDEX, 0);
	unlinkat(fd, SESSION_SAVED, 0);
	unlinkat(fd, IMAGE_BOOT_DIRECTORY, 0);
	images_remove(fd, IMAGE_DIRECTORY);
	images_remove(fd, IMAGE_CODE_DIRECTORY);
	return unlinkat(dirfd, name, AT_REMOVEDIR) ? -errno : 0;
}

int session_remove_at(int dirfd, const char *name)
{
	int fd = open_session(dirfd, name);
	int err;

	if (fd < 0)
		return fd;
	err = session_remove_open(dirfd, name, fd);
	close(fd);
	return err;
}

static void sweep_one(void *unused, int dirfd, const char *name)
{
	(void)unused;
	if (session_is_name(name) && session_state(dirfd, name) == SESSION_DEAD)
		session_remove_at(dirfd, name);
}

void session_sweep(int dirfd)
{
	directory_each(dirfd, ".", NULL, sweep_one);
}
