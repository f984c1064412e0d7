/* The kernel engine's starts, on the emulated calls. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_fixture.h"
#include "shim/template/translate.h"

/*
 * Numbers.
 */

START_TEST(numbers_are_two_different_decimals)
{
	struct kernel_numbers nr;

	ck_assert(kernel_numbers_parse("472,473", &nr));
	ck_assert_int_eq(nr.create, 472);
	ck_assert_int_eq(nr.spawn, 473);
	ck_assert(kernel_numbers_parse("4095,463", &nr));
	ck_assert_int_eq(nr.create, 4095);
	ck_assert_int_eq(nr.spawn, 463);
}
END_TEST

START_TEST(nonsense_is_no_numbers)
{
	static const char *const texts[] = {
		"",
		",",
		"472",
		"472,",
		",473",
		"472,472",
		"0,501",
		"501,0",
		"4096,501",
		"501,4096",
		"-501,502",
		"+501,502",
		" 501,502",
		"501, 502",
		"501,502 ",
		"501,502,503",
		"501;502",
		"0x501,502",
		"501,502x",
		"a,b",
		"0472,473",
		"501,0502",
		"99999999999999999999,501",
		"501,18446744073709552118",
		"501.5,502",
		"501,502\n",
		/* Those of other calls: fork(2), exit_group(2), one of Linux 6.10. */
		"57,58",
		"472,231",
		"462,473",
	};
	struct kernel_numbers nr = {7, 8};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		ck_assert_msg(!kernel_numbers_parse(texts[i], &nr), "accepted: %s", texts[i]);
	ck_assert(!kernel_numbers_parse(NULL, &nr));
	ck_assert_int_eq(nr.create, 7);
	ck_assert_int_eq(nr.spawn, 8);
}
END_TEST

/*
 * Verification.
 */

START_TEST(the_calls_are_asked_twice_and_once_only)
{
	for (int i = 0; i < 3; i++)
		ck_assert(kernel_engine_available(&engine));
	ck_assert_uint_eq(kernel_stub.create_calls, 2);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 0);
}
END_TEST

START_TEST(a_wrong_answer_is_the_last_call)
{
	static const struct {
		enum stub_mode mode;
		unsigned calls;
	} others[] = {
		{STUB_ABSENT, 1},
		{STUB_FORBIDDEN, 1},
		{STUB_SUCCEEDS, 1},
		{STUB_LAX, 2},
	};

	kernel_stub.mode = others[_i].mode;
	ck_assert(!kernel_engine_available(&engine));
	ck_assert_uint_eq(kernel_stub.create_calls, others[_i].calls);
	kernel_stub.mode = STUB_TEMPLATES;
	ck_assert(!kernel_engine_available(&engine));
	choose_program("/bin/true");
	ck_assert_int_eq(start("--exit", "0"), REASON_NO_ENGINE);
	ck_assert_uint_eq(kernel_stub.create_calls, others[_i].calls);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 0);
}
END_TEST

START_TEST(without_numbers_nothing_is_called)
{
	static const struct kernel_numbers none[] = {{0, 0}, {472, 0}, {0, 473}};

	engine.numbers = none[_i];
	ck_assert(!kernel_engine_available(&engine));
	ck_assert_uint_eq(kernel_stub.create_calls, 0);
}
END_TEST

START_TEST(a_descriptor_that_is_no_template_is_left_alone)
{
	unsigned descriptors;

	NEEDS_PROGRAM();
	kernel_stub.mode = STUB_NO_TEMPLATES;
	ck_assert(kernel_engine_available(&engine));
	descriptors = scratch_descriptors();
	ck_assert_int_eq(start("--exit", "0"), REASON_NO_ENGINE);
	ck_assert_uint_eq(kernel_stub.create_calls, 3);
	ck_assert_uint_eq(scratch_descriptors(), descriptors + 1);
	ck_assert_int_eq(start("--exit", "0"), REASON_NO_ENGINE);
	ck_assert(!kernel_engine_available(&engine));
	ck_assert_uint_eq(kernel_stub.create_calls, 3);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 0);
}
END_TEST

static int ask_in_another_namespace(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID)) {
		fprintf(stderr, "not run: unshare: %s\n", strerror(errno));
		return 42;
	}
	pid = fork();
	if (pid == 0)
		_exit(kernel_engine_available(&engine) || kernel_stub.create_calls ? 1 : 42);
	return fixture_exited(pid, 42) ? 42 : 1;
}

