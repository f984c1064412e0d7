/*
 * self_exe links|files|stats|starts|nowhere - what a program learns from /proc/self/exe and its
 * other names, through every function that it may ask.
 * self_exe kernel - what the kernel's link says, which the program is not to see.
 *
 * Functions that headers hide, for old programs and for _FORTIFY_SOURCE, are called by name.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../old_libc.h"
#include "../lib/case.h"

/* The functions by name, with other parameters where the first ones are a version. */
typedef ssize_t readlink_chk(const char *, char *, size_t, size_t);
typedef ssize_t readlinkat_chk(int, const char *, char *, size_t, size_t);
typedef char *realpath_chk(const char *, char *, size_t);
typedef int open_2(const char *, int);
typedef int openat_2(int, const char *, int);
typedef int stat_of(const char *, struct stat *);
typedef int fstatat_of(int, const char *, struct stat *, int);
typedef int xstat_of(int, const char *, struct stat *);
typedef int fxstatat_of(int, int, const char *, struct stat *, int);

#define BY_NAME(type, name) ((type *)by_name(name))

static void *by_name(const char *name)
{
	void *function = dlsym(RTLD_DEFAULT, name);

	if (!function)
		fact("%s: not in this libc", name);
	return function;
}

/* The directory is not looked at for an absolute path. */
enum { NO_DIRECTORY = -5, STAT_VERSION = 1 };

static void tell_link(const char *what, const char *path, const char *buf, ssize_t n)
{
	int err = n < 0 ? errno : 0;

	fact("%s %s: %zd %s '%.*s'", what, path, n, error_name(err), n > 0 ? (int)n : 0, buf);
}

static void tell_path(const char *what, const char *path, char *result)
{
	fact("%s %s: %s", what, path, result ? result : error_name(errno));
}

static void links(const char *label, const char *path)
{
	static const size_t sizes[] = {PATH_MAX, 5, 1, 0};
	readlink_chk *readlink_checked = BY_NAME(readlink_chk, "__readlink_chk");
	readlinkat_chk *readlinkat_checked = BY_NAME(readlinkat_chk, "__readlinkat_chk");
	realpath_chk *realpath_checked = BY_NAME(realpath_chk, "__realpath_chk");
	char buf[PATH_MAX];
	char *allocated;

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		memset(buf, '#', sizeof buf);
		errno = 0;
		tell_link("readlink", label, buf, readlink(path, buf, sizes[i]));
		fact("behind it: %.2s, errno %s", buf + sizes[i] % PATH_MAX, error_name(errno));
	}
	tell_link("readlinkat", label, buf, readlinkat(NO_DIRECTORY, path, buf, sizeof buf));
	if (readlink_checked)
		tell_link("__readlink_chk", label, buf,
			  readlink_checked(path, buf, sizeof buf, sizeof buf));
	if (readlinkat_checked)
		tell_link("__readlinkat_chk", label, buf,
			  readlinkat_checked(NO_DIRECTORY, path, buf, sizeof buf, sizeof buf));
	tell_path("realpath", label, realpath(path, buf));
	if (realpath_checked)
		tell_path("__realpath_chk", label, realpath_checked(path, buf, sizeof buf));
	allocated = realpath(path, NULL);
	tell_path("realpath to new memory", label, allocated);
	free(allocated);
	allocated = canonicalize_file_name(path);
	tell_path("canonicalize_file_name", label, allocated);
	free(allocated);
}

static void tell_stat(const char *what, const char *path, int result, const struct stat *st)
{
	if (result != 0)
		fact("%s %s: %s", what, path, error_name(errno));
	else if (S_ISLNK(st->st_mode))
		fact("%s %s: a link", what, path);
	else if (S_ISDIR(st->st_mode))
		fact("%s %s: a directory", what, path);
	else
		fact("%s %s: %llu:%llu mode %o size %lld time %lld", what, path,
		     (unsigned long long)st->st_dev, (unsigned long long)st->st_ino, st->st_mode,
		     (long long)st->st_size, (long long)st->st_mtime);
}

