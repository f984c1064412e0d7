/*
 * An image that no longer describes what a native start would give is not used: each condition that
 * resume checks, changed alone.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"
#include "shim/template/image/tracee.h"

#define FIXTURE(name) FIXTURE_DIR "/libimage_fixture_" name ".so"

static char *plain[] = {"PATH=/usr/bin:/bin", NULL};

static void copy_file(const char *from, const char *to)
{
	static char data[4 << 20];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(in, data, sizeof data);

	ck_assert_int_gt(size, 0);
	ck_assert_int_lt(size, (ssize_t)sizeof data);
	close(in);
	scratch_file(to, data, (size_t)size, 0755);
}

/* An image `image` of a copy `readlink` of readlink(1), made and usable in envp. */
static void prepare(char *const envp[])
{
	char why[128];
	int err;

	copy_file("/usr/bin/readlink", scratch_path("readlink"));
	err = image_bake(scratch_path("image"), scratch_path("readlink"), envp, why);
	ck_assert_msg(!err, "%s", why);
	ck_assert_int_eq(
		image_was_resumed(scratch_path("image"), scratch_path("readlink"), envp, NULL), 1);
}

static int resumed(char *const envp[], void (*setup)(void))
{
	return image_was_resumed(scratch_path("image"), scratch_path("readlink"), envp, setup);
}

START_TEST(target_renamed_over)
{
	prepare(plain);
	copy_file("/usr/bin/readlink", scratch_path("new"));
	ck_assert_int_eq(rename(scratch_path("new"), scratch_path("readlink")), 0);
	ck_assert_int_eq(resumed(plain, NULL), 0);
}
END_TEST

