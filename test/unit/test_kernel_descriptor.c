/* Template descriptors: their numbers, and what becomes of them in a process that does not know. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kernel_fixture.h"
#include "shim/template/kernel_parts.h"

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/*
 * The process changes.
 */

static int start_in_fork(int inherited)
{
	unsigned calls = kernel_stub.spawn_calls;

	if (start("--exit", "0") != REASON_NONE || !fixture_exited(result.pid, 0))
		return 1;
	if (entry.template_fd == inherited || entry.template_owner != getpid())
		return 2;
	/* It is not even tried with what was inherited. */
	if (kernel_stub.spawn_calls != calls + 1)
		return 3;
	return is_open(inherited) ? 4 : 42;
}

START_TEST(a_fork_makes_its_own)
{
	int fd;
	pid_t pid;

	NEEDS_PROGRAM();
	expect_start();
	fd = entry.template_fd;
	pid = fork();
	if (pid == 0)
		_exit(start_in_fork(fd));
	ck_assert(fixture_exited(pid, 42));
	expect_start();
	ck_assert_int_eq(entry.template_fd, fd);
}
END_TEST

START_TEST(other_credentials_make_a_new_one_once)
{
	int fd;

	NEEDS_PROGRAM();
	expect_start();
	fd = entry.template_fd;
	kernel_stub.spawn_error = EACCES;
	expect_start();
	ck_assert(changed);
	ck_assert_int_gt(entry.template_fd, fd);
	ck_assert(!is_open(fd));

	kernel_stub.spawn_error = EACCES;
	kernel_stub.spawn_errors = 2;
	ck_assert_int_eq(start("--exit", "0"), REASON_REFUSED);
	ck_assert_int_eq(entry.template_fd, -1);
	expect_start();
}
END_TEST

/*
 * The program plays with our descriptors.
 */

START_TEST(a_closed_template_is_made_anew)
{
	int fd;

	NEEDS_PROGRAM();
	expect_start();
	fd = entry.template_fd;
	ck_assert_int_eq(close(fd), 0);
	expect_start();
	ck_assert(changed);
	ck_assert_int_gt(entry.template_fd, fd);
	ck_assert(!is_open(fd));
}
END_TEST

START_TEST(a_number_that_became_something_else_is_left_alone)
{
	int fd;

	NEEDS_PROGRAM();
	expect_start();
	fd = entry.template_fd;
	ck_assert_int_eq(dup2(0, fd), fd);
	expect_start();
	ck_assert_int_gt(entry.template_fd, fd);
	ck_assert(is_open(fd));
	entry.template_fd = fd;
	kernel_engine_drop(&entry);
	ck_assert(is_open(fd));
}
END_TEST

START_TEST(a_dropped_template_is_closed)
{
	NEEDS_PROGRAM();
	expect_start();
	ck_assert(is_open(entry.template_fd));
	kernel_engine_drop(&entry);
	ck_assert(!is_open(entry.template_fd));
	kernel_engine_drop(&entry);
	entry.template_fd = -1;
	kernel_engine_drop(&entry);
}
END_TEST

/*
 * Numbers of descriptors.
 */

static void set_limit(rlim_t n)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n < limit.rlim_max ? n : limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Make templates until there are no more numbers.  Returns how many there were. */
static int use_up(int lane, int *first, int *last)
{
	const struct kernel_start start = {.path = program, .entry = &entry};
	int count = 0;

	*first = -1;
	*last = -1;
	engine.next_fd = 0;
	engine.lane = lane;
	for (;;) {
		enum reason reason;

		entry.template_fd = -1;
		reason = kernel_template_get(&engine, &start, getpid(), &changed);
		if (reason) {
			ck_assert_int_eq(reason, REASON_DESCRIPTOR_LIMIT);
			ck_assert_uint_eq(entry.template_verdict, 0);
			return count;
		}
		ck_assert_int_gt(entry.template_fd, *last);
		*last = entry.template_fd;
		if (count++ == 0)
			*first = entry.template_fd;
		/* As a program may that closes everything: the number must not come back. */
		kernel_engine_drop(&entry);
	}
}

