/* Translations that depend on this process: its limits, its files, its signals. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "both_ways.h"

/*
 * Sequences that are left to libc because of what is found here.
 */

START_TEST(paths_whose_opening_shows_are_refused)
{
	struct translation t;
	static const char *const paths[] = {"fifo", "loop", "file/x", "/dev/ptmx"};

	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ADD(open, 0, paths[_i], O_RDWR, 0);
	ck_assert_int_eq(translate_these(&t), REASON_FILE_ACTIONS);
}
END_TEST

static void set_limit(rlim_t n)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(a_full_table_is_no_obstacle_to_open)
{
	set_limit(20);
	while (dup(0) >= 0)
		;
	ck_assert_int_eq(errno, EMFILE);
	ADD(open, 15, "/dev/null", O_RDONLY, 0);
	ADD(dup2, 15, 3);
	/* The tests' own way to hand the result over needs two numbers. */
	ADD(close, 18);
	ADD(close, 19);
	ck_assert_int_eq(close(19), 0);
	compare(0);
}
END_TEST

START_TEST(a_full_table_has_no_spare)
{
	struct translation t;

	set_limit(20);
	while (dup(0) >= 0)
		;
	ADD(chdir_np, "/");
	ck_assert_int_eq(translate_these(&t), REASON_FILE_ACTIONS);
	set_limit(100); /* for those that look for leaks afterwards */
}
END_TEST

START_TEST(numbers_beyond_a_lowered_limit_are_refused)
{
	struct translation t;

	ADD(close, 200);
	set_limit(100);
	ck_assert_int_eq(error_by_libc(), EBADF);
	ck_assert_int_eq(translate_these(&t), REASON_FILE_ACTIONS);
}
END_TEST

/*
 * Signals.
 */

static void on_signal(int sig)
{
	(void)sig;
}

START_TEST(signal_state_is_the_same)
{
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_SETMASK, &set, NULL);
	if (_i & 1) {
		sigemptyset(&set);
		sigaddset(&set, SIGALRM);
		posix_spawnattr_setsigmask(&attr, &set);
	}
	if (_i & 2) {
		sigemptyset(&set);
		sigaddset(&set, SIGPIPE);
		posix_spawnattr_setsigdefault(&attr, &set);
	}
	posix_spawnattr_setflags(&attr, (short)((_i & 1 ? POSIX_SPAWN_SETSIGMASK : 0) |
						(_i & 2 ? POSIX_SPAWN_SETSIGDEF : 0)));
	ADD(dup2, 10, 3);
	compare(0);
}
END_TEST

START_TEST(every_signal_can_be_masked_and_defaulted)
{
	sigset_t all;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		signal(sig, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	memset(&all, 0xff, sizeof all);
	posix_spawnattr_setsigmask(&attr, &all);
	sigfillset(&all);
	if (_i)
		posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | (_i ? POSIX_SPAWN_SETSIGDEF : 0));
	compare(0);
}
END_TEST

int main(int argc, char *argv[])
{
	Suite *s;
	TCase *t;
	int status;

	if (fixture_is_helper(argc, argv, &status))
		return status;
	s = suite_create("translate_here");
	t = both_ways_case(s, "this process");
	tcase_add_loop_test(t, paths_whose_opening_shows_are_refused, 0, 4);
	tcase_add_test(t, a_full_table_is_no_obstacle_to_open);
	tcase_add_test(t, a_full_table_has_no_spare);
	tcase_add_test(t, numbers_beyond_a_lowered_limit_are_refused);
	tcase_add_loop_test(t, signal_state_is_the_same, 0, 4);
	tcase_add_loop_test(t, every_signal_can_be_masked_and_defaulted, 0, 2);
	return scratch_run(s);
}