/* /proc of another pid namespace names other processes, or none, by our pids. */
START_TEST(another_proc_is_no_proc)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(ask_in_another_namespace());
	ck_assert(fixture_exited(pid, 42));
}
END_TEST

/*
 * Starts that work.
 */

START_TEST(starts_and_keeps_the_template)
{
	unsigned descriptors = scratch_descriptors();
	int fd;

	NEEDS_PROGRAM();
	ck_assert_int_eq(start("--exit", "7"), REASON_NONE);
	ck_assert(changed);
	ck_assert_int_eq(fcntl(result.pidfd, F_GETFD), FD_CLOEXEC);
	expect_exit(7);
	fd = entry.template_fd;
	ck_assert_int_ge(fd, 64);
	ck_assert_int_eq(entry.template_owner, getpid());
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_uint_eq(scratch_descriptors(), descriptors + 1);

	ck_assert_int_eq(start("--exit", "8"), REASON_NONE);
	ck_assert(!changed);
	expect_exit(8);
	ck_assert_int_eq(entry.template_fd, fd);
	ck_assert_uint_eq(kernel_stub.create_calls, 3);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 2);
	ck_assert_uint_eq(scratch_descriptors(), descriptors + 1);
}
END_TEST

START_TEST(a_status_like_that_of_a_failure_is_none)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {{"1", 1}, {"126", 126}, {"127", 127}};

	NEEDS_PROGRAM();
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(start("--exit", cases[_i].text), REASON_NONE);
		expect_exit(cases[_i].status);
	}
}
END_TEST

static char *told_by(const char *option)
{
	char *text;

	ck_assert_int_eq(start(option, fixture_scratch("told")), REASON_NONE);
	expect_exit(0);
	text = fixture_read(fixture_scratch("told"));
	ck_assert_int_eq(unlink(fixture_scratch("told")), 0);
	return text;
}

static char *told_by_libc(const char *option)
{
	char *argv[] = {(char[]){"tool"}, (char *)(uintptr_t)option,
			(char *)(uintptr_t)fixture_scratch("told"), NULL};
	pid_t pid;
	char *text;

	ck_assert_int_eq(posix_spawn(&pid, program, NULL, NULL, argv, some_env), 0);
	ck_assert(fixture_exited(pid, 0));
	text = fixture_read(fixture_scratch("told"));
	ck_assert_int_eq(unlink(fixture_scratch("told")), 0);
	return text;
}

static void on_signal(int sig)
{
	(void)sig;
}

START_TEST(the_program_cannot_tell)
{
	static const char *const options[] = {"--name", "--report"};
	char *kernel;
	char *libc;
	sigset_t set;

	NEEDS_PROGRAM();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, on_signal);
	/* The template's descriptor, too, is there in both cases. */
	expect_start();
	kernel = told_by(options[_i]);
	libc = told_by_libc(options[_i]);
	ck_assert_str_ne(kernel, "");
	fixture_same_report(kernel, libc, false);
	free(kernel);
	free(libc);
}
END_TEST

START_TEST(null_arguments_and_environment)
{
	char *argv[] = {(char[]){"tool"}, (char[]){"--report"},
			(char *)(uintptr_t)fixture_scratch("told"), NULL};
	char *text;

	NEEDS_PROGRAM();
	ck_assert_int_eq(start_with(argv, NULL), REASON_NONE);
	expect_exit(0);
	text = fixture_read(fixture_scratch("told"));
	ck_assert_ptr_nonnull(strstr(text, "\narg tool\n"));
	ck_assert_ptr_null(strstr(text, "\nenv "));
	free(text);
	/* Without an argument the helper would not know that it is one. */
	choose_program("/bin/true");
	if (start_with(NULL, NULL) == REASON_NONE)
		expect_exit(0);
	else
		ck_assert_uint_eq(entry.template_verdict, REASON_WRITABLE);
}
END_TEST

START_TEST(file_actions_and_attributes_are_carried_out)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t set;
	char *text;

	NEEDS_PROGRAM();
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 30, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addchdir_np(&fa, "/usr");
	posix_spawnattr_init(&attr);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	posix_spawnattr_setsigmask(&attr, &set);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	file_actions = &fa;
	attributes = &attr;
	text = told_by("--report");
	ck_assert_ptr_nonnull(strstr(text, "\nfd 30 getfd 0 getfl 8000 /dev/null"));
	ck_assert_ptr_nonnull(strstr(text, "\ncwd /usr\n"));
	ck_assert_ptr_nonnull(strstr(text, "SigBlk:\t0000000000004000\n"));
	free(text);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
}
END_TEST

