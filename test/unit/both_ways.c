#include "both_ways.h"

#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/template/child.h"
#include "shim/template/kernel_calls.h"

static char self[PATH_MAX];
static const char *report;
posix_spawn_file_actions_t fa;
posix_spawnattr_t attr;
const char *child_fallback;
static int template_fd;
static char *const envp[] = {(char[]){"VALUE=1"}, NULL};

static void setup(void)
{
	const struct kernel_numbers nr = {0};
	struct spawn_template_create_args args = {
		.flags = SPAWN_TEMPLATE_CREATE_CLOEXEC,
		.execfd = -1,
		.filename = (uintptr_t)self,
	};

	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
	report = scratch_path("report");
	scratch_file("file", "0123456789", 10, 0644);
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	ck_assert_int_eq(mkdir("dir/sub", 0755), 0);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	/* 10: inherited, at an offset; 11: not inherited; 12: a directory. */
	ck_assert_int_eq(dup2(open("file", O_RDWR), 10), 10);
	ck_assert_int_eq(lseek(10, 4, SEEK_SET), 4);
	ck_assert_int_eq(dup3(open("file", O_RDONLY | O_APPEND), 11, O_CLOEXEC), 11);
	ck_assert_int_eq(dup3(open("dir", O_RDONLY), 12, O_CLOEXEC), 12);
	template_fd = (int)kernel_create(&nr, &args, sizeof args);
	ck_assert_int_ge(template_fd, 0);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
}

static void teardown(void)
{
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
}

struct outcome {
	int err;  /* of posix_spawn() */
	int left; /* errno after libc's, which was 0 */
	int status;
	char *text;
};

static struct outcome finish(int err, pid_t pid)
{
	struct outcome o = {.err = err, .status = -1};

	if (!err)
		ck_assert_int_eq(waitpid(pid, &o.status, 0), pid);
	o.text = fixture_read(report);
	unlink(report);
	return o;
}

static struct outcome by_libc(void)
{
	char *argv[] = {self, (char[]){"--report"}, (char *)(uintptr_t)report, NULL};
	pid_t pid = -1;
	struct outcome o;
	int err;
	int left;

	errno = 0;
	err = posix_spawn(&pid, self, &fa, &attr, argv, envp);
	left = errno;
	o = finish(err, pid);
	o.left = left;
	return o;
}

int error_by_libc(void)
{
	struct outcome o = by_libc();

	free(o.text);
	return o.err;
}

enum reason translate_these(struct translation *t)
{
	static struct action actions[ACTIONS_MAX];
	struct translate_context context;
	struct spawn_attributes attributes;
	ssize_t n = file_actions_read(&fa, actions, ACTIONS_MAX);
	uint64_t mask;
	sigset_t set;

	ck_assert_int_ge(n, 0);
	sigprocmask(SIG_BLOCK, NULL, &set);
	memcpy(&mask, &set, sizeof mask);
	spawn_attributes_read(fixture_getters(), &attr, &attributes);
	translate_context_here(&context, &attributes, mask);
	return translate(actions, (size_t)n, &attributes, &context, t);
}

static struct outcome by_kernel(void)
{
	const struct kernel_numbers nr = {0};
	char *argv[] = {self, (char[]){"--report"}, (char *)(uintptr_t)report, NULL};
	struct translation translation;
	int pidfd = -1;
	struct spawn_template_spawn_args args = {
		.flags = SPAWN_TEMPLATE_SPAWN_INHERIT_FDS,
		.pidfd = (uintptr_t)&pidfd,
		.argv = (uintptr_t)argv,
		.envp = (uintptr_t)envp,
		.actions = (uintptr_t)translation.actions,
	};
	sigset_t all;
	sigset_t old;
	long pid;

	ck_assert_int_eq(translate_these(&translation), REASON_NONE);
	args.actions_len = translation.count;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = kernel_spawn(&nr, template_fd, &args, sizeof args);
	sigprocmask(SIG_SETMASK, &old, NULL);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(close(pidfd), 0);
	return finish(0, (pid_t)pid);
}

static int status_of(int err)
{
	if (err == ENOENT)
		return 127;
	return err == EACCES || err == ENOEXEC ? 126 : 1;
}

int start_child_of(const char *path, struct child_result *result)
{
	char *argv[] = {self, (char[]){"--report"}, (char *)(uintptr_t)report, NULL};
	struct child_start start = {
		.path = path ? path : self,
		.argv = argv,
		.envp = envp,
		.file_actions = &fa,
		.fallback = child_fallback,
		.fallback_argv = argv,
	};

	spawn_attributes_read(fixture_getters(), &attr, &start.attributes);
	return child_start(&start, result);
}

void compare_child(int err)
{
	struct outcome libc;
	struct outcome child;
	struct child_result result = {0};
	int child_err;

	if (!child_is_like(gnu_get_libc_version()))
		return;
	child_err = start_child_of(NULL, &result);
	if (child_err == -ENOTSUP)
		return;
	child = finish(child_err, result.pid);
	libc = by_libc();
	ck_assert_int_eq(libc.err, err);
	ck_assert_int_eq(libc.left, result.errno_is);
	ck_assert_int_eq(child.err, err);
	ck_assert_int_eq(child.status, libc.status);
	ck_assert(err ? !*child.text : *child.text);
	fixture_same_report(child.text, libc.text, true);
	free(libc.text);
	free(child.text);
}

void compare(int err)
{
	struct outcome libc = by_libc();
	struct outcome kernel = by_kernel();

	compare_child(err);
	ck_assert_int_eq(libc.err, err);
	if (err) {
		ck_assert_str_eq(libc.text, "");
		ck_assert_str_eq(kernel.text, "");
		ck_assert(WIFEXITED(kernel.status));
		ck_assert_int_eq(WEXITSTATUS(kernel.status), status_of(err));
	} else {
		ck_assert_str_ne(kernel.text, "");
		ck_assert_int_eq(kernel.status, libc.status);
		ck_assert_int_eq(kernel.status, 0);
		fixture_same_report(kernel.text, libc.text, false);
	}
	free(libc.text);
	free(kernel.text);
}

TCase *both_ways_case(Suite *suite, const char *name)
{
	TCase *tcase = scratch_case(suite, name, 30);

	tcase_add_checked_fixture(tcase, setup, teardown);
	return tcase;
}
