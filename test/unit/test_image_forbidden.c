/*
 * Under a filter by which a system call fails that resume makes, a program does what it does
 * natively under that filter: it is not resumed by halves.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"

#define FIXTURE(name) "LD_PRELOAD=" FIXTURE_DIR "/libimage_fixture_" name ".so"

/* Set before image_run(); mmap(2) with these flags, or any other call whatever it is given. */
static unsigned forbidden;
static unsigned flags;

static void forbid(void)
{
	if (scratch_forbid(forbidden, EPERM, forbidden == SYS_mmap ? MAP_ANONYMOUS : 0, flags != 0))
		_exit(1);
}

static const struct {
	unsigned call;
	unsigned flags;
	char *variables[2];
} calls[] = {
	{SYS_openat, 0, {"A=", "B="}},
	{SYS_fstat, 0, {"A=", "B="}},
	{SYS_newfstatat, 0, {"A=", "B="}},
	{SYS_mmap, 0, {"A=", "B="}},
	/* Of memory that is kept free. */
	{SYS_mmap,
	 MAP_ANONYMOUS,
	 {FIXTURE("calls"), IMAGE_CALL(1, SYS_mmap, "0 4096 0 0x22 -1 0")}},
	{SYS_close, 0, {"A=", "B="}},
	{SYS_arch_prctl, 0, {"A=", "B="}},
	{SYS_mprotect, 0, {"A=", "B="}},
	{SYS_prlimit64, 0, {FIXTURE("calls"), IMAGE_CALL(1, SYS_prlimit64, "0 7 0 @")}},
	{SYS_sched_getaffinity,
	 0,
	 {FIXTURE("calls"), IMAGE_CALL(1, SYS_sched_getaffinity, "0 128 @")}},
	{SYS_lseek, 0, {FIXTURE("calls"), IMAGE_CALL(1, SYS_lseek, "1 0 1")}},
	/* SIGUSR1, SIGUSR2 */
	{SYS_rt_sigaction, 0, {FIXTURE("calls"), IMAGE_CALL(1, SYS_rt_sigaction, "10 @ 0 8")}},
	{SYS_rt_sigprocmask, 0, {FIXTURE("unblocks"), "B="}},
};

START_TEST(fails)
{
	char *envp[] = {"PATH=/usr/bin:/bin", calls[_i].variables[0], calls[_i].variables[1], NULL};
	char *argv[] = {"readlink", "/proc/self/exe", NULL};
	static struct run native;
	static struct run started;

	image_prepare(envp);
	forbidden = calls[_i].call;
	flags = calls[_i].flags;
	image_run(&native, scratch_path("readlink"), argv, envp, forbid);
	image_run(&started, scratch_path("image"), argv, envp, forbid);
	/* What resume does not call is no reason. */
	if (strstr(started.output, scratch_path("image"))) {
		ck_assert(forbidden == SYS_fstat || forbidden == SYS_newfstatat);
		return;
	}
	ck_assert_int_eq(native.status, started.status);
	ck_assert_str_eq(native.output, started.output);
}
END_TEST

/* Natively that is no reason not to start, and it is known to libc. */
START_TEST(rseq)
{
	char *envp[] = {"PATH=/usr/bin:/bin", FIXTURE("thread_state"), NULL};
	char *argv[] = {"true", NULL};
	static struct run native;
	static struct run started;
	char why[128];

	ck_assert_msg(!image_bake(scratch_path("image"), "/bin/true", envp, why), "%s", why);
	forbidden = SYS_rseq;
	image_run(&native, "/bin/true", argv, envp, forbid);
	image_run(&started, scratch_path("image"), argv, envp, forbid);
	ck_assert_int_eq(native.status, started.status);
	/* But for the canary, in the last line. */
	ck_assert_ptr_nonnull(strstr(native.output, "processor"));
	*(strstr(native.output, "processor") + strlen("processor 0")) = '\0';
	*(strstr(started.output, "processor") + strlen("processor 0")) = '\0';
	ck_assert_str_eq(native.output, started.output);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_forbidden");
	TCase *tc = scratch_case(suite, "forbidden", 60);

	tcase_add_loop_test(tc, fails, 0, sizeof calls / sizeof calls[0]);
	tcase_add_test(tc, rseq);
	return scratch_run(suite);
}
