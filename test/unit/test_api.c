/* libspawn_template on the emulated calls.  Its built-in numbers are 472,473 here. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_fixture.h"
#include "spawn_template.h"

static struct st_template *t;

static void setup(void)
{
	unsetenv("SPAWN_TEMPLATE");
	unsetenv("SPAWN_TEMPLATE_KERNEL_NR");
	kernel_fixture_setup();
	if (fixture_entered())
		ck_assert_int_eq(st_template_open(&t, program), 0);
}

static void teardown(void)
{
	st_template_close(t);
}

static int spawn(const char *status, pid_t *pid)
{
	char *argv[] = {(char[]){"tool"}, (char[]){"--exit"}, (char *)(uintptr_t)status, NULL};

	return st_template_spawn(t, pid, NULL, NULL, argv, some_env);
}

static void expect_spawn(const char *engine_name, const char *reason)
{
	pid_t pid;

	ck_assert_int_eq(spawn("9", &pid), 0);
	ck_assert(fixture_exited(pid, 9));
	ck_assert_str_eq(st_template_engine(t), engine_name);
	ck_assert_str_eq(st_template_reason(t), reason);
}

START_TEST(the_version_is_the_projects)
{
	ck_assert_str_eq(st_version(), ST_TEST_VERSION);
}
END_TEST

/*
 * Open.
 */

static void expect_error(const char *path, int err)
{
	struct st_template *none = (void *)&t;

	errno = 1234;
	ck_assert_int_eq(st_template_open(&none, path), err);
	ck_assert_ptr_eq(none, &t);
	ck_assert_int_eq(errno, 1234);
}

START_TEST(what_cannot_be_executed_cannot_be_opened)
{
	static char longest[PATH_MAX + 10];
	const char *file = scratch_path("file");

	memset(longest, 'x', sizeof longest - 1);
	scratch_file(file, "x", 1, 0644);
	ck_assert_int_eq(symlink("loop", scratch_path("loop")), 0);
	expect_error("/nonexistent", ENOENT);
	expect_error("", ENOENT);
	expect_error("/", EACCES);
	expect_error("/dev/null", EACCES);
	expect_error(file, EACCES);
	expect_error("file/x", ENOTDIR);
	expect_error("loop", ELOOP);
	expect_error(longest, ENAMETOOLONG);
	expect_error(NULL, EINVAL);
	ck_assert_int_eq(st_template_open(NULL, "/bin/true"), EINVAL);
	st_template_close(NULL);
}
END_TEST

START_TEST(a_relative_path_is_that_of_now)
{
	struct st_template *here;
	char *argv[] = {(char[]){"tool"}, NULL};
	pid_t pid;

	scratch_file("tool", "#!/bin/sh\nexit 33\n", 18, 0755);
	errno = 1234;
	ck_assert_int_eq(st_template_open(&here, "tool"), 0);
	ck_assert_int_eq(errno, 1234);
	ck_assert_str_eq(st_template_path(here), scratch_path("tool"));
	ck_assert_str_eq(st_template_engine(here), "none");
	ck_assert_str_eq(st_template_reason(here), "none");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(st_template_spawn(here, &pid, NULL, NULL, argv, some_env), 0);
	ck_assert(fixture_exited(pid, 33));
	ck_assert_str_eq(st_template_engine(here), "libc");
	ck_assert_str_eq(st_template_reason(here), "script");
	st_template_close(here);

	ck_assert_int_eq(st_template_open(&here, "bin/true"), 0);
	ck_assert_str_eq(st_template_path(here), "/bin/true");
	st_template_close(here);
}
END_TEST

START_TEST(a_directory_that_is_gone_has_no_path)
{
	ck_assert_int_eq(mkdir("gone", 0755), 0);
	ck_assert_int_eq(chdir("gone"), 0);
	ck_assert_int_eq(rmdir("../gone"), 0);
	expect_error("tool", ENOENT);
}
END_TEST

/*
 * Spawn.
 */

