/*
 * A file gets its name when all of it is written, and not if any of that fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "shim/template/image/unfinished.h"

int __real_close(int fd);
int __wrap_close(int fd);

/* What the next close(2) says: on NFS there may have been no room for what was written before. */
static int close_error;

int __wrap_close(int fd)
{
	int result = __real_close(fd);

	if (close_error == 0)
		return result;
	errno = close_error;
	close_error = 0;
	return -1;
}

static struct {
	int dir;
	int fd;
} s;

static void begin(void)
{
	s.dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(s.dir, 0);
	s.fd = unfinished_create(s.dir, 0600);
	ck_assert_int_ge(s.fd, 0);
	ck_assert_int_eq(write(s.fd, "text", 4), 4);
}

START_TEST(gets_its_name)
{
	struct stat st;

	begin();
	ck_assert_int_eq(unfinished_end(s.dir, s.fd, "file", 0400, 0), 0);
	ck_assert_int_eq(stat("file", &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0400);
	ck_assert_int_eq(st.st_size, 4);
}
END_TEST

/* -ENOSPC of close(2); what was wrong before comes first. */
START_TEST(close_fails)
{
	static const int before[] = {0, -EIO};

	begin();
	close_error = ENOSPC;
	ck_assert_int_eq(unfinished_end(s.dir, s.fd, "file", 0400, before[_i]),
			 before[_i] ? before[_i] : -ENOSPC);
	ck_assert_int_eq(access("file", F_OK), -1);
	ck_assert_int_eq(access(".unfinished", F_OK), -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_unfinished");
	TCase *tc = scratch_case(suite, "unfinished", 30);

	tcase_add_test(tc, gets_its_name);
	tcase_add_loop_test(tc, close_fails, 0, 2);
	return scratch_run(suite);
}
