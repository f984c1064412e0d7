/* Starts of the kernel engine that fail, and signals around starts. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_fixture.h"

static int by_libc(char *const argv[])
{
	pid_t pid = 0;
	int err = posix_spawn(&pid, program, file_actions, attributes, argv, some_env);

	if (!err)
		waitpid(pid, NULL, 0);
	return err;
}

/* Nothing is left of a failed start, and libc then gives the error. */
static void expect_failure(char *const argv[], int err)
{
	unsigned descriptors;
	sigset_t before;
	sigset_t after;

	sigprocmask(SIG_BLOCK, NULL, &before);
	ck_assert_int_eq(start_with(argv, some_env), REASON_FAILED);
	descriptors = scratch_descriptors();
	ck_assert_int_eq(start_with(argv, some_env), REASON_FAILED);
	ck_assert_uint_eq(scratch_descriptors(), descriptors);
	sigprocmask(SIG_BLOCK, NULL, &after);
	ck_assert_mem_eq(&before, &after, 8);
	expect_no_child();
	ck_assert_int_eq(by_libc(argv), err);
	ck_assert_int_eq(entry.template_verdict, 0);
	ck_assert_uint_eq(kernel_stub.children, 2);
}

START_TEST(failing_actions_are_told_by_libc)
{
	static const int errors[] = {ENOENT, EBADF, ENOTDIR, EISDIR, EBADF};
	char *argv[] = {(char[]){"tool"}, (char[]){"--exit"}, (char[]){"0"}, NULL};
	posix_spawn_file_actions_t fa;

	NEEDS_PROGRAM();
	posix_spawn_file_actions_init(&fa);
	switch (_i) {
	case 0:
		posix_spawn_file_actions_addopen(&fa, 0, "/nonexistent", O_RDONLY, 0);
		break;
	case 1:
		posix_spawn_file_actions_adddup2(&fa, 55, 1);
		break;
	case 2:
		posix_spawn_file_actions_addchdir_np(&fa, "/dev/null");
		break;
	case 3:
		posix_spawn_file_actions_addopen(&fa, 0, "/", O_WRONLY, 0);
		break;
	default:
		posix_spawn_file_actions_addfchdir_np(&fa, 55);
		break;
	}
	file_actions = &fa;
	expect_failure(argv, errors[_i]);
	posix_spawn_file_actions_destroy(&fa);
}
END_TEST

START_TEST(arguments_that_are_too_long_are_told_by_libc)
{
	static char huge[256 * 1024];
	char *argv[] = {(char[]){"tool"}, (char[]){"--exit"}, huge, NULL};

	NEEDS_PROGRAM();
	memset(huge, 'x', sizeof huge - 1);
	expect_failure(argv, E2BIG);
}
END_TEST

/* The kernel finds out only when it executes: the loader is missing. */
START_TEST(a_missing_loader_is_told_by_libc)
{
	static const char loader[] = "/lib64/ld-linux-x86-64.so.2";
	char *argv[] = {(char[]){"tool"}, (char[]){"--exit"}, (char[]){"0"}, NULL};
	static char head[4096];
	char *at;
	int fd;

	NEEDS_PROGRAM();
	fixture_modify_begin();
	fd = open(program, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, head, sizeof head, 0), (ssize_t)sizeof head);
	at = memmem(head, sizeof head, loader, sizeof loader);
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(pwrite(fd, "/LIB64", 6, at - head), 6);
	close(fd);
	fixture_modify_end();
	choose_program(fixture_program("tool"));
	expect_failure(argv, ENOENT);
}
END_TEST

/*
 * Signals.
 */

static volatile sig_atomic_t sigchlds;
static volatile sig_atomic_t sigusr1s;
static pid_t reaped;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		sigusr1s++;
	else
		sigchlds++;
}

static void reaping_handler(int sig)
{
	(void)sig;
	sigchlds++;
	reaped = waitpid(-1, NULL, WNOHANG);
}

START_TEST(one_sigchld_for_a_child_and_none_for_a_failure)
{
	posix_spawn_file_actions_t fa;

	NEEDS_PROGRAM();
	signal(SIGCHLD, on_signal);
	ck_assert_int_eq(start("--exit", "0"), REASON_NONE);
	while (!sigchlds)
		usleep(1000);
	expect_exit(0);
	ck_assert_int_eq(sigchlds, 1);

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, 55, 1);
	file_actions = &fa;
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(start("--exit", "0"), REASON_FAILED);
	ck_assert_int_eq(sigchlds, 1);
	posix_spawn_file_actions_destroy(&fa);
}
END_TEST

START_TEST(a_handler_that_reaps_everything_gets_every_child)
{
	NEEDS_PROGRAM();
	signal(SIGCHLD, reaping_handler);
	for (int i = 1; i <= 20; i++) {
		ck_assert_int_eq(start("--exit", "1"), REASON_NONE);
		while (sigchlds < i)
			usleep(1000);
		ck_assert_int_eq(reaped, result.pid);
		close(result.pidfd);
	}
	expect_no_child();
}
END_TEST

static void raise_usr1(void)
{
	kill(getpid(), SIGUSR1);
	ck_assert_int_eq(sigusr1s, 0);
}

START_TEST(signals_wait_until_the_start_is_over)
{
	sigset_t pending;

	NEEDS_PROGRAM();
	signal(SIGUSR1, on_signal);
	kernel_stub.before_spawn = raise_usr1;
	ck_assert_int_eq(start("--exit", "0"), REASON_NONE);
	ck_assert_int_eq(sigusr1s, 1);
	expect_exit(0);
	/* The kernel fills in only what it has signals for. */
	sigemptyset(&pending);
	sigpending(&pending);
	ck_assert(sigisemptyset(&pending));
}
END_TEST

START_TEST(what_was_pending_stays_pending)
{
	sigset_t set;
	sigset_t pending;

	NEEDS_PROGRAM();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_SETMASK, &set, NULL);
	kill(getpid(), SIGCHLD);
	kill(getpid(), SIGUSR1);
	expect_start();
	sigpending(&pending);
	ck_assert(sigismember(&pending, SIGCHLD) && sigismember(&pending, SIGUSR1));
}
END_TEST

int main(int argc, char *argv[])
{
	Suite *s;
	TCase *t;
	int status;

	if (fixture_is_helper(argc, argv, &status))
		return status;
	s = suite_create("kernel_failure");
	t = fixture_case(s, "failures", 60);
	tcase_add_checked_fixture(t, kernel_fixture_setup, NULL);
	tcase_add_loop_test(t, failing_actions_are_told_by_libc, 0, 5);
	tcase_add_test(t, arguments_that_are_too_long_are_told_by_libc);
	tcase_add_test(t, a_missing_loader_is_told_by_libc);
	tcase_add_test(t, one_sigchld_for_a_child_and_none_for_a_failure);
	tcase_add_test(t, a_handler_that_reaps_everything_gets_every_child);
	tcase_add_test(t, signals_wait_until_the_start_is_over);
	tcase_add_test(t, what_was_pending_stays_pending);
	return scratch_run(s);
}
