#include "elfcache/confinement.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"

/* The hash in a child that has done something first; 0 if it cannot do that. */
static uint64_t hash_after(bool (*something)(void))
{
	uint64_t hash = 0;
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (something())
			hash = confinement_hash();
		_exit(write(fds[1], &hash, sizeof hash) != sizeof hash);
	}
	ck_assert_int_eq(read(fds[0], &hash, sizeof hash), sizeof hash);
	close(fds[0]);
	close(fds[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return hash;
}

static bool nothing(void)
{
	return true;
}

static bool other_directory(void)
{
	return chdir("/usr") == 0;
}

static bool no_new_privs(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool filter(void)
{
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	const struct sock_fprog program = {1, allow};

	return no_new_privs() && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool two_filters(void)
{
	return filter() && filter();
}

static bool mounts(void)
{
	return unshare(CLONE_NEWNS) == 0;
}

static bool users(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool root(void)
{
	return chroot("/usr") == 0;
}

START_TEST(is_the_same)
{
	const uint64_t hash = confinement_hash();

	ck_assert_uint_ne(hash, 0);
	ck_assert_uint_eq(confinement_hash(), hash);
	ck_assert_uint_eq(hash_after(nothing), hash);
	ck_assert_uint_eq(hash_after(other_directory), hash);
}
END_TEST

static bool (*const confinements[])(void) = {no_new_privs, filter, two_filters,
					     mounts,       users,  root};

enum { CONFINEMENTS = sizeof confinements / sizeof confinements[0] };

START_TEST(is_another)
{
	uint64_t seen[CONFINEMENTS + 1] = {confinement_hash()};

	for (int i = 0; i < CONFINEMENTS; i++) {
		seen[i + 1] = hash_after(confinements[i]);
		/* Some need to be root, or to be in no container. */
		for (int j = 0; seen[i + 1] && j <= i; j++)
			ck_assert_msg(seen[i + 1] != seen[j], "%d is like %d", i, j - 1);
	}
	ck_assert_uint_ne(seen[1], 0);
}
END_TEST

/* Lines of any length before those that are wanted: here, of groups. */
START_TEST(long_lines)
{
	static gid_t groups[4000];
	uint64_t before[STATUS_LINES];
	uint64_t lines[STATUS_LINES];

	for (unsigned i = 0; i < sizeof groups / sizeof groups[0]; i++)
		groups[i] = 1000000 + i;
	ck_assert(status_read(before));
	if (setgroups(sizeof groups / sizeof groups[0], groups))
		return;
	ck_assert(no_new_privs());
	ck_assert(status_read(lines));
	ck_assert_uint_ne(lines[STATUS_PERMITTED], 0);
	ck_assert_uint_eq(lines[STATUS_PERMITTED], before[STATUS_PERMITTED]);
	ck_assert_uint_eq(lines[STATUS_EFFECTIVE], before[STATUS_EFFECTIVE]);
	ck_assert_uint_eq(lines[STATUS_NO_NEW_PRIVS], 1);
	ck_assert_uint_eq(lines[STATUS_TRACER], 0);
}
END_TEST

START_TEST(tracer)
{
	uint64_t lines[STATUS_LINES];
	int status;
	pid_t parent = getpid();
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) || !status_read(lines) ||
		      lines[STATUS_TRACER] != (uint64_t)parent);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(without_descriptors)
{
	uint64_t lines[STATUS_LINES] = {1, 1, 1, 1, 1, 1};

	scratch_forbid_descriptors(true);
	ck_assert(!status_read(lines));
	ck_assert_uint_eq(confinement_hash(), 0);
	scratch_forbid_descriptors(false);
	for (unsigned i = 0; i < STATUS_LINES; i++)
		ck_assert_uint_eq(lines[i], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("confinement");
	TCase *tcase = scratch_case(suite, "confinement", 20);

	tcase_add_test(tcase, is_the_same);
	tcase_add_test(tcase, is_another);
	tcase_add_test(tcase, long_lines);
	tcase_add_test(tcase, tracer);
	tcase_add_test(tcase, without_descriptors);
	return scratch_run(suite);
}