START_TEST(starts_by_the_kernel)
{
	unsigned descriptors = scratch_descriptors();

	NEEDS_PROGRAM();
	expect_spawn("kernel", "none");
	expect_spawn("kernel", "none");
	ck_assert_uint_eq(kernel_stub.create_calls, 3);
	ck_assert_uint_eq(scratch_descriptors(), descriptors + 1);
	st_template_close(t);
	t = NULL;
	ck_assert_uint_eq(scratch_descriptors(), descriptors);
}
END_TEST

START_TEST(the_process_id_is_optional)
{
	int status;

	NEEDS_PROGRAM();
	ck_assert_int_eq(spawn("5", NULL), 0);
	ck_assert_int_gt(waitpid(-1, &status, 0), 0);
	ck_assert_int_eq(WEXITSTATUS(status), 5);
}
END_TEST

START_TEST(the_environment_chooses)
{
	static const struct {
		const char *value, *engine, *reason;
	} choices[] = {
		{"off", "libc", "off"},         {"image", "libc", "no-engine"},
		{"auto", "kernel", "none"},     {"kernel", "kernel", "none"},
		{"nonsense", "kernel", "none"},
	};

	NEEDS_PROGRAM();
	setenv("SPAWN_TEMPLATE", choices[_i].value, 1);
	expect_spawn(choices[_i].engine, choices[_i].reason);
	if (!strcmp(choices[_i].engine, "libc"))
		ck_assert_uint_eq(kernel_stub.create_calls, 0);
}
END_TEST

START_TEST(without_the_calls_it_is_libc)
{
	NEEDS_PROGRAM();
	kernel_stub.mode = STUB_ABSENT;
	expect_spawn("libc", "no-engine");
	expect_spawn("libc", "no-engine");
	ck_assert_uint_eq(kernel_stub.create_calls, 1);
}
END_TEST

START_TEST(errors_are_those_of_posix_spawn)
{
	posix_spawn_file_actions_t fa;
	char *argv[] = {(char[]){"tool"}, NULL};
	pid_t pid = 77;

	NEEDS_PROGRAM();
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, 55, 1);
	ck_assert_int_eq(st_template_spawn(t, &pid, &fa, NULL, argv, some_env), EBADF);
	ck_assert_str_eq(st_template_engine(t), "libc");
	ck_assert_str_eq(st_template_reason(t), "failed");
	posix_spawn_file_actions_destroy(&fa);
	fixture_modify_begin();
	ck_assert_int_eq(unlink(program), 0);
	fixture_modify_end();
	ck_assert_int_eq(spawn("0", &pid), ENOENT);
	ck_assert_int_eq(pid, 77);
	expect_no_child();
}
END_TEST

START_TEST(a_replaced_file_is_started_as_what_it_is_now)
{
	static const char script[] = "#!/bin/sh\nexit 44\n";
	unsigned descriptors;
	pid_t pid;

	NEEDS_PROGRAM();
	expect_spawn("kernel", "none");
	descriptors = scratch_descriptors();
	fixture_replace("tool");
	expect_spawn("kernel", "none");
	ck_assert_uint_eq(scratch_descriptors(), descriptors);
	fixture_modify_begin();
	scratch_file(program, script, sizeof script - 1, 0755);
	fixture_modify_end();
	ck_assert_int_eq(spawn("9", &pid), 0);
	ck_assert(fixture_exited(pid, 44));
	ck_assert_str_eq(st_template_engine(t), "libc");
	ck_assert_str_eq(st_template_reason(t), "script");
	ck_assert_uint_eq(scratch_descriptors(), descriptors - 1);
}
END_TEST

START_TEST(a_fork_goes_on_with_it)
{
	unsigned descriptors;
	pid_t pid;

	NEEDS_PROGRAM();
	expect_spawn("kernel", "none");
	descriptors = scratch_descriptors();
	pid = fork();
	if (pid == 0) {
		expect_spawn("kernel", "none");
		ck_assert_uint_eq(scratch_descriptors(), descriptors);
		st_template_close(t);
		_exit(scratch_descriptors() == descriptors - 1 ? 42 : 1);
	}
	ck_assert(fixture_exited(pid, 42));
	expect_spawn("kernel", "none");
	ck_assert_uint_eq(kernel_stub.create_calls, 3);
}
END_TEST

