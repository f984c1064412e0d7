#include "spawn_fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elfcache/exe.h"

enum { PATH_SIZE = 512, NOBODY = 65534 };

const struct file_actions_builders *fixture_builders(void)
{
	static const struct file_actions_builders builders = {
		.init = posix_spawn_file_actions_init,
		.destroy = posix_spawn_file_actions_destroy,
		.addclose = posix_spawn_file_actions_addclose,
		.adddup2 = posix_spawn_file_actions_adddup2,
		.addopen = posix_spawn_file_actions_addopen,
		.addchdir_np = posix_spawn_file_actions_addchdir_np,
		.addfchdir_np = posix_spawn_file_actions_addfchdir_np,
#if __GLIBC_PREREQ(2, 34)
		.addclosefrom_np = posix_spawn_file_actions_addclosefrom_np,
#endif
#if __GLIBC_PREREQ(2, 35)
		.addtcsetpgrp_np = posix_spawn_file_actions_addtcsetpgrp_np,
#endif
	};

	return &builders;
}

const struct attribute_getters *fixture_getters(void)
{
	static const struct attribute_getters getters = {
		.getflags = posix_spawnattr_getflags,
		.getpgroup = posix_spawnattr_getpgroup,
		.getsigmask = posix_spawnattr_getsigmask,
		.getsigdefault = posix_spawnattr_getsigdefault,
	};

	return &getters;
}

/*
 * Helpers.
 */

static void report_descriptor(FILE *out, int fd)
{
	char path[64];
	char link[PATH_SIZE];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof link - 1);
	link[n < 0 ? 0 : n] = '\0';
	fprintf(out, "fd %d getfd %x getfl %x ", fd, fcntl(fd, F_GETFD), fcntl(fd, F_GETFL));
	/* Check's own file moves with each assertion, and O_TMPFILE has a new name each time. */
	if (strstr(link, " (deleted)"))
		fprintf(out, "deleted file\n");
	else
		fprintf(out, "%s offset %ld\n", link, (long)lseek(fd, 0, SEEK_CUR));
}

static void report_descriptors(FILE *out)
{
	DIR *dir = opendir("/proc/self/fd");
	bool open[1 << 16] = {false};
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && fd != dirfd(dir) && fd < 1 << 16)
			open[fd] = true;
	}
	if (dir)
		closedir(dir);
	for (int fd = 0; fd < 1 << 16; fd++)
		if (open[fd])
			report_descriptor(out, fd);
}

/* libc leaves the two signals that it uses itself ignored in the child; a kernel call does not, so
   they have a line of their own. */
static void report_status(FILE *out)
{
	const unsigned long internal = 3UL << 31;
	FILE *in = fopen("/proc/self/status", "re");
	char line[PATH_SIZE];

	while (in && fgets(line, sizeof line, in)) {
		if (!strncmp(line, "SigIgn:", 7)) {
			unsigned long ignored = strtoul(line + 7, NULL, 16);

			fprintf(out, "ignored %lx\n", ignored & ~internal);
			fprintf(out, "internal %lx\n", ignored & internal);
		}
		if (!strncmp(line, "SigBlk", 6) || !strncmp(line, "SigCgt", 6) ||
		    !strncmp(line, "SigPnd", 6) || !strncmp(line, "ShdPnd", 6) ||
		    !strncmp(line, "Uid:", 4) || !strncmp(line, "Gid:", 4))
			fputs(line, out);
	}
	if (in)
		fclose(in);
}

static int report(const char *path, char *argv[])
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	char cwd[PATH_SIZE];
	mode_t mask = umask(0);
	FILE *file;

	umask(mask);
	report_descriptors(out);
	report_status(out);
	fprintf(out, "cwd %s\numask %o\nparent %d group %d session %d\n",
		getcwd(cwd, sizeof cwd) ? cwd : "?", mask, getppid(), getpgrp(), getsid(0));
	for (; *argv; argv++)
		fprintf(out, "arg %s\n", *argv);
	for (char **e = environ; *e; e++)
		fprintf(out, "env %s\n", *e);
	fclose(out);
	file = fopen(path, "we");
	if (!file)
		return 99;
	fwrite(text, 1, size, file);
	fclose(file);
	free(text);
	return 0;
}

static int name(const char *path, char *argv[])
{
	FILE *out = fopen(path, "we");
	char *comm = fixture_read("/proc/self/comm");

	if (!out)
		return 99;
	fprintf(out, "%s %s", (const char *)getauxval(AT_EXECFN), comm);
	for (; *argv; argv++)
		fprintf(out, " %s", *argv);
	fclose(out);
	free(comm);
	return 0;
}

/* The next line; null at the end. */
static const char *next_line(char **rest, bool internal)
{
	const char *line;

	do
		line = strsep(rest, "\n");
	while (line && !internal && !strncmp(line, "internal", strlen("internal")));
	return line;
}

/* Line by line: Check cannot print long messages. */
void fixture_same_report(const char *a, const char *b, bool internal)
{
	char *copies[] = {strdup(a), strdup(b)};
	char *rest[] = {copies[0], copies[1]};
	const char *p;
	const char *q;

	do {
		p = next_line(&rest[0], internal);
		q = next_line(&rest[1], internal);
		ck_assert_pstr_eq(p, q);
	} while (p);
	free(copies[0]);
	free(copies[1]);
}