static void tell_fd(const char *what, const char *path, int fd)
{
	unsigned char head[64] = {0};
	unsigned sum = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0) {
		fact("%s %s: %s", what, path, error_name(errno));
		return;
	}
	REQUIRE(fstat(fd, &st) == 0);
	st.st_ino = S_ISREG(st.st_mode) ? st.st_ino : 0;
	n = read(fd, head, sizeof head);
	for (size_t i = 0; i < sizeof head; i++)
		sum = sum * 31 + head[i];
	fact("%s %s: %d, flags %#x %#x, inode %llu, read %zd: %u", what, path, fd,
	     (unsigned)fcntl(fd, F_GETFL), (unsigned)fcntl(fd, F_GETFD),
	     (unsigned long long)st.st_ino, n, sum);
	close(fd);
}

static void streams(const char *label, const char *path)
{
	static const char *const modes[] = {"r", "re", "rb", "r+", "rx"};

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		FILE *file = fopen(path, modes[i]);
		char magic[4] = "";

		errno = file ? 0 : errno;
		fact("fopen %s %s: %s", label, modes[i], error_name(errno));
		if (!file)
			continue;
		fact("begins with %zu bytes %.3s", fread(magic, 1, 4, file), magic + 1);
		tell_fd("fileno", label, dup(fileno(file)));
		fclose(file);
	}
}

static void files(const char *label, const char *path)
{
	static const int flags[] = {
		O_RDONLY,
		O_RDONLY | O_CLOEXEC,
		O_RDONLY | O_NOFOLLOW,
		O_PATH,
		O_PATH | O_NOFOLLOW,
		O_PATH | O_CLOEXEC,
		O_RDWR,
		O_WRONLY | O_APPEND,
		O_RDONLY | O_APPEND | O_NONBLOCK,
		O_RDONLY | O_CREAT,
		O_CREAT | O_EXCL,
		O_RDONLY | O_DIRECTORY,
	};
	open_2 *open_checked = BY_NAME(open_2, "__open_2");
	open_2 *open64_checked = BY_NAME(open_2, "__open64_2");
	openat_2 *openat_checked = BY_NAME(openat_2, "__openat_2");
	openat_2 *openat64_checked = BY_NAME(openat_2, "__openat64_2");

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		/* It would make one. */
		if ((flags[i] & O_CREAT) && path[0] != '/')
			continue;
		fact("flags %#x", (unsigned)flags[i]);
		tell_fd("open", label, open(path, flags[i], 0600));
		tell_fd("open64", label, open64(path, flags[i], 0600));
		tell_fd("openat", label, openat(NO_DIRECTORY, path, flags[i], 0600));
		tell_fd("openat64", label, openat64(NO_DIRECTORY, path, flags[i], 0600));
	}
	if (open_checked)
		tell_fd("__open_2", label, open_checked(path, O_RDONLY));
	if (open64_checked)
		tell_fd("__open64_2", label, open64_checked(path, O_CLOEXEC));
	if (openat_checked)
		tell_fd("__openat_2", label, openat_checked(NO_DIRECTORY, path, O_RDONLY));
	if (openat64_checked)
		tell_fd("__openat64_2", label, openat64_checked(NO_DIRECTORY, path, O_PATH));
	streams(label, path);
}

static void stats_by_version(const char *label, const char *path)
{
	static const char *const xstats[] = {"__xstat", "__xstat64", "__lxstat"};
	static const char *const fxstatats[] = {"__fxstatat", "__fxstatat64"};
	struct stat st;

	for (size_t i = 0; i < sizeof xstats / sizeof xstats[0]; i++) {
		xstat_of *function = BY_NAME(xstat_of, xstats[i]);

		if (function)
			tell_stat(xstats[i], label, function(STAT_VERSION, path, &st), &st);
	}
	for (size_t i = 0; i < sizeof fxstatats / sizeof fxstatats[0]; i++) {
		fxstatat_of *function = BY_NAME(fxstatat_of, fxstatats[i]);

		if (!function)
			continue;
		tell_stat(fxstatats[i], label, function(STAT_VERSION, NO_DIRECTORY, path, &st, 0),
			  &st);
		tell_stat(fxstatats[i], label,
			  function(STAT_VERSION, NO_DIRECTORY, path, &st, AT_SYMLINK_NOFOLLOW),
			  &st);
	}
}