/*
 * Starts that are libc's.
 */

START_TEST(a_relative_path_is_libcs)
{
	NEEDS_PROGRAM();
	snprintf(program, PATH_MAX, "tool");
	ck_assert_int_eq(start("--exit", "0"), REASON_NO_ENGINE);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 0);
}
END_TEST

START_TEST(what_cannot_be_translated_is_libcs)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;

	NEEDS_PROGRAM();
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	attributes = &attr;
	ck_assert_int_eq(start("--exit", "0"), REASON_ATTRIBUTES);
	attributes = NULL;
	posix_spawnattr_destroy(&attr);

	posix_spawn_file_actions_init(&fa);
	file_actions = &fa;
	posix_spawn_file_actions_addopen(&fa, 3, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
	ck_assert_int_eq(start("--exit", "0"), REASON_FILE_ACTIONS);
	posix_spawn_file_actions_destroy(&fa);

	posix_spawn_file_actions_init(&fa);
	for (int i = 0; i <= ACTIONS_MAX; i++)
		posix_spawn_file_actions_addclose(&fa, 50);
	ck_assert_int_eq(start("--exit", "0"), REASON_FILE_ACTIONS);
	posix_spawn_file_actions_destroy(&fa);

	ck_assert_uint_eq(kernel_stub.spawn_calls, 0);
	ck_assert_uint_eq(entry.template_verdict, 0);
	ck_assert(!changed);
}
END_TEST

static int probes;

static int counting_init(posix_spawn_file_actions_t *fa)
{
	(void)fa;
	probes++;
	return ENOMEM;
}

START_TEST(a_libc_with_another_layout_is_not_read)
{
	struct file_actions_builders other = *fixture_builders();
	posix_spawn_file_actions_t fa;

	NEEDS_PROGRAM();
	posix_spawn_file_actions_init(&fa);
	other.init = counting_init;
	engine.builders = &other;
	file_actions = &fa;
	ck_assert_int_eq(start("--exit", "0"), REASON_FILE_ACTIONS);
	ck_assert_int_eq(start("--exit", "0"), REASON_FILE_ACTIONS);
	ck_assert_int_eq(probes, 1);
	file_actions = NULL;
	expect_start();
	posix_spawn_file_actions_destroy(&fa);
}
END_TEST

START_TEST(an_ignored_sigchld_is_libcs)
{
	struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};

	NEEDS_PROGRAM();
	if (_i)
		sigaction(SIGCHLD, &action, NULL);
	else
		signal(SIGCHLD, SIG_IGN);
	ck_assert_int_eq(start("--exit", "0"), REASON_SIGCHLD);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 0);
	ck_assert(!changed);
	signal(SIGCHLD, SIG_DFL);
	expect_start();
}
END_TEST

int main(int argc, char *argv[])
{
	Suite *s;
	TCase *bare;
	TCase *t;
	int status;

	if (fixture_is_helper(argc, argv, &status))
		return status;
	s = suite_create("kernel");
	bare = tcase_create("calls");
	tcase_add_checked_fixture(bare, kernel_fixture_setup, NULL);
	tcase_add_test(bare, numbers_are_two_different_decimals);
	tcase_add_test(bare, nonsense_is_no_numbers);
	tcase_add_test(bare, the_calls_are_asked_twice_and_once_only);
	tcase_add_loop_test(bare, a_wrong_answer_is_the_last_call, 0, 4);
	tcase_add_loop_test(bare, without_numbers_nothing_is_called, 0, 3);
	tcase_add_test(bare, another_proc_is_no_proc);
	suite_add_tcase(s, bare);

	t = fixture_case(s, "starts", 60);
	tcase_add_checked_fixture(t, kernel_fixture_setup, NULL);
	tcase_add_test(t, a_descriptor_that_is_no_template_is_left_alone);
	tcase_add_test(t, starts_and_keeps_the_template);
	tcase_add_loop_test(t, a_status_like_that_of_a_failure_is_none, 0, 3);
	tcase_add_loop_test(t, the_program_cannot_tell, 0, 2);
	tcase_add_test(t, null_arguments_and_environment);
	tcase_add_test(t, file_actions_and_attributes_are_carried_out);
	tcase_add_test(t, a_relative_path_is_libcs);
	tcase_add_test(t, what_cannot_be_translated_is_libcs);
	tcase_add_test(t, a_libc_with_another_layout_is_not_read);
	tcase_add_loop_test(t, an_ignored_sigchld_is_libcs, 0, 2);
	return scratch_run(s);
}