/* mtime is put back: ctime tells. */
START_TEST(target_touched)
{
	struct timespec times[2];
	struct stat st;

	prepare(plain);
	ck_assert_int_eq(stat(scratch_path("readlink"), &st), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	ck_assert_int_eq(utimensat(AT_FDCWD, scratch_path("readlink"), NULL, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, scratch_path("readlink"), times, 0), 0);
	ck_assert_int_eq(resumed(plain, NULL), 0);
}
END_TEST

START_TEST(target_mode_changed)
{
	prepare(plain);
	ck_assert_int_eq(chmod(scratch_path("readlink"), 0700), 0);
	ck_assert_int_eq(resumed(plain, NULL), 0);
}
END_TEST

START_TEST(target_symlink_switched)
{
	char why[128];

	copy_file("/usr/bin/readlink", scratch_path("a"));
	copy_file("/usr/bin/readlink", scratch_path("b"));
	ck_assert_int_eq(symlink("a", scratch_path("readlink")), 0);
	ck_assert_int_eq(image_bake(scratch_path("image"), scratch_path("readlink"), plain, why),
			 0);
	ck_assert_int_eq(resumed(plain, NULL), 1);
	ck_assert_int_eq(unlink(scratch_path("readlink")), 0);
	ck_assert_int_eq(symlink("b", scratch_path("readlink")), 0);
	ck_assert_int_eq(resumed(plain, NULL), 0);
}
END_TEST

START_TEST(library_replaced)
{
	char path[4200];
	char *envp[] = {"PATH=/usr/bin", path, NULL};

	copy_file(FIXTURE("getenv"), scratch_path("library.so"));
	strcpy(path, "LD_PRELOAD=");
	strcat(path, scratch_path("library.so"));
	prepare(envp);
	copy_file(FIXTURE("getenv"), scratch_path("library.so"));
	ck_assert_int_eq(resumed(envp, NULL), 0);
}
END_TEST

/* A library that would now be found before the one it was baked with. */
START_TEST(library_appeared)
{
	char path[4200];
	char *envp[] = {"PATH=/usr/bin", path, NULL};

	strcpy(path, "LD_LIBRARY_PATH=");
	strcat(path, scratch_path(""));
	prepare(envp);
	copy_file("/lib/x86_64-linux-gnu/libc.so.6", scratch_path("libc.so.6"));
	ck_assert_int_eq(resumed(envp, NULL), 0);
}
END_TEST

START_TEST(loader_variables)
{
	static char *const variables[] = {
		"LD_LIBRARY_PATH=/nonexistent",
		"LD_PRELOAD=" FIXTURE("getenv"),
		"GLIBC_TUNABLES=glibc.malloc.check=1",
		"MALLOC_ARENA_MAX=1",
		"LD_BIND_NOW=1",
	};
	char *envp[] = {"PATH=/usr/bin:/bin", variables[_i], NULL};

	prepare(plain);
	ck_assert_int_eq(resumed(envp, NULL), 0);
}
END_TEST

START_TEST(variable_gone)
{
	char *envp[] = {"PATH=/usr/bin:/bin", "MALLOC_ARENA_MAX=1", NULL};

	prepare(envp);
	ck_assert_int_eq(resumed(plain, NULL), 0);
}
END_TEST

/* One that a constructor asked for; others do not matter. */
START_TEST(constructors_variable)
{
	char *baked[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURE=x", NULL};
	char *other[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURE=x", "OTHER=1", NULL};
	char *changed[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURE=y", NULL};
	char *unset[] = {"LD_PRELOAD=" FIXTURE("getenv"), NULL};

	prepare(baked);
	ck_assert_int_eq(resumed(other, NULL), 1);
	ck_assert_int_eq(resumed(changed, NULL), 0);
	ck_assert_int_eq(resumed(unset, NULL), 0);
}
END_TEST

static void limit_stack(rlim_t soft)
{
	struct rlimit limit;

	getrlimit(RLIMIT_STACK, &limit);
	limit.rlim_cur = soft;
	setrlimit(RLIMIT_STACK, &limit);
}

static void other_stack(void)
{
	limit_stack(5 << 20);
}

static void small_stack(void)
{
	limit_stack(512 << 10);
}

/* Start-up code takes the size of thread stacks from it: resume can do the same, but not with a
   limit so small that other things count. */
START_TEST(stack_limit)
{
	prepare(plain);
	ck_assert_int_eq(resumed(plain, other_stack), 1);
	/* Before glibc 2.34 that is in libpthread.so, which readlink(1) does not need. */
	ck_assert_int_eq(resumed(plain, small_stack), !__GLIBC_PREREQ(2, 34));
}
END_TEST

static void one_processor(void)
{
	cpu_set_t all;
	cpu_set_t one;

	sched_getaffinity(0, sizeof all, &all);
	CPU_ZERO(&one);
	for (size_t cpu = 0; CPU_COUNT(&one) == 0; cpu++)
		if (CPU_ISSET(cpu, &all))
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof one, &one);
}

/* A library has asked for the processors. */
START_TEST(processors)
{
	char *envp[] = {"LD_PRELOAD=" FIXTURE("affinity"), NULL};
	cpu_set_t all;

	ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
	if (CPU_COUNT(&all) < 2)
		return;
	prepare(envp);
	ck_assert_int_eq(resumed(envp, one_processor), 0);
}
END_TEST

/* One that bakes stays on one, which is not what it notes down. */
START_TEST(processors_of_service)
{
	char *envp[] = {"LD_PRELOAD=" FIXTURE("affinity"), NULL};
	const char *program = "/usr/bin/readlink";
	cpu_set_t all;
	char why[128];

	ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
	tracee_stay_on_cpu();
	ck_assert_int_eq(image_bake(scratch_path("image"), program, envp, why), 0);
	ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
	ck_assert_int_eq(image_was_resumed(scratch_path("image"), program, envp, NULL), 1);
}
END_TEST

/* In units of 256 KiB; set before image_run(). */
static rlim_t address_space;

static void limit_memory(void)
{
	struct rlimit limit = {address_space << 18, address_space << 18};

	setrlimit(RLIMIT_AS, &limit);
}

/* Wherever there is room for the program natively, there is room for it from the image. */
START_TEST(address_space_limit)
{
	char *argv[] = {"readlink", "link", NULL};
	static struct run native;
	static struct run started;
	int enough = 0;

	ck_assert_int_eq(symlink("anywhere", "link"), 0);
	prepare(plain);
	for (address_space = 1; address_space <= 32; address_space++) {
		image_run(&native, scratch_path("readlink"), argv, plain, limit_memory);
		image_run(&started, scratch_path("image"), argv, plain, limit_memory);
		if (native.status != 0)
			continue;
		enough++;
		ck_assert_int_eq(started.status, 0);
		ck_assert_str_eq(started.output, native.output);
	}
	ck_assert_int_gt(enough, 0);
	ck_assert_int_lt(enough, 32);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_fresh");
	TCase *tc = scratch_case(suite, "fresh", 60);

	tcase_add_test(tc, target_renamed_over);
	tcase_add_test(tc, target_touched);
	tcase_add_test(tc, target_mode_changed);
	tcase_add_test(tc, target_symlink_switched);
	tcase_add_test(tc, library_replaced);
	tcase_add_test(tc, library_appeared);
	tcase_add_loop_test(tc, loader_variables, 0, 5);
	tcase_add_test(tc, variable_gone);
	tcase_add_test(tc, constructors_variable);
	tcase_add_test(tc, stack_limit);
	tcase_add_test(tc, processors);
	tcase_add_test(tc, processors_of_service);
	tcase_add_test(tc, address_space_limit);
	return scratch_run(suite);
}