static void stats(const char *label, const char *path)
{
	static const int flags[] = {0, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, 0x40000000};
	struct statx stx;
	struct stat st;

	tell_stat("stat", label, stat(path, &st), &st);
	tell_stat("lstat", label, lstat(path, &st), &st);
	fact("access %d %d", access(path, R_OK), access(path, X_OK));
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
		int err;

		tell_stat("fstatat", label, fstatat(NO_DIRECTORY, path, &st, flags[i]), &st);
		err = statx(NO_DIRECTORY, path, flags[i], STATX_BASIC_STATS, &stx);
		if (err)
			fact("statx %s: %s", label, error_name(errno));
		else
			fact("statx %s: mode %o inode %llu size %llu", label, stx.stx_mode,
			     S_ISREG(stx.stx_mode) ? (unsigned long long)stx.stx_ino : 0,
			     S_ISREG(stx.stx_mode) ? (unsigned long long)stx.stx_size : 0);
	}
	stats_by_version(label, path);
}

/* What a program sees that was started by this path. */
static int show(char **argv)
{
	char buf[PATH_MAX];

	fact("%s with %s, its exe is a regular file", argv[0], argv[2]);
	tell_link("its readlink", "/proc/self/exe", buf,
		  readlink("/proc/self/exe", buf, sizeof buf));
	return 3;
}

struct start {
	const char *function;
	const char *path;
};

static int start_by(void *arg)
{
	const struct start *s = arg;
	char *argv[] = {"self", "show", (char *)(uintptr_t)s->function, NULL};
	const char *path = s->path;
	pid_t pid;
	int err;

	if (strcmp(s->function, "execve") == 0)
		execve(path, argv, environ);
	else if (strcmp(s->function, "execv") == 0)
		execv(path, argv);
	else if (strcmp(s->function, "execvp") == 0)
		execvp(path, argv);
	else if (strcmp(s->function, "execl") == 0)
		execl(path, argv[0], argv[1], argv[2], (char *)NULL);
	else if (strcmp(s->function, "execveat") == 0)
		execveat(NO_DIRECTORY, path, argv, environ, 0);
	else if (strcmp(s->function, "execveat nofollow") == 0)
		execveat(NO_DIRECTORY, path, argv, environ, AT_SYMLINK_NOFOLLOW);
	else if (strcmp(s->function, "fexecve") == 0)
		fexecve(open(path, O_RDONLY | O_CLOEXEC), argv, environ);
	else if (strcmp(s->function, "posix_spawn") == 0 ||
		 strcmp(s->function, "posix_spawnp") == 0) {
		if (s->function[11])
			err = posix_spawnp(&pid, path, NULL, NULL, argv, environ);
		else
			err = posix_spawn(&pid, path, NULL, NULL, argv, environ);
		err = err ? -err : wait_for(pid);
		fact("%s %s: %d", s->function, path, err);
		return 9;
	}
	fact("%s %s: %s", s->function, path, error_name(errno));
	return 9;
}

static void starts(const char *label, const char *path)
{
	static const char *const functions[] = {
		"execve",  "execv",       "execvp",       "execl", "execveat", "execveat nofollow",
		"fexecve", "posix_spawn", "posix_spawnp",
	};

	/* The process's own id is not the child's. */
	if (strstr(label, "PID"))
		return;
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
		struct start s = {functions[i], path};

		fact("%s by %s: %s", functions[i], label, status_text(in_child(start_by, &s)));
	}
}