bool fixture_is_helper(int argc, char *argv[], int *status)
{
	if (argc < 3)
		return false;
	if (!strcmp(argv[1], "--report"))
		*status = report(argv[2], argv);
	else if (!strcmp(argv[1], "--exit"))
		*status = (int)strtol(argv[2], NULL, 10);
	else if (!strcmp(argv[1], "--name"))
		*status = name(argv[2], argv);
	else
		return false;
	return true;
}

char *fixture_read(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int c;

	while (in && (c = getc(in)) != EOF)
		putc(c, out);
	if (in)
		fclose(in);
	fclose(out);
	return text;
}

bool fixture_exited(pid_t pid, int status)
{
	int got = 0;

	return waitpid(pid, &got, 0) == pid && WIFEXITED(got) && WEXITSTATUS(got) == status;
}

/*
 * A place for programs.
 */

static char root[64]; /* "" unless we are root */
static char programs[PATH_SIZE];
static char scratch[PATH_SIZE];
static bool entered;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, text, strlen(text)) < 0)
			fprintf(stderr, "%s: %s\n", path, strerror(errno));
		close(fd);
	}
}

static bool make_directories(const char *where)
{
	snprintf(programs, sizeof programs, "%s/programs", where);
	snprintf(scratch, sizeof scratch, "%s/scratch", where);
	return !mkdir(programs, 0755) && !mkdir(scratch, 0755) && !chmod(scratch, 0777);
}

static bool enter_as_root(void)
{
	char dir[sizeof root + 8];

	snprintf(dir, sizeof dir, "%s/XXXXXX", root);
	return mkdtemp(dir) && !chmod(dir, 0755) && make_directories(dir) &&
	       !setresgid(NOBODY, NOBODY, 0) && !setresuid(NOBODY, NOBODY, 0);
}

static bool enter_as_user(void)
{
	char users[64];
	char groups[64];

	snprintf(users, sizeof users, "0 %d 1", (int)geteuid());
	snprintf(groups, sizeof groups, "0 %d 1", (int)getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return false;
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", users);
	write_file("/proc/self/gid_map", groups);
	return !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("tmpfs", "/usr/share", "tmpfs", 0, "mode=0755") &&
	       make_directories("/usr/share");
}

/* In the process of each test. */
static void enter(void)
{
	umask(022);
	entered = root[0] ? enter_as_root() : enter_as_user();
	if (!entered)
		fprintf(stderr,
			"not run: cannot make a program that is not this user's to write: %s\n",
			strerror(errno));
}

/* The leak checker that runs when the test is over wants to look at its own process. */
static void leave(void)
{
	if (root[0]) {
		ck_assert_int_eq(setresuid(0, 0, 0), 0);
		ck_assert_int_eq(setresgid(0, 0, 0), 0);
		ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	}
}

bool fixture_entered(void)
{
	return entered;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* In the test program itself, once for a case. */
static void make_root(void)
{
	if (geteuid() != 0)
		return;
	snprintf(root, sizeof root, "/tmp/spawn-template-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(chmod(root, 0755), 0);
}

static void remove_root(void)
{
	if (root[0])
		ck_assert_int_eq(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	root[0] = '\0';
}

TCase *fixture_case(Suite *suite, const char *name, double timeout)
{
	TCase *tcase = tcase_create(name);

	tcase_add_unchecked_fixture(tcase, make_root, remove_root);
	tcase_add_checked_fixture(tcase, enter, leave);
	tcase_set_timeout(tcase, timeout);
	suite_add_tcase(suite, tcase);
	return tcase;
}

const char *fixture_program(const char *name)
{
	static char path[2 * PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", programs, name);
	return path;
}

const char *fixture_scratch(const char *name)
{
	static char path[2 * PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", scratch, name);
	return path;
}

void fixture_modify_begin(void)
{
	if (root[0])
		ck_assert_int_eq(seteuid(0), 0);
}

void fixture_modify_end(void)
{
	if (root[0])
		ck_assert_int_eq(seteuid(NOBODY), 0);
}

void fixture_copy_helper(const char *path)
{
	char buf[1 << 16];
	int in;
	int out;
	ssize_t n;

	fixture_modify_begin();
	in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ck_assert_int_ge(in, 0);
	ck_assert_int_ge(out, 0);
	while ((n = read(in, buf, sizeof buf)) > 0)
		ck_assert_int_eq(write(out, buf, (size_t)n), n);
	ck_assert_int_eq(fchmod(out, 0755), 0);
	close(in);
	close(out);
	fixture_modify_end();
}

void fixture_install(const char *name)
{
	fixture_copy_helper(fixture_program(name));
}

void fixture_replace(const char *name)
{
	char temporary[2 * PATH_SIZE];

	snprintf(temporary, sizeof temporary, "%s/%s", programs, "replacement");
	fixture_copy_helper(temporary);
	fixture_modify_begin();
	ck_assert_int_eq(rename(temporary, fixture_program(name)), 0);
	fixture_modify_end();
}

void fixture_engine(struct kernel_engine *engine)
{
	*engine = (struct kernel_engine){
		.numbers = {.create = 472, .spawn = 473},
		.builders = fixture_builders(),
		.getters = fixture_getters(),
	};
}

struct cached fixture_entry(const char *path)
{
	struct cached entry = {.path_hash = cache_path_hash(path), .template_fd = -1};
	struct exe exe;

	ck_assert_int_eq(identity_of(AT_FDCWD, path, 0, &entry.id), 0);
	exe_look(AT_FDCWD, path, &exe);
	entry.kind = (uint16_t)exe.kind;
	return entry;
}
