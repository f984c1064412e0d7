/* What child_start() does beyond the file actions that test_translate_run.c compares. */
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "both_ways.h"
#include "shim/template/child.h"

static volatile sig_atomic_t handled;

static void handle(int signal)
{
	handled = signal;
}

static void set_flags(int flags)
{
	ck_assert_int_eq(posix_spawnattr_setflags(&attr, (short)flags), 0);
}

static void install(int number, void (*handler)(int))
{
	const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	ck_assert_int_eq(sigaction(number, &action, NULL), 0);
}

START_TEST(versions_are_told_apart)
{
	static const char *const like[] = {"2.34", "2.35", "2.36", "2.37", "2.36.9000"};
	static const char *const unlike[] = {"2.3",  "2.31",  "2.33", "2.38", "2.39",
					     "2.41", "2.340", "3.36", "",     "2"};

	for (size_t i = 0; i < sizeof like / sizeof *like; i++)
		ck_assert(child_is_like(like[i]));
	for (size_t i = 0; i < sizeof unlike / sizeof *unlike; i++)
		ck_assert(!child_is_like(unlike[i]));
}
END_TEST

START_TEST(handlers_become_defaults_and_ignored_stays)
{
	install(SIGUSR1, handle);
	install(SIGRTMIN, handle);
	install(SIGRTMAX, handle);
	install(SIGUSR2, SIG_IGN);
	install(SIGHUP, SIG_IGN);
	compare_child(0);
}
END_TEST

START_TEST(defaults_are_set)
{
	sigset_t set;

	install(SIGUSR2, SIG_IGN);
	install(SIGHUP, SIG_IGN);
	install(SIGTERM, handle);
	sigfillset(&set);
	sigdelset(&set, SIGHUP);
	ck_assert_int_eq(posix_spawnattr_setsigdefault(&attr, &set), 0);
	compare_child(0); /* not without the flag */
	set_flags(POSIX_SPAWN_SETSIGDEF);
	compare_child(0);
}
END_TEST

START_TEST(masks_are_set)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMAX);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	compare_child(0); /* inherited */
	sigaddset(&set, SIGTERM);
	sigdelset(&set, SIGUSR1);
	ck_assert_int_eq(posix_spawnattr_setsigmask(&attr, &set), 0);
	compare_child(0); /* not without the flag */
	set_flags(POSIX_SPAWN_SETSIGMASK);
	compare_child(0);
	sigprocmask(SIG_BLOCK, NULL, &set);
	ck_assert_int_eq(sigismember(&set, SIGUSR1), 1);
	ck_assert_int_eq(sigismember(&set, SIGTERM), 0);
}
END_TEST

/* The group's number is the child's own, which no two starts share.  Until it is waited for, the
   child can be asked for it, even when it has ended. */
static void check_group(int flags, pid_t group)
{
	struct child_result result;

	set_flags(flags);
	ck_assert_int_eq(posix_spawnattr_setpgroup(&attr, group), 0);
	ck_assert_int_eq(start_child_of(NULL, &result), 0);
	ck_assert_int_eq(getpgid(result.pid), group ? group : result.pid);
	ck_assert_int_eq(getsid(result.pid), flags & POSIX_SPAWN_SETSID ? result.pid : getsid(0));
	ck_assert_int_eq(waitpid(result.pid, NULL, 0), result.pid);
}

START_TEST(groups_and_sessions_are_made)
{
	if (!child_is_like(gnu_get_libc_version()))
		return;
	check_group(POSIX_SPAWN_SETPGROUP, 0);
	check_group(POSIX_SPAWN_SETPGROUP, getpgrp());
	check_group(POSIX_SPAWN_SETSID, 0);
	ck_assert_int_eq(unlink("report"), 0);
	set_flags(POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attr, 1 << 30);
	compare_child(EPERM);
	set_flags(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSID);
	compare_child(EPERM);
}
END_TEST

START_TEST(ids_are_reset)
{
	enum { SOMEBODY = 12345 };
	struct child_result result;
	char *text;

	set_flags(POSIX_SPAWN_RESETIDS);
	compare_child(0);
	if (getuid())
		return;
	ck_assert_int_eq(setresgid(-1, SOMEBODY, -1), 0);
	ck_assert_int_eq(setresuid(-1, SOMEBODY, -1), 0);
	ck_assert_int_eq(start_child_of(NULL, &result), 0);
	ck_assert_int_eq(setresuid(-1, 0, -1), 0);
	ck_assert(fixture_exited(result.pid, 0));
	text = fixture_read("report");
	ck_assert_ptr_nonnull(strstr(text, "Uid:\t0\t0\t0\t0"));
	ck_assert_ptr_nonnull(strstr(text, "Gid:\t0\t0\t0\t0"));
	free(text);
}
END_TEST

