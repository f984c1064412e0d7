/* Which files are opened to be read, and how. */
#include "elfcache/elffile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "elf_maker.h"
#include "scratch.h"

static struct elf_image image;

static void refuse_path(const char *path, int err, const char *words)
{
	struct elffile *file = (struct elffile *)&image;
	const char *why = "?";
	unsigned before = scratch_descriptors();

	ck_assert_int_eq(elffile_read(path, &file, &why), -err);
	ck_assert_ptr_null(file);
	if (words)
		ck_assert_ptr_nonnull(strstr(why, words));
	else
		ck_assert_ptr_null(why);
	ck_assert_int_eq(elffile_read(path, &file, NULL), -err);
	ck_assert_uint_eq(scratch_descriptors(), before);
}

START_TEST(paths_that_are_no_files)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(symlink("fifo", "link_to_fifo"), 0);
	ck_assert_int_eq(symlink("nowhere", "dangling"), 0);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	scratch_file("empty", "", 0, 0755);
	refuse_path("none", ENOENT, NULL);
	refuse_path("", ENOENT, NULL);
	refuse_path("dangling", ENOENT, NULL);
	refuse_path("loop", ELOOP, NULL);
	refuse_path("empty/x", ENOTDIR, NULL);
	refuse_path("dir", EISDIR, NULL);
	refuse_path("fifo", ENOEXEC, "not a regular file");
	refuse_path("link_to_fifo", ENOEXEC, "not a regular file");
	refuse_path("socket", ENOEXEC, "not a regular file");
	refuse_path("/dev/null", ENOEXEC, "not a regular file");
	refuse_path("empty", ENOEXEC, "empty");
	close(fd);
}
END_TEST

START_TEST(symbolic_links_are_followed)
{
	struct elf_plan plan = elf_plan_usual();
	struct elffile *file;
	unsigned before = scratch_descriptors();

	elf_make(&image, &plan);
	elf_write(&image, "program");
	ck_assert_int_eq(symlink("program", "link"), 0);
	ck_assert_int_eq(elffile_read("link", &file, NULL), 0);
	ck_assert_str_eq(file->interpreter, plan.interpreter);
	elffile_free(file);
	ck_assert_uint_eq(scratch_descriptors(), before);
}
END_TEST

START_TEST(descriptors_are_left_alone)
{
	struct elf_plan plan = elf_plan_usual();
	struct elffile *file;
	int fd;
	int pipes[2];

	elf_make(&image, &plan);
	fd = elf_memory_file(image.bytes, image.size);
	ck_assert_int_eq(lseek(fd, 33, SEEK_SET), 33);
	ck_assert_int_eq(elffile_read_fd(fd, &file, NULL), 0);
	elffile_free(file);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 33);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(elffile_read_fd(fd, &file, NULL), -EBADF);
	ck_assert_ptr_null(file);
	ck_assert_int_eq(pipe(pipes), 0);
	ck_assert_int_eq(elffile_read_fd(pipes[0], &file, NULL), -ENOEXEC);
	elf_write(&image, "f");
	fd = open("f", O_WRONLY);
	ck_assert_int_eq(elffile_read_fd(fd, &file, NULL), -EBADF);
	close(fd);
	fd = open("f", O_PATH);
	ck_assert_int_eq(elffile_read_fd(fd, &file, NULL), -EBADF);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elffile_open");
	TCase *files = scratch_case(suite, "files", 20);

	tcase_add_test(files, paths_that_are_no_files);
	tcase_add_test(files, symbolic_links_are_followed);
	tcase_add_test(files, descriptors_are_left_alone);
	return scratch_run(suite);
}
