/*
 * ESTALE: everything that makes a template unusable, for templates made of a path and of a
 * descriptor; and what does not.
 */
#include "common.h"

#include <sys/mount.h>
#include <sys/time.h>

static const char directory[] = "/tmp/stale";
static const char path[] = "/tmp/stale/program";
static const char other[] = "/tmp/stale/other";

static int template_of(bool by_path)
{
	int exe;
	int fd;

	if (by_path)
		return (int)create_by_path(path, SPAWN_TEMPLATE_CREATE_CLOEXEC);
	exe = open(path, O_PATH | O_CLOEXEC);
	fd = (int)create_by_fd(exe, SPAWN_TEMPLATE_CREATE_CLOEXEC);
	close(exe);
	return fd;
}

static int attempt(int fd)
{
	struct spawn s;

	spawn_init(&s, "exit", "0", NULL);
	return run(&s, fd);
}

static void touch(void)
{
	utimensat(AT_FDCWD, path, NULL, 0);
}

static void touch_back(void)
{
	struct timespec times[2];
	struct stat st;

	stat(path, &st);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	utimensat(AT_FDCWD, path, times, 0);
}

static void change_mode(void)
{
	chmod(path, 0700);
}

static void forbid(void)
{
	chmod(path, 0644);
}

static void change_owner(void)
{
	chown(path, 1, (gid_t)-1);
}

static void change_group(void)
{
	chown(path, (uid_t)-1, 1);
}

static void make_link(void)
{
	link(path, other);
}

static void replace(void)
{
	copy_self(other);
	rename(other, path);
}

static void delete (void)
{
	unlink(path);
}

static void move_away(void)
{
	rename(path, other);
}

/* The replaced file has the same time, mode and size: device and inode are what differs. */
static void replace_alike(void)
{
	struct timespec times[2];
	struct stat st;

	stat(path, &st);
	copy_self(other);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	utimensat(AT_FDCWD, other, times, 0);
	rename(other, path);
}

static void both(void (*change)(void), const char *what)
{
	for (int by_path = 0; by_path < 2; by_path++) {
		const char *how = by_path ? "path" : "descriptor";
		int fd;

		unlink(other);
		unlink(path);
		copy_self(path);
		fd = template_of(by_path);
		same(attempt(fd), 0, "%s: before %s", how, what);
		change();
		same(attempt(fd), -ESTALE, "%s: ESTALE after %s", how, what);
		same(attempt(fd), -ESTALE, "%s: and again", how);
		close(fd);
	}
}

static void no_change(void)
{
	struct spawn s;
	int fd;

	unlink(path);
	copy_self(path);
	fd = template_of(true);
	close(open(path, O_RDONLY | O_CLOEXEC));
	same(access(path, X_OK), 0, "it may be executed");
	spawn_init(&s, "exit", "3", NULL);
	for (int i = 0; i < 3; i++)
		same(run(&s, fd), 3, "looking at the file changes nothing");
	close(fd);
}

/* The file itself is as it was, and is not where it was. */
static void parents(void)
{
	int by_path;
	int by_fd;

	mkdir("/tmp/stale/sub", 0755);
	copy_self("/tmp/stale/sub/program");
	by_path = (int)create_by_path("/tmp/stale/sub/program", 0);
	by_fd = open("/tmp/stale/sub/program", O_RDONLY | O_CLOEXEC);
	by_fd = (int)create_by_fd(by_fd, 0);
	rename("/tmp/stale/sub", "/tmp/stale/moved");
	same(attempt(by_path), -ENOENT, "path: ENOENT when its directory has been renamed");
	same(attempt(by_fd), 0, "descriptor: does not care");
	mkdir("/tmp/stale/sub", 0755);
	copy_self("/tmp/stale/sub/program");
	same(attempt(by_path), -ESTALE, "path: ESTALE when another file is there");
	same(attempt(by_fd), 0, "descriptor: still does not care");
	unlink("/tmp/stale/sub/program");
	rmdir("/tmp/stale/sub");
	rename("/tmp/stale/moved", "/tmp/stale/sub");
	same(attempt(by_path), 0, "path: usable again when it is back");
	close(by_path);
	close(by_fd);
}

static void mounts(void)
{
	const char *program = "/tmp/stale/mount/program";
	int by_path;
	int by_fd;
	int exe;

	mkdir("/tmp/stale/mount", 0755);
	if (mount("tmpfs", "/tmp/stale/mount", "tmpfs", 0, NULL))
		bail("mount");
	copy_self(program);
	by_path = (int)create_by_path(program, 0);
	exe = open(program, O_RDONLY | O_CLOEXEC);
	by_fd = (int)create_by_fd(exe, 0);
	close(exe);
	same(attempt(by_path), 0, "path: before its mount becomes noexec");
	same(attempt(by_fd), 0, "descriptor: before its mount becomes noexec");
	if (mount(NULL, "/tmp/stale/mount", NULL, MS_REMOUNT | MS_NOEXEC, NULL))
		bail("remount");
	same(attempt(by_path), -EACCES, "path: EACCES after");
	same(attempt(by_fd), -EACCES, "descriptor: EACCES after");
	close(by_path);
	close(by_fd);
	umount("/tmp/stale/mount");
}

/* Another file is opened for writing while the old one is still pinned. */
static void new_file_is_free(void)
{
	int template;
	int fd;

	unlink(path);
	copy_self(path);
	template = template_of(true);
	replace();
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok(fd >= 0, "the file that replaced it can be written to");
	same(attempt(template), -ESTALE, "and the template is stale");
	close(fd);
	close(template);
}

int main(int argc, char **argv)
{
	be_program(argc, argv);
	mkdir(directory, 0755);
	both(touch, "touch");
	both(touch_back, "touch with the old time");
	both(change_mode, "chmod");
	both(forbid, "chmod to not executable");
	both(change_owner, "chown");
	both(change_group, "chgrp");
	both(make_link, "link");
	both(replace, "rename over it");
	both(replace_alike, "rename of a file alike over it");
	both(delete, "unlink");
	both(move_away, "rename to another name");
	no_change();
	parents();
	mounts();
	new_file_is_free();
	return done();
}
