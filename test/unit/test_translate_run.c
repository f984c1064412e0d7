/* Sequences of file actions, beside libc. */
#include <errno.h>
#include <fcntl.h>

#include "both_ways.h"

/*
 * Sequences that work.
 */

static void nothing(void)
{
}

static void close_open_and_closed(void)
{
	ADD(close, 10);
	ADD(close, 11);
	ADD(close, 13);
	ADD(close, 0);
}

static void dup2_plain(void)
{
	ADD(dup2, 10, 0);
	ADD(dup2, 11, 13);
	ADD(dup2, 13, 14);
	ADD(dup2, 12, 10);
}

static void dup2_rotate(void)
{
	ADD(dup2, 10, 20);
	ADD(dup2, 11, 10);
	ADD(dup2, 20, 11);
	ADD(close, 20);
}

static void dup2_to_itself(void)
{
	ADD(dup2, 10, 10);
	ADD(dup2, 11, 11);
}

static void dup2_to_itself_and_more(void)
{
	ADD(dup2, 11, 1023);
	ADD(dup2, 12, 12);
	ADD(dup2, 1023, 1023);
	ADD(close, 11);
}

static void open_in_all_ways(void)
{
	ADD(open, 0, "/dev/null", O_RDONLY, 0);
	ADD(open, 10, "file", O_RDWR | O_APPEND, 0);
	ADD(open, 20, "file", O_WRONLY | O_NONBLOCK, 0);
	ADD(open, 21, "dir", O_RDONLY | O_DIRECTORY, 0);
	ADD(open, 22, "file", O_PATH | O_CREAT | O_TRUNC, 0);
	ADD(open, 23, "/dev/zero", O_RDWR | O_SYNC, 0);
	ADD(open, 24, "dir", O_RDWR | O_TMPFILE | O_EXCL, 0600);
}

static void open_and_create(void)
{
	ADD(open, 3, "new", O_WRONLY | O_CREAT | O_TRUNC, 0664);
	ADD(open, 4, "new", O_RDONLY, 0);
	ADD(dup2, 3, 2);
}

static void open_where_another_was(void)
{
	ADD(open, 3, "/dev/null", O_RDONLY, 0);
	ADD(open, 3, "/dev/zero", O_RDONLY, 0);
	ADD(open, 11, "/dev/full", O_WRONLY, 0);
}

static void chdir_absolute(void)
{
	ADD(chdir_np, "/usr");
}

static void chdir_step_by_step(void)
{
	ADD(chdir_np, "dir");
	ADD(chdir_np, "sub");
	ADD(chdir_np, "..");
	ADD(open, 5, "/dev/null", O_RDONLY, 0);
}

static void fchdir_inherited_or_not(void)
{
	ADD(fchdir_np, 12);
}

static void fchdir_to_what_was_opened(void)
{
	ADD(open, 7, "dir/sub", O_RDONLY, 0);
	ADD(fchdir_np, 7);
	ADD(close, 7);
	ADD(chdir_np, "..");
}

#if __GLIBC_PREREQ(2, 34)
static void closefrom_three(void)
{
	ADD(closefrom_np, 3);
}

static void closefrom_between(void)
{
	ADD(dup2, 12, 40);
	ADD(closefrom_np, 11);
	ADD(chdir_np, "dir");
	ADD(dup2, 10, 30);
	ADD(closefrom_np, 1000);
}
#endif

static void (*const working[])(void) = {
	nothing,
	close_open_and_closed,
	dup2_plain,
	dup2_rotate,
	dup2_to_itself,
	dup2_to_itself_and_more,
	open_in_all_ways,
	open_and_create,
	open_where_another_was,
	chdir_absolute,
	chdir_step_by_step,
	fchdir_inherited_or_not,
	fchdir_to_what_was_opened,
#if __GLIBC_PREREQ(2, 34)
	closefrom_three,
	closefrom_between,
#endif
};

START_TEST(looks_the_same)
{
	working[_i]();
	compare(0);
}
END_TEST

/*
 * Sequences that fail.
 */

static void open_missing(void)
{
	ADD(open, 1, "new", O_WRONLY | O_CREAT, 0644);
	ADD(open, 0, "missing", O_RDONLY, 0);
}

static void open_directory_to_write(void)
{
	ADD(open, 0, "dir", O_WRONLY, 0);
}

static void open_file_as_directory(void)
{
	ADD(open, 0, "file", O_RDONLY | O_DIRECTORY, 0);
}

static void dup2_closed(void)
{
	ADD(dup2, 13, 1);
}

static void dup2_closed_to_itself(void)
{
	ADD(dup2, 13, 13);
}

static void dup2_after_close(void)
{
	ADD(close, 10);
	ADD(dup2, 10, 1);
}

static void chdir_missing(void)
{
	ADD(chdir_np, "missing");
}

static void chdir_nowhere(void)
{
	ADD(chdir_np, "");
}

static void chdir_to_a_file(void)
{
	ADD(chdir_np, "file");
}

static void chdir_in_circles(void)
{
	ADD(chdir_np, "loop");
}

static void fchdir_closed(void)
{
	ADD(fchdir_np, 13);
}

static void fchdir_to_a_file(void)
{
	ADD(fchdir_np, 10);
}

static const struct {
	void (*add)(void);
	int err;
} failing[] = {
	{open_missing, ENOENT},     {open_directory_to_write, EISDIR},
	{dup2_closed, EBADF},       {open_file_as_directory, ENOTDIR},
	{dup2_after_close, EBADF},  {dup2_closed_to_itself, EBADF},
	{chdir_missing, ENOENT},    {chdir_nowhere, ENOENT},
	{chdir_to_a_file, ENOTDIR}, {chdir_in_circles, ELOOP},
	{fchdir_closed, EBADF},     {fchdir_to_a_file, ENOTDIR},
};

START_TEST(fails_alike)
{
	failing[_i].add();
	compare(failing[_i].err);
}
END_TEST

int main(int argc, char *argv[])
{
	Suite *s;
	TCase *t;
	int status;

	if (fixture_is_helper(argc, argv, &status))
		return status;
	s = suite_create("translate_run");
	t = both_ways_case(s, "beside libc");
	tcase_add_loop_test(t, looks_the_same, 0, sizeof working / sizeof working[0]);
	tcase_add_loop_test(t, fails_alike, 0, sizeof failing / sizeof failing[0]);
	return scratch_run(s);
}
