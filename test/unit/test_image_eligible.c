/*
 * What must not be kept is refused, with a sentence, and leaves no image behind.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"

#define FIXTURE(name) "LD_PRELOAD=" FIXTURE_DIR "/libimage_fixture_" name ".so"

static char *plain[] = {"PATH=/usr/bin:/bin", NULL};

static void refused(const char *program, char *const envp[], const char *because)
{
	char why[128];

	ck_assert_int_eq(image_bake(scratch_path("image"), program, envp, why), -ENOTSUP);
	ck_assert_msg(strstr(why, because) != NULL, "refused because: %s", why);
	ck_assert_int_ne(access(scratch_path("image"), F_OK), 0);
}

static const struct {
	char *preload;
	const char *because;
} constructors[] = {
	{FIXTURE("getpid"), "system call 39"},
	{FIXTURE("random"), "32 random bytes"},
	{FIXTURE("writes"), "for writing"},
	{FIXTURE("shared"), "shared memory"},
	{FIXTURE("thread"), "its start-up"},
	{FIXTURE("clock"), "reads a clock"},
	{FIXTURE("seed"), "another result"},
	{FIXTURE("count"), "environment by itself"},
	{FIXTURE("value"), "initial stack"},
	{FIXTURE("open"), "leaves a file open"},
	{FIXTURE("kept"), "another result"},
	{FIXTURE("seed_half"), "another result"},
	{FIXTURE("action_old"), "asks what a signal does"},
	{FIXTURE("blocks"), "changes the signal mask"},
	{FIXTURE("empties"), "changes the signal mask"},
	{FIXTURE("unblocks_trap"), "changes the signal mask"},
	{FIXTURE("hour"), "another result"},
	{FIXTURE("elapsed"), "another result"},
	{FIXTURE("boottime"), "reads a clock"},
	{FIXTURE("mask"), "another result"},
	{FIXTURE("packed"), "another result"},
	{FIXTURE("split"), "another result"},
};

enum { CONSTRUCTORS = sizeof constructors / sizeof constructors[0] };

START_TEST(constructor)
{
	char *envp[] = {"PATH=/usr/bin", "IMAGE_FIXTURE=1", constructors[_i].preload, NULL};

	refused("/bin/true", envp, constructors[_i].because);
}
END_TEST

START_TEST(script)
{
	static const char relative[] = "#!sh\n";
	static const char unending[] = "#!/bin/sh";

	scratch_file(scratch_path("script"), relative, sizeof relative - 1, 0755);
	refused(scratch_path("script"), plain, "#! line");
	scratch_file(scratch_path("script"), unending, sizeof unending - 1, 0755);
	refused(scratch_path("script"), plain, "#! line");
}
END_TEST

START_TEST(set_user_id)
{
	static char data[1 << 20];
	FILE *f = fopen("/bin/true", "re");
	size_t size = fread(data, 1, sizeof data, f);

	fclose(f);
	scratch_file(scratch_path("true"), data, size, 0755);
	ck_assert_int_eq(chmod(scratch_path("true"), 04755), 0);
	refused(scratch_path("true"), plain, "set-user-id");
}
END_TEST

START_TEST(missing)
{
	char why[128];

	ck_assert_int_eq(image_bake(scratch_path("image"), scratch_path("nothing"), plain, why),
			 -ENOENT);
	ck_assert_str_ne(why, "");
}
END_TEST

/* Descriptors of the baking process do not reach the program, nor stay open after it. */
START_TEST(descriptors)
{
	unsigned before = scratch_descriptors();
	char why[128];

	ck_assert_int_eq(image_bake(scratch_path("image"), "/bin/true", plain, why), 0);
	ck_assert_uint_eq(scratch_descriptors(), before);
	ck_assert_int_eq(unlink(scratch_path("image")), 0);
	refused("/bin/true", (char *[]){FIXTURE("getpid"), NULL}, "system call");
	ck_assert_uint_eq(scratch_descriptors(), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_eligible");
	TCase *tc = scratch_case(suite, "eligible", 30);

	tcase_add_loop_test(tc, constructor, 0, CONSTRUCTORS);
	tcase_add_test(tc, script);
	tcase_add_test(tc, set_user_id);
	tcase_add_test(tc, missing);
	tcase_add_test(tc, descriptors);
	return scratch_run(suite);
}
