/*
 * The rules of spawn_template_create() and spawn_template_spawn().
 *
 * Here they are those of kernel_stub.c.  Linked with shim/template/kernel_calls.c instead, the same
 * tests ask a kernel, by the numbers in SPAWN_TEMPLATE_KERNEL_NR.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../old_libc.h"
#include "scratch.h"
#include "shim/template/kernel_calls.h"
#include "spawn_fixture.h"

static struct kernel_numbers nr = {472, 473};
static char self[PATH_MAX];
static struct spawn_template_create_args create;
static struct spawn_template_spawn_args spawn;
static char *arguments[] = {(char[]){"tool"}, (char[]){"--exit"}, (char[]){"3"}, NULL};
static char *environment[] = {NULL};
static int pidfd;

static void setup(void)
{
	kernel_numbers_parse(getenv("SPAWN_TEMPLATE_KERNEL_NR"), &nr);
	ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
	create = (struct spawn_template_create_args){
		.flags = SPAWN_TEMPLATE_CREATE_CLOEXEC,
		.execfd = -1,
		.filename = (uintptr_t)self,
	};
	pidfd = -1;
	spawn = (struct spawn_template_spawn_args){
		.flags = SPAWN_TEMPLATE_SPAWN_INHERIT_FDS,
		.pidfd = (uintptr_t)&pidfd,
		.argv = (uintptr_t)arguments,
		.envp = (uintptr_t)environment,
	};
}

static long do_create(void)
{
	return kernel_create(&nr, &create, sizeof create);
}

static int new_template(void)
{
	long fd = do_create();

	ck_assert_int_ge(fd, 0);
	ck_assert(kernel_is_template((int)fd));
	return (int)fd;
}

static long do_spawn(int fd)
{
	return kernel_spawn(&nr, fd, &spawn, sizeof spawn);
}

static void expect_status(int fd, int status)
{
	long pid = do_spawn(fd);

	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(fcntl(pidfd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(close(pidfd), 0);
	ck_assert(fixture_exited((pid_t)pid, status));
}

/*
 * create
 */

START_TEST(create_makes_a_template)
{
	int fd = new_template();

	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	create.flags = 0;
	ck_assert_int_eq(fcntl(new_template(), F_GETFD), 0);
	create.filename = 0;
	create.execfd = open(self, O_RDONLY | O_CLOEXEC);
	expect_status(new_template(), 3);
	ck_assert(!kernel_is_template(create.execfd));
	ck_assert(!kernel_is_template(-1));
}
END_TEST

START_TEST(create_wants_a_known_size)
{
	struct {
		struct spawn_template_create_args args;
		char more[8192];
	} larger = {.args = create};

	ck_assert_int_eq(kernel_create(&nr, NULL, 0), -EINVAL);
	ck_assert_int_eq(kernel_create(&nr, &create, sizeof create - 1), -EINVAL);
	ck_assert_int_ge(kernel_create(&nr, &larger.args, sizeof create + 8), 0);
	ck_assert_int_ge(kernel_create(&nr, &larger.args, 4096), 0);
	ck_assert_int_eq(kernel_create(&nr, &larger.args, 4097), -E2BIG);
	larger.more[7] = 1;
	ck_assert_int_eq(kernel_create(&nr, &larger.args, sizeof create + 8), -E2BIG);
	ck_assert_int_ge(kernel_create(&nr, &larger.args, sizeof create + 7), 0);
	ck_assert_int_eq(kernel_create(&nr, NULL, sizeof create), -EFAULT);
}
END_TEST

START_TEST(create_refuses_malformed_arguments)
{
	switch (_i) {
	case 0:
		create.flags |= 2;
		break;
	case 1:
		create.exec_flags = 1;
		break;
	case 2:
		create.actions = (uintptr_t)self;
		break;
	case 3:
		create.actions_len = 1;
		break;
	case 4:
		create.reserved[3] = 1;
		break;
	case 5:
		create.execfd = 0;
		break;
	case 6:
		create.filename = 0;
		break;
	default:
		create.filename = (uintptr_t) "bin/true";
		break;
	}
	ck_assert_int_eq(do_create(), -EINVAL);
}
END_TEST

