/*
 * /proc/self/exe in programs that were started from an image with the preload: what they see is
 * what they see natively.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"

static char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "LD_PRELOAD=" PRELOAD, NULL};

static void bake_it(const char *image, const char *program)
{
	char why[128];

	ck_assert_msg(!image_bake(image, program, environment, why), "%s: %s", program, why);
}

/* The image is at work: the kernel's link names it. */
static void kernel_names(const char *image)
{
	char *argv[] = {"self_exe", "kernel", NULL};
	static struct run run;

	image_run(&run, image, argv, environment, NULL);
	ck_assert_int_eq(run.status, 0);
	run.output[strcspn(run.output, "\n")] = '\0';
	ck_assert_str_eq(run.output, image);
}

/* Longer messages than Check has room for are cut to the line where they differ. */
static void same_output(const struct run *native, const struct run *started)
{
	size_t line = 0;

	for (size_t i = 0; native->output[i] == started->output[i]; i++) {
		if (!native->output[i])
			return;
		if (native->output[i] == '\n')
			line = i + 1;
	}
	ck_abort_msg("natively %.300s\nfrom the image %.300s", native->output + line,
		     started->output + line);
}

static void same(const char *image, const char *program, const char *what)
{
	char *argv[] = {"self_exe", (char *)(uintptr_t)what, NULL};
	static struct run native;
	static struct run started;

	image_run(&native, program, argv, environment, NULL);
	image_run(&started, image, argv, environment, NULL);
	ck_assert_int_eq(native.status, 0);
	ck_assert_int_eq(started.status, 0);
	ck_assert_uint_gt(native.size, 100);
	ck_assert_uint_lt(native.size, sizeof native.output - 1);
	same_output(&native, &started);
}

static const char *const groups[] = {"links", "files", "stats", "starts", "nowhere"};

START_TEST(same_as_native)
{
	const char *image = scratch_path("image");

	bake_it(image, PROGRAM);
	kernel_names(image);
	same(image, PROGRAM, groups[_i]);
}
END_TEST

/* The kernel's link has no symbolic links in it, whatever path the program was started by. */
START_TEST(through_links)
{
	const char *image = scratch_path("image");
	const char *program = scratch_path("directory/link");

	ck_assert_int_eq(mkdir("real", 0700), 0);
	ck_assert_int_eq(symlink("real", "directory"), 0);
	ck_assert_int_eq(symlink(PROGRAM, "real/link"), 0);
	bake_it(image, program);
	kernel_names(image);
	for (size_t i = 0; i < 3; i++)
		same(image, program, groups[i]);
}
END_TEST

/* Programs that find their own files by it. */
START_TEST(real_programs)
{
	static const struct {
		char *program;
		char *argv[4];
	} uses[] = {
		{"/usr/bin/readlink", {"readlink", "/proc/self/exe"}},
		{"/usr/bin/realpath", {"realpath", "/proc/self/exe"}},
		{"/usr/bin/cksum", {"cksum", "/proc/self/exe"}},
		{"/usr/bin/stat", {"stat", "-L", "/proc/self/exe"}},
		{"/usr/bin/perl", {"perl", "-e", "print $^X, ' ', readlink('/proc/self/exe')"}},
		{"/usr/bin/cmake", {"cmake", "-E", "capabilities"}},
		{"/usr/bin/ctest", {"ctest", "--help-command", "ctest_test"}},
		{"/usr/bin/clang", {"clang", "-print-resource-dir"}},
		{"/usr/bin/python3", {"python3", "-c", "import sys; print(sys.executable)"}},
		{"/usr/bin/node", {"node", "-p", "process.execPath"}},
	};
	const char *image = scratch_path("image");
	char *const *argv = uses[_i].argv;
	static struct run native;
	static struct run started;

	if (access(uses[_i].program, X_OK) != 0)
		return;
	bake_it(image, uses[_i].program);
	image_run(&native, uses[_i].program, argv, environment, NULL);
	image_run(&started, image, argv, environment, NULL);
	ck_assert_int_eq(native.status, 0);
	ck_assert_int_eq(started.status, 0);
	ck_assert_uint_gt(native.size, 0);
	same_output(&native, &started);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("self_exe");
	TCase *tc = scratch_case(suite, "self_exe", 120);

	tcase_add_loop_test(tc, same_as_native, 0, sizeof groups / sizeof groups[0]);
	tcase_add_test(tc, through_links);
	tcase_add_loop_test(tc, real_programs, 0, 10);
	return scratch_run(suite);
}