START_TEST(what_is_not_done_here_is_refused)
{
	static const int flags[] = {POSIX_SPAWN_SETSCHEDULER, POSIX_SPAWN_SETSCHEDPARAM, 0x100,
				    0x4000};
	struct child_result result = {.pid = 7};

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		/* Not by its setter, which refuses what this libc does not know. */
		memcpy(&attr, &(short){(short)flags[i]}, sizeof(short));
		ck_assert_int_eq(start_child_of(NULL, &result), -ENOTSUP);
	}
	set_flags(0);
	ADD(open, 3, "made", O_CREAT | O_WRONLY, 0600);
#if __GLIBC_PREREQ(2, 34)
	ADD(closefrom_np, 20);
	ck_assert_int_eq(start_child_of(NULL, &result), -ENOTSUP);
	ck_assert_int_eq(access("made", F_OK), -1);
#endif
}
END_TEST

static void expect_no_child(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

START_TEST(exec_fails_alike)
{
	static const struct {
		const char *path;
		int err;
	} paths[] = {{"missing", ENOENT}, {"file", EACCES},    {"dir", EACCES},
		     {"loop", ELOOP},     {"file/x", ENOTDIR}, {"text", ENOEXEC}};
	struct child_result result = {.pid = 7};

	scratch_file("text", "neither ELF nor script", 22, 0755);
	handled = 0;
	install(SIGCHLD, handle);
	ck_assert_int_eq(start_child_of(paths[_i].path, &result), paths[_i].err);

	expect_no_child();
	/* As with libc's: the child that could not was one all the same. */
	ck_assert_int_eq(handled, SIGCHLD);
}
END_TEST

START_TEST(a_failing_child_of_who_ignores_children)
{
	struct child_result result = {.pid = 7};

	install(SIGCHLD, SIG_IGN);
	ck_assert_int_eq(start_child_of("missing", &result), ENOENT);
	expect_no_child();
}
END_TEST

START_TEST(errno_stays)
{
	struct child_result result;

	errno = EILSEQ;
	ck_assert_int_eq(start_child_of("missing", &result), ENOENT);
	ck_assert_int_eq(errno, EILSEQ);
	ck_assert_int_eq(start_child_of(NULL, &result), 0);
	ck_assert_int_eq(errno, EILSEQ);
	ck_assert_int_eq(waitpid(result.pid, NULL, 0), result.pid);
}
END_TEST

/* In one child, whose actions are carried out once; and only if it is for want of the program. */
START_TEST(the_fallback_is_executed)
{
	struct child_result result;

	child_fallback = "/bin/true";
	ADD(open, 20, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	handled = 0;
	install(SIGCHLD, handle);
	errno = EILSEQ;
	ck_assert_int_eq(start_child_of("missing", &result), 0);
	ck_assert_int_eq(errno, EILSEQ);
	ck_assert_int_eq(result.path_error, ENOENT);
	ck_assert_int_eq(result.errno_is, EBADF); /* of closing 20 */
	ck_assert(fixture_exited(result.pid, 0));
	expect_no_child();

	ck_assert_int_eq(start_child_of("missing", &result), EEXIST);
	ck_assert_int_eq(result.path_error, 0);
	ck_assert_int_eq(unlink("new"), 0);
	child_fallback = "file";
	ck_assert_int_eq(start_child_of("missing", &result), EACCES);
	ck_assert_int_eq(result.path_error, ENOENT);
	ck_assert_int_eq(result.errno_is, EACCES);
	expect_no_child();
	child_fallback = NULL;
}
END_TEST

enum { THREADS = 8, STARTS = 50 };

static void *start_many(void *bad)
{
	struct child_result result;
	int status;

	for (int i = 0; i < STARTS; i++) {
		if (start_child_of("missing", &result) != ENOENT)
			return bad;
		if (start_child_of("/bin/true", &result) ||
		    waitpid(result.pid, &status, 0) != result.pid || status)
			return bad;
	}
	return NULL;
}

/* On the smallest stacks there may be, and beside each other. */
START_TEST(threads_start_at_once)
{
	pthread_t threads[THREADS];
	pthread_attr_t small;
	char bad;
	void *result;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, (size_t)sysconf(_SC_THREAD_STACK_MIN) + 4096);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], &small, start_many, &bad), 0);
	for (int i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &result), 0);
		ck_assert_ptr_null(result);
	}
	pthread_attr_destroy(&small);
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
	s = suite_create("child");
	t = both_ways_case(s, "beside libc");
	tcase_add_test(t, versions_are_told_apart);
	tcase_add_test(t, handlers_become_defaults_and_ignored_stays);
	tcase_add_test(t, defaults_are_set);
	tcase_add_test(t, masks_are_set);
	tcase_add_test(t, groups_and_sessions_are_made);
	tcase_add_test(t, ids_are_reset);
	tcase_add_test(t, what_is_not_done_here_is_refused);
	tcase_add_loop_test(t, exec_fails_alike, 0, 6);
	tcase_add_test(t, a_failing_child_of_who_ignores_children);
	tcase_add_test(t, errno_stays);
	tcase_add_test(t, the_fallback_is_executed);
	tcase_add_test(t, threads_start_at_once);
	return scratch_run(s);
}