START_TEST(create_wants_an_elf_program)
{
	static const char script[] = "#!/bin/sh\n";

	scratch_file("script", script, sizeof script - 1, 0755);
	scratch_file("data", script, sizeof script - 1, 0644);
	create.filename = (uintptr_t)scratch_path("script");
	ck_assert_int_eq(do_create(), -ENOEXEC);
	create.filename = (uintptr_t)scratch_path("data");
	ck_assert_int_eq(do_create(), -EACCES);
	create.filename = (uintptr_t) "/";
	ck_assert_int_eq(do_create(), -EACCES);
	create.filename = (uintptr_t) "/nonexistent";
	ck_assert_int_eq(do_create(), -ENOENT);
	create.filename = 0;
	create.execfd = 999;
	ck_assert_int_eq(do_create(), -EBADF);
}
END_TEST

/*
 * spawn
 */

START_TEST(spawn_starts_again_and_again)
{
	int fd = new_template();

	for (int i = 0; i < 3; i++)
		expect_status(fd, 3);
}
END_TEST

START_TEST(spawn_wants_a_template)
{
	int fd = new_template();

	ck_assert_int_eq(do_spawn(-1), -EBADF);
	ck_assert_int_eq(do_spawn(999), -EBADF);
	ck_assert_int_eq(do_spawn(0), -EINVAL);
	ck_assert_int_eq(kernel_spawn(&nr, fd, &spawn, sizeof spawn - 1), -EINVAL);
	ck_assert_int_eq(kernel_spawn(&nr, fd, &spawn, 4097), -E2BIG);
	spawn.pidfd = 0;
	ck_assert_int_eq(do_spawn(fd), -EINVAL);
	setup();
	spawn.flags |= 2;
	ck_assert_int_eq(do_spawn(fd), -EINVAL);
	setup();
	spawn.reserved[0] = 1;
	ck_assert_int_eq(do_spawn(fd), -EINVAL);
}
END_TEST

START_TEST(spawn_is_the_creators_alone)
{
	int fd = new_template();
	pid_t pid = fork();

	if (pid == 0)
		_exit(do_spawn(fd) == -EACCES ? 42 : 1);
	ck_assert(fixture_exited(pid, 42));
	expect_status(fd, 3);
}
END_TEST

START_TEST(spawn_sees_that_the_file_changed)
{
	int fd;

	fixture_copy_helper(scratch_path("tool"));
	create.filename = (uintptr_t)scratch_path("tool");
	fd = new_template();
	expect_status(fd, 3);
	usleep(20 * 1000);
	ck_assert_int_eq(chmod("tool", 0700), 0);
	ck_assert_int_eq(do_spawn(fd), -ESTALE);
	fd = new_template();
	ck_assert_int_eq(unlink("tool"), 0);
	ck_assert_int_eq(do_spawn(fd), -ENOENT);
}
END_TEST

/*
 * Actions
 */

static struct spawn_template_action actions[SPAWN_TEMPLATE_MAX_ACTIONS + 1];
static const uint64_t some_signals = 1ULL << (SIGUSR1 - 1);
static struct spawn_template_sigset set = {
	.sigset = (uintptr_t)&some_signals,
	.sigsetsize = sizeof some_signals,
};
static struct spawn_template_open null_device = {.path = (uintptr_t) "/dev/null"};

static void use(size_t n)
{
	spawn.actions = (uintptr_t)actions;
	spawn.actions_len = n;
}

#define ACTION(t, f, from, to, a) \
	{ \
		.type = SPAWN_TEMPLATE_ACTION_##t, .flags = (f), .fd = (from), .newfd = (to), \
		.arg = (a) \
	}