START_TEST(numbers_are_high_and_never_given_twice)
{
	static const struct {
		rlim_t limit;
		int first, count;
	} cases[] = {
		{3, -1, 0},       {64, -1, 0},         {84, -1, 0},    {85, 64, 10},
		{128, 96, 16},    {256, 192, 32},      {511, 384, 63}, {512, 256, 128},
		{1024, 256, 128}, {1 << 20, 256, 128},
	};
	int first;
	int last;

	NEEDS_PROGRAM();
	ck_assert(kernel_engine_available(&engine));
	for (int fd = 64; fd < 1024; fd++)
		close(fd);
	set_limit(cases[_i].limit);
	if (cases[_i].limit < 20) {
		/* Not even the tests get by with so few. */
		ck_assert_int_eq(start("--exit", "0"), REASON_DESCRIPTOR_LIMIT);
		set_limit(100);
		return;
	}
	ck_assert_int_eq(use_up(0, &first, &last), cases[_i].count);
	ck_assert_int_eq(first, cases[_i].first);
	if (!cases[_i].count)
		return;
	ck_assert_int_eq(last, first + cases[_i].count - 1);
	ck_assert_int_eq(use_up(1, &first, &last), cases[_i].count);
	ck_assert_int_eq(first, cases[_i].first + cases[_i].count);
	ck_assert_int_lt(last, (int)cases[_i].limit);
}
END_TEST

START_TEST(numbers_that_the_program_uses_are_passed_over)
{
	NEEDS_PROGRAM();
	set_limit(1024);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(dup2(0, 256 + i), 256 + i);
	expect_start();
	ck_assert_int_eq(entry.template_fd, 261);
	/* And the one that was found instead is not given again either. */
	kernel_engine_drop(&entry);
	entry.template_fd = -1;
	expect_start();
	ck_assert_int_eq(entry.template_fd, 262);
	for (int i = 0; i < 5; i++)
		ck_assert(is_open(256 + i));
}
END_TEST

START_TEST(templates_are_few)
{
	struct cached other = {.template_fd = 900, .template_owner = getpid()};
	struct cached dropped;
	int stored = 0;

	NEEDS_PROGRAM();
	for (uint64_t i = 0; stored < 32; i++, stored++) {
		other.path_hash = i;
		other.id.ino = i;
		cache_store(cache_get(), &other, &dropped);
	}
	ck_assert_uint_eq(cache_count_templates(cache_get(), getpid()), 32);
	ck_assert_int_eq(start("--exit", "0"), REASON_DESCRIPTOR_LIMIT);
	ck_assert_uint_eq(entry.template_verdict, 0);
	other.path_hash = 0;
	other.id.ino = 0;
	other.template_fd = -1;
	cache_store(cache_get(), &other, &dropped);
	expect_start();
}
END_TEST

/*
 * Threads.
 */

enum { THREADS = 8, STARTS = 12 };

static void *start_many(void *arg)
{
	struct cached own = fixture_entry(program);
	char *argv[] = {(char[]){"tool"}, (char[]){"--exit"}, (char[]){"3"}, NULL};
	const struct kernel_start start = {
		.path = program, .entry = &own, .argv = argv, .envp = some_env};
	int *number = arg;

	for (int i = 0; i < STARTS; i++) {
		struct kernel_result r;
		bool c;

		if (kernel_engine_start(&engine, &start, &r, &c) != REASON_NONE ||
		    !fixture_exited(r.pid, 3))
			return NULL;
		close(r.pidfd);
	}
	*number = own.template_fd;
	return number;
}

START_TEST(threads_do_not_disturb_each_other)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];

	NEEDS_PROGRAM();
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, start_many, &numbers[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		void *done;

		ck_assert_int_eq(pthread_join(threads[i], &done), 0);
		ck_assert_ptr_nonnull(done);
		for (int j = 0; j < i; j++)
			ck_assert_int_ne(numbers[i], numbers[j]);
	}
	expect_no_child();
}
END_TEST

int main(int argc, char *argv[])
{
	Suite *s;
	TCase *t;
	int status;

	if (fixture_is_helper(argc, argv, &status))
		return status;
	s = suite_create("kernel_descriptor");
	t = fixture_case(s, "descriptors", 60);
	tcase_add_checked_fixture(t, kernel_fixture_setup, NULL);
	tcase_add_test(t, a_fork_makes_its_own);
	tcase_add_test(t, other_credentials_make_a_new_one_once);
	tcase_add_test(t, a_closed_template_is_made_anew);
	tcase_add_test(t, a_number_that_became_something_else_is_left_alone);
	tcase_add_test(t, a_dropped_template_is_closed);
	tcase_add_loop_test(t, numbers_are_high_and_never_given_twice, 0, 10);
	tcase_add_test(t, numbers_that_the_program_uses_are_passed_over);
	tcase_add_test(t, templates_are_few);
	tcase_add_test(t, threads_do_not_disturb_each_other);
	return scratch_run(s);
}