enum { THREADS = 6, STARTS = 25 };
static atomic_bool failed;

static void *start_many(void *arg)
{
	for (int i = 0; i < STARTS; i++) {
		pid_t pid;

		if (spawn("3", &pid) || !fixture_exited(pid, 3))
			failed = true;
	}
	return arg;
}

START_TEST(threads_share_it)
{
	unsigned descriptors = scratch_descriptors();
	pthread_t threads[THREADS];

	NEEDS_PROGRAM();
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, start_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert(!failed);
	expect_no_child();
	ck_assert_uint_le(scratch_descriptors(), descriptors + 1);
	st_template_close(t);
	t = NULL;
	ck_assert_uint_eq(scratch_descriptors(), descriptors);
}
END_TEST

/*
 * The system calls.
 */

START_TEST(the_calls_need_to_be_named)
{
	const struct spawn_template_create_args args = {.execfd = -1};

	if (_i)
		setenv("SPAWN_TEMPLATE_KERNEL_NR", "473", 1);
	errno = 0;
	ck_assert_int_eq(spawn_template_create(&args, sizeof args), -1);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_eq(spawn_template_spawn(0, NULL, 0), -1);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_uint_eq(kernel_stub.create_calls, 0);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 0);
}
END_TEST

START_TEST(the_calls_work_as_in_their_manual)
{
	char *argv[] = {(char[]){"tool"}, (char[]){"--exit"}, (char[]){"6"}, NULL};
	int pidfd = -1;
	struct spawn_template_create_args create = {.execfd = -1};
	struct spawn_template_spawn_args args = {
		.pidfd = (uintptr_t)&pidfd,
		.argv = (uintptr_t)argv,
		.envp = (uintptr_t)some_env,
	};
	int fd;
	pid_t pid;

	NEEDS_PROGRAM();
	setenv("SPAWN_TEMPLATE_KERNEL_NR", "472,473", 1);
	ck_assert_int_eq(spawn_template_create(&create, sizeof create), -1);
	ck_assert_int_eq(errno, EINVAL);
	if (_i)
		create.execfd = open(program, O_RDONLY | O_CLOEXEC);
	else
		create.filename = (uintptr_t)program;
	fd = spawn_template_create(&create, sizeof create);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
	pid = spawn_template_spawn(fd, &args, sizeof args);
	ck_assert_int_gt(pid, 0);
	ck_assert(fixture_exited(pid, 6));
	ck_assert_int_eq(close(pidfd), 0);
	ck_assert_int_eq(spawn_template_spawn(fd, &args, sizeof args - 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(spawn_template_spawn(999, &args, sizeof args), -1);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

int main(int argc, char *argv[])
{
	Suite *s;
	TCase *open;
	TCase *spawn_case;
	int status;

	if (fixture_is_helper(argc, argv, &status))
		return status;
	s = suite_create("api");
	open = scratch_case(s, "open", 20);
	tcase_add_test(open, the_version_is_the_projects);
	tcase_add_test(open, what_cannot_be_executed_cannot_be_opened);
	tcase_add_test(open, a_relative_path_is_that_of_now);
	tcase_add_test(open, a_directory_that_is_gone_has_no_path);
	spawn_case = fixture_case(s, "spawn", 60);
	tcase_add_checked_fixture(spawn_case, setup, teardown);
	tcase_add_test(spawn_case, starts_by_the_kernel);
	tcase_add_test(spawn_case, the_process_id_is_optional);
	tcase_add_loop_test(spawn_case, the_environment_chooses, 0, 5);
	tcase_add_test(spawn_case, without_the_calls_it_is_libc);
	tcase_add_test(spawn_case, errors_are_those_of_posix_spawn);
	tcase_add_test(spawn_case, a_replaced_file_is_started_as_what_it_is_now);
	tcase_add_test(spawn_case, a_fork_goes_on_with_it);
	tcase_add_test(spawn_case, threads_share_it);
	tcase_add_loop_test(spawn_case, the_calls_need_to_be_named, 0, 2);
	tcase_add_loop_test(spawn_case, the_calls_work_as_in_their_manual, 0, 2);
	return scratch_run(s);
}