START_TEST(malformed_actions_are_refused_before_anything_happens)
{
	const uintptr_t open = (uintptr_t)&null_device;
	const uintptr_t signals = (uintptr_t)&set;
	const struct spawn_template_action bad[] = {
		ACTION(CLOSE, 0, -1, 0, 0),
		ACTION(CLOSE, 1, 0, 0, 0),
		ACTION(CLOSE, 0, 0, 1, 0),
		ACTION(CLOSE, 0, 0, 0, 1),
		ACTION(DUP2, 0, -1, 0, 0),
		ACTION(DUP2, 0, 0, -1, 0),
		ACTION(DUP2, O_NONBLOCK, 0, 5, 0),
		ACTION(DUP2, 0, 0, 5, 1),
		ACTION(FCHDIR, 0, -1, 0, 0),
		ACTION(FCHDIR, 0, 0, 1, 0),
		ACTION(OPEN, 0, AT_FDCWD - 1, 5, open),
		ACTION(OPEN, 0, AT_FDCWD, -1, open),
		ACTION(OPEN, 1, AT_FDCWD, 5, open),
		ACTION(OPEN, 0, AT_FDCWD, 5, 0),
		ACTION(CLOSE_RANGE, 0, -1, 5, 0),
		ACTION(CLOSE_RANGE, 0, 5, 4, 0),
		ACTION(CLOSE_RANGE, 0, 5, -2, 0),
		ACTION(CLOSE_RANGE, 8, 5, 6, 0),
		ACTION(CLOSE_RANGE, 0, 5, 6, 1),
		ACTION(SIGMASK, 0, 0, 0, 0),
		ACTION(SIGMASK, 0, 1, 0, signals),
		ACTION(SIGDEFAULT, 0, 0, 1, signals),
		ACTION(SIGDEFAULT, 1, 0, 0, signals),
		{.type = 7},
	};
	int fd = new_template();

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		actions[0] = bad[i];
		use(1);
		ck_assert_msg(do_spawn(fd) == -EINVAL, "action %zu is accepted", i);
	}
	set.sigsetsize = 4;
	actions[0] = (struct spawn_template_action)ACTION(SIGMASK, 0, 0, 0, signals);
	ck_assert_int_eq(do_spawn(fd), -EINVAL);
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
}
END_TEST

START_TEST(there_may_be_many_actions_but_not_too_many)
{
	int fd = new_template();

	for (size_t i = 0; i < SPAWN_TEMPLATE_MAX_ACTIONS + 1; i++)
		actions[i] = (struct spawn_template_action)ACTION(DUP2, 0, 0, 20, 0);
	use(SPAWN_TEMPLATE_MAX_ACTIONS);
	expect_status(fd, 3);
	use(SPAWN_TEMPLATE_MAX_ACTIONS + 1);
	ck_assert_int_eq(do_spawn(fd), -E2BIG);
}
END_TEST

START_TEST(a_failed_action_is_an_exit_status)
{
	static struct spawn_template_open missing = {.path = (uintptr_t) "/nonexistent"};
	static struct spawn_template_open directory = {.path = (uintptr_t) "/",
						       .how = {.flags = O_WRONLY}};
	const struct {
		struct spawn_template_action action;
		int status;
	} failing[] = {
		{ACTION(CLOSE, 0, 99, 0, 0), 1},
		{ACTION(DUP2, 0, 99, 99, 0), 1},
		{ACTION(FCHDIR, 0, 99, 0, 0), 1},
		{ACTION(OPEN, 0, AT_FDCWD, 5, (uintptr_t)&missing), 127},
		{ACTION(OPEN, 0, AT_FDCWD, 5, (uintptr_t)&directory), 1},
	};

	actions[0] = failing[_i].action;
	use(1);
	expect_status(new_template(), failing[_i].status);
}
END_TEST

static char *reported(int fd)
{
	char *text;

	arguments[1] = (char[]){"--report"};
	arguments[2] = (char[]){"report"};
	expect_status(fd, 0);
	text = fixture_read("report");
	ck_assert_str_ne(text, "");
	return text;
}