static void each_name(void (*look)(const char *label, const char *path))
{
	static const char *const names[] = {
		"/proc/self/exe",
		"/proc/thread-self/exe",
		"//proc/self/exe",
		"/proc/./self/exe",
		"/proc//self/exe",
		"/proc/self/exe/",
		"/proc/self/exe2",
		"/proc/self/exe/x",
		"/proc/self/../exe",
		"/proc/exe",
		"/proc/self/cwd",
		"/proc/1x/exe",
		"/usr",
		"exe",
		"",
	};
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		look(names[i], names[i]);
	snprintf(path, sizeof path, "/proc/%d/exe", (int)getpid());
	look("/proc/PID/exe", path);
	snprintf(path, sizeof path, "/proc/%d/task/%d/exe", (int)getpid(), (int)getpid());
	look("/proc/PID/task/PID/exe", path);
	snprintf(path, sizeof path, "/proc/%0100d/exe", (int)getpid());
	look("/proc/0PID/exe", path);
}

/* Not of realpath() and fopen(), which may crash natively as well. */
static void nowhere(void)
{
	static volatile uintptr_t near_null = 8;
	void *const bad[] = {NULL, (void *)near_null};
	char *const nothing[] = {NULL};
	struct statx stx;
	struct stat st;
	char buf[64];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		tell_link("readlink", "nowhere", buf, readlink(bad[i], buf, sizeof buf));
		tell_link("readlinkat", "nowhere", buf,
			  readlinkat(AT_FDCWD, bad[i], buf, sizeof buf));
		tell_fd("open", "nowhere", open(bad[i], O_RDONLY));
		tell_fd("openat", "nowhere", openat(AT_FDCWD, bad[i], O_RDONLY));
		tell_stat("stat", "nowhere", stat(bad[i], &st), &st);
		tell_stat("fstatat", "nowhere", fstatat(AT_FDCWD, bad[i], &st, 0), &st);
		execve(bad[i], nothing, nothing);
		fact("execve: %s", error_name(errno));
		fact("statx: %d", statx(AT_FDCWD, bad[i], 0, STATX_SIZE, &stx));
		tell_stat("stat to nowhere", "", stat("/proc/self/exe", bad[i]), &st);
		tell_link("readlink to nowhere", "", buf, readlink("/proc/self/exe", bad[i], 64));
	}
}

static int without_proc(void *unused)
{
	(void)unused;
	REQUIRE(mkdir("empty", 0700) == 0 || errno == EEXIST);
	if (chroot("empty") != 0) {
		fact("chroot: %s", error_name(errno));
		return 1;
	}
	links("/proc/self/exe", "/proc/self/exe");
	files("/proc/self/exe", "/proc/self/exe");
	stats("/proc/self/exe", "/proc/self/exe");
	return 0;
}

/* A child has the same file behind both its own and its parent's id. */
static int of_parent(void *unused)
{
	char path[64];

	(void)unused;
	snprintf(path, sizeof path, "/proc/%d/exe", (int)getppid());
	links("/proc/PPID/exe", path);
	links("/proc/self/exe", "/proc/self/exe");
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char buf[PATH_MAX];
	ssize_t n;

	if (strcmp(what, "links") == 0) {
		each_name(links);
		fact("child: %s", status_text(in_child(of_parent, NULL)));
	} else if (strcmp(what, "files") == 0) {
		each_name(files);
	} else if (strcmp(what, "stats") == 0) {
		each_name(stats);
	} else if (strcmp(what, "starts") == 0) {
		each_name(starts);
	} else if (strcmp(what, "nowhere") == 0) {
		nowhere();
		fact("without /proc: %s", status_text(in_child(without_proc, NULL)));
	} else if (strcmp(what, "show") == 0) {
		return show(argv);
	} else if (strcmp(what, "kernel") == 0) {
		n = syscall(SYS_readlink, "/proc/self/exe", buf, sizeof buf);
		printf("%.*s\n", n > 0 ? (int)n : 0, buf);
	} else {
		fail("usage: self_exe links|files|stats|starts|nowhere|kernel");
	}
	return 0;
}
