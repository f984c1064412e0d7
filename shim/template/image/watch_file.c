/*
 * Files that a start-up names: what it found, and that it may use it so, is a condition.
 *
 * Hazards, and what answers each:
 *  1. What it reads is made when it is read, or comes from a device: refused, by whatever name it
 *     goes.  A path may lead there by symbolic links, some of which are not what they say
 *     (/proc/PID/exe), or by a mount.
 *  2. To open it has an effect: to wait for who writes to a FIFO, to rewind a tape.  That is seen
 *     to before it is opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../../../elfcache/sys.h"
#include "../../../elfcache/walk.h"
#include "watch_part.h"

static int note_file(struct watch *w, const char *path, bool absent, int rights)
{
	struct seen_file *f;

	for (unsigned i = 0; i < w->file_count; i++)
		if (strcmp(w->files[i].path, path) == 0) {
			w->files[i].rights |= rights;
			return 0;
		}
	if (w->file_count == WATCH_FILES)
		return watch_refuse(w, "its start-up looks at more than %d files", WATCH_FILES);
	f = &w->files[w->file_count];
	f->absent = absent;
	f->rights = rights;
	if (!absent && identity_of(AT_FDCWD, path, 0, &f->id))
		return watch_refuse(w, "%.80s changed meanwhile", path);
	f->path = strdup(path);
	if (!f->path)
		return -ENOMEM;
	w->file_count++;
	return 0;
}

/* What does not change while the system runs: whether selinuxfs is there, for libselinux; and how
   many processors there may ever be.  Their times are those of the moment. */
static bool is_constant(const char *path)
{
	return strcmp(path, "/proc/filesystems") == 0 ||
	       strcmp(path, "/sys/devices/system/cpu/possible") == 0;
}

/* Places whose content is made when it is read, or that are not files at all; shared memory is as
   any other. */
static bool is_special_place(const char *path)
{
	return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0 ||
	       (strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0);
}

enum found { FOUND_NOTHING, FOUND_CONSTANT, FOUND_FILE, FOUND_OTHER, FOUND_SPECIAL };

/* Of an open one: by that path it was found. */
static enum found judge(int fd, const char *path)
{
	char real[PATH_MAX];
	char name[32];
	struct statfs system;
	struct stat st;
	ssize_t size;

	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	size = readlink(name, real, sizeof real - 1);
	if (size < 0 || fstat(fd, &st) || fstatfs(fd, &system))
		return FOUND_SPECIAL;
	real[size] = '\0';
	if (is_constant(path) && strcmp(real, path) == 0)
		return FOUND_CONSTANT;
	if (is_special_place(path) || is_special_place(real) || system.f_type == PROC_SUPER_MAGIC ||
	    system.f_type == SYSFS_MAGIC)
		return FOUND_SPECIAL;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? FOUND_FILE : FOUND_OTHER;
}

static int refuse_proc(void *arg, const char *path, const struct stat *st)
{
	struct statfs system;

	(void)arg;
	return S_ISDIR(st->st_mode) && !statfs(path, &system) && system.f_type == PROC_SUPER_MAGIC
		       ? -ELOOP
		       : 0;
}

/* As O_PATH, and not through a link of /proc's to what has no path (proc(5)).  Containers' filters
   may not know openat2(2): then nothing is looked for in /proc at all. */
static int open_path(const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
	int err;

	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return fd;
	err = is_constant(path) ? 0 : walk_path(path, refuse_proc, NULL);
	if (!err)
		return open(path, O_PATH | O_CLOEXEC);
	errno = -err;
	return -1;
}

/* What there is by that path, which is not opened. */
static enum found look(const char *path)
{
	int fd = open_path(path);
	enum found found;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? FOUND_NOTHING : FOUND_SPECIAL;
	found = judge(fd, path);
	close(fd);
	return found;
}

static int read_path(struct watch *w, const struct tracee *t, uint64_t name, char path[PATH_MAX])
{
	int err = tracee_read_string(t, name, path, PATH_MAX);

	return err || path[0] == '/' ? err
				     : watch_refuse(w, "its start-up looks for a file in the "
						       "working directory");
}

int watch_may_open(struct watch *w, const struct tracee *t, uint64_t name)
{
	char path[PATH_MAX];
	int err = read_path(w, t, name, path);

	return err || look(path) < FOUND_OTHER ? err
					       : watch_refuse(w, "its start-up reads %.80s", path);
}

int watch_named_file(struct watch *w, const struct tracee *t, uint64_t name, int rights,
		     long result)
{
	char path[PATH_MAX];
	int err = read_path(w, t, name, path);
	enum found found;

	if (err)
		return err;
	if (result < 0 && !is_constant(path))
		return result == -ENOENT || result == -ENOTDIR
			       ? note_file(w, path, true, 0)
			       : watch_refuse(w, "its start-up cannot read %.80s", path);
	found = look(path);
	if (found == FOUND_SPECIAL)
		return watch_refuse(w, "its start-up reads %.80s", path);
	return is_constant(path) ? 0 : note_file(w, path, false, rights);
}