START_TEST(actions_are_carried_out_in_order)
{
	int fd = new_template();
	char *text;

	ck_assert_int_eq(dup3(0, 30, O_CLOEXEC), 30);
	actions[0] = (struct spawn_template_action)ACTION(OPEN, 0, AT_FDCWD, 20,
							  (uintptr_t)&null_device);
	actions[1] = (struct spawn_template_action)ACTION(DUP2, 0, 20, 21, 0);
	actions[2] = (struct spawn_template_action)ACTION(DUP2, O_CLOEXEC, 20, 22, 0);
	actions[3] = (struct spawn_template_action)ACTION(CLOSE, 0, 20, 0, 0);
	/* To itself: FD_CLOEXEC stays as it is. */
	actions[4] = (struct spawn_template_action)ACTION(DUP2, 0, 30, 30, 0);
	actions[5] = (struct spawn_template_action)ACTION(DUP2, 0, 21, 40, 0);
	actions[6] =
		(struct spawn_template_action)ACTION(CLOSE_RANGE, CLOSE_RANGE_CLOEXEC, 40, -1, 0);
	actions[7] = (struct spawn_template_action)ACTION(SIGMASK, 0, 0, 0, (uintptr_t)&set);
	signal(SIGUSR1, SIG_IGN);
	actions[8] = (struct spawn_template_action)ACTION(SIGDEFAULT, 0, 0, 0, (uintptr_t)&set);
	use(9);
	text = reported(fd);
	ck_assert_ptr_null(strstr(text, "\nfd 20 "));
	ck_assert_ptr_nonnull(strstr(text, "\nfd 21 getfd 0 "));
	ck_assert_ptr_null(strstr(text, "\nfd 22 "));
	ck_assert_ptr_null(strstr(text, "\nfd 30 "));
	ck_assert_ptr_null(strstr(text, "\nfd 40 "));
	ck_assert_ptr_nonnull(strstr(text, "SigBlk:\t0000000000000200\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nignored 0\n"));
	free(text);
}
END_TEST

START_TEST(descriptors_are_closed_unless_they_are_to_be_inherited)
{
	int fd = new_template();
	char *text;

	ck_assert_int_eq(dup2(0, 30), 30);
	text = reported(fd);
	ck_assert_ptr_nonnull(strstr(text, "\nfd 30 "));
	free(text);
	spawn.flags = 0;
	text = reported(fd);
	ck_assert_ptr_nonnull(strstr(text, "\nfd 2 "));
	ck_assert_ptr_null(strstr(text, "\nfd 3 "));
	ck_assert_ptr_null(strstr(text, "\nfd 30 "));
	free(text);
}
END_TEST

int main(int argc, char *argv[])
{
	Suite *s;
	TCase *t;
	int status;

	if (fixture_is_helper(argc, argv, &status))
		return status;
	s = suite_create("kernel_abi");
	t = scratch_case(s, "create", 20);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, create_makes_a_template);
	tcase_add_test(t, create_wants_a_known_size);
	tcase_add_loop_test(t, create_refuses_malformed_arguments, 0, 8);
	tcase_add_test(t, create_wants_an_elf_program);
	t = scratch_case(s, "spawn", 20);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, spawn_starts_again_and_again);
	tcase_add_test(t, spawn_wants_a_template);
	tcase_add_test(t, spawn_is_the_creators_alone);
	tcase_add_test(t, spawn_sees_that_the_file_changed);
	t = scratch_case(s, "actions", 20);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, malformed_actions_are_refused_before_anything_happens);
	tcase_add_test(t, there_may_be_many_actions_but_not_too_many);
	tcase_add_loop_test(t, a_failed_action_is_an_exit_status, 0, 5);
	tcase_add_test(t, actions_are_carried_out_in_order);
	tcase_add_test(t, descriptors_are_closed_unless_they_are_to_be_inherited);
	return scratch_run(s);
}
