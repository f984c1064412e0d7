/* Index files: which ones are made, and which ones are trusted. */
#include "elfcache/index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "index_help.h"
#include "scratch.h"

static void create(void)
{
	struct index_origin origin = some_origin();

	ck_assert_int_eq(index_create(AT_FDCWD, "index", &origin), 0);
}

/* Opening is refused with this error, and nothing is left open or mapped. */
static void refuse(int err)
{
	unsigned before = scratch_descriptors();
	struct index index = {(struct index_header *)&before};

	errno = 4711;
	ck_assert_int_eq(index_open(AT_FDCWD, "index", geteuid(), &index), -err);
	ck_assert_int_eq(errno, 4711);
	ck_assert_ptr_eq(index.map, &before);
	ck_assert_uint_eq(scratch_descriptors(), before);
}

static unsigned names_in(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

/* Overwrite bytes of the file. */
static void patch(off_t at, const void *bytes, size_t n)
{
	int fd = open("index", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, n, at), (ssize_t)n);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(a_created_index_is_private_and_allocated)
{
	struct index_origin origin = some_origin();
	unsigned before = scratch_descriptors();
	const struct index_origin *found;
	struct index index;
	struct stat st;

	create();
	ck_assert_uint_eq(scratch_descriptors(), before);
	ck_assert_uint_eq(names_in("."), 1);
	ck_assert_int_eq(lstat("index", &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_uint_eq(st.st_uid, geteuid());
	ck_assert_uint_eq((size_t)st.st_size, index_file_size());
	ck_assert_uint_ge((size_t)st.st_blocks * 512, index_file_size());
	ck_assert_int_eq(index_open(AT_FDCWD, "index", geteuid(), &index), 0);
	ck_assert_uint_eq(scratch_descriptors(), before);
	found = index_origin(&index);
	ck_assert_mem_eq(found->boot_id, origin.boot_id, INDEX_BOOT_ID_LEN);
	ck_assert_uint_eq(found->uid, origin.uid);
	ck_assert_int_eq(found->pid, origin.pid);
	ck_assert_uint_eq(found->pid_start, origin.pid_start);
	ck_assert_int_eq(found->created, origin.created);
	ck_assert_uint_eq(found->pid_namespace, origin.pid_namespace);
	index_close(&index);
}
END_TEST

START_TEST(the_umask_does_not_matter)
{
	static const mode_t masks[] = {0, 022, 077, 0277, 0777};

	for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
		struct stat st;

		umask(masks[i]);
		create();
		ck_assert_int_eq(stat("index", &st), 0);
		ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
		ck_assert_int_eq(unlink("index"), 0);
	}
}
END_TEST

START_TEST(an_index_is_made_relative_to_a_directory)
{
	struct index_origin origin = some_origin();
	struct index index;
	int fd;

	ck_assert_int_eq(mkdir("d", 0700), 0);
	fd = open("d", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(index_create(fd, "index", &origin), 0);
	ck_assert_int_eq(access("d/index", F_OK), 0);
	ck_assert_int_eq(index_open(fd, "index", geteuid(), &index), 0);
	ck_assert_int_eq(close(fd), 0);
	index_close(&index);
}
END_TEST

START_TEST(nothing_is_overwritten)
{
	struct index_origin origin = some_origin();
	char buf[8];
	int fd;

	scratch_file("index", "precious", 8, 0600);
	ck_assert_int_eq(index_create(AT_FDCWD, "index", &origin), -EEXIST);
	fd = open("index", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, buf, 8), 8);
	ck_assert_mem_eq(buf, "precious", 8);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(unlink("index"), 0);
	ck_assert_int_eq(symlink("elsewhere", "index"), 0);
	ck_assert_int_eq(index_create(AT_FDCWD, "index", &origin), -EEXIST);
	ck_assert_int_eq(access("elsewhere", F_OK), -1);
}
END_TEST

START_TEST(creation_fails_cleanly)
{
	struct index_origin origin = some_origin();
	unsigned before = scratch_descriptors();
	struct rlimit limit = {index_file_size() - 1, index_file_size() - 1};

	errno = 4711;
	ck_assert_int_eq(index_create(AT_FDCWD, "none/index", &origin), -ENOENT);
	ck_assert_int_eq(index_create(999, "index", &origin), -EBADF);
	/* A file as large as that is not allowed; trying would be SIGXFSZ. */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(index_create(AT_FDCWD, "index", &origin), -EFBIG);
	ck_assert_int_eq(errno, 4711);
	ck_assert_uint_eq(names_in("."), 0);
	ck_assert_uint_eq(scratch_descriptors(), before);
}
END_TEST

/* In a mount namespace of its own: 0, or what failed. */
static int create_on_small_disk(void)
{
	struct index_origin origin = some_origin();

	if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") ||
	    mount("none", "disk", "tmpfs", 0, "size=1m"))
		return 100;
	if (chdir("disk"))
		return 101;
	if (index_create(AT_FDCWD, "index", &origin) != -ENOSPC)
		return 102;
	return names_in(".") == 0 ? 0 : 103;
}

START_TEST(a_full_disk_is_an_error_now_and_not_later)
{
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		fputs("skipped: only root can mount a small disk\n", stderr);
		return;
	}
	ck_assert_int_eq(mkdir("disk", 0700), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(create_on_small_disk());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 100) {
		fputs("skipped: no mount namespace here\n", stderr);
		return;
	}
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(files_of_a_wrong_size_are_refused)
{
	const off_t size = (off_t)index_file_size();
	const off_t sizes[] = {0, 1, 4095, 4096, size / 2, size - 1, size + 1, size + 4096};

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		create();
		ck_assert_int_eq(truncate("index", sizes[i]), 0);
		refuse(EINVAL);
		ck_assert_int_eq(unlink("index"), 0);
	}
}
END_TEST

START_TEST(files_of_a_wrong_mode_are_refused)
{
	static const mode_t modes[] = {0644, 0640, 0604, 0660, 0620, 0602, 0610, 0601, 0666, 02660};

	create();
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		ck_assert_int_eq(chmod("index", modes[i]), 0);
		refuse(EPERM);
	}
}
END_TEST

START_TEST(files_of_another_owner_are_refused)
{
	struct index_origin origin = some_origin();
	struct index index;

	create();
	ck_assert_int_eq(index_open(AT_FDCWD, "index", geteuid() + 1, &index), -EPERM);
	/* Ours, but made for somebody else. */
	ck_assert_int_eq(unlink("index"), 0);
	origin.uid++;
	ck_assert_int_eq(index_create(AT_FDCWD, "index", &origin), 0);
	refuse(EINVAL);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(unlink("index"), 0);
	create();
	ck_assert_int_eq(chown("index", 12345, (gid_t)-1), 0);
	refuse(EPERM);
}
END_TEST

START_TEST(what_is_not_a_file_is_refused)
{
	refuse(ENOENT);
	ck_assert_int_eq(mkfifo("index", 0600), 0);
	refuse(EPERM);
	ck_assert_int_eq(unlink("index"), 0);
	ck_assert_int_eq(mkdir("index", 0700), 0);
	refuse(EISDIR);
	ck_assert_int_eq(rmdir("index"), 0);
	create();
	ck_assert_int_eq(rename("index", "real"), 0);
	ck_assert_int_eq(symlink("real", "index"), 0);
	refuse(ELOOP);
}
END_TEST

/* magic, version, sizes of header and entry, sets, ways: six numbers at the beginning. */
START_TEST(every_part_of_the_header_is_checked)
{
	static const struct {
		off_t at;
		size_t size;
	} parts[] = {{0, 8}, {8, 4}, {12, 4}, {16, 4}, {20, 4}, {24, 4}};
	struct index index;

	create();
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		for (size_t k = 0; k < parts[i].size; k++) {
			unsigned char byte;
			unsigned char wrong;
			int fd = open("index", O_RDONLY | O_CLOEXEC);

			ck_assert_int_eq(pread(fd, &byte, 1, parts[i].at + (off_t)k), 1);
			ck_assert_int_eq(close(fd), 0);
			wrong = byte ^ 0x10;
			patch(parts[i].at + (off_t)k, &wrong, 1);
			refuse(EINVAL);
			patch(parts[i].at + (off_t)k, &byte, 1);
		}
	ck_assert_int_eq(index_open(AT_FDCWD, "index", geteuid(), &index), 0);
	index_close(&index);
}
END_TEST

START_TEST(zeros_are_no_index)
{
	scratch_file("index", "", 0, 0600);
	ck_assert_int_eq(truncate("index", (off_t)index_file_size()), 0);
	refuse(EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("index_open");
	TCase *files = scratch_case(suite, "files", 20);

	tcase_add_test(files, a_created_index_is_private_and_allocated);
	tcase_add_test(files, the_umask_does_not_matter);
	tcase_add_test(files, an_index_is_made_relative_to_a_directory);
	tcase_add_test(files, nothing_is_overwritten);
	tcase_add_test(files, creation_fails_cleanly);
	tcase_add_test(files, a_full_disk_is_an_error_now_and_not_later);
	tcase_add_test(files, files_of_a_wrong_size_are_refused);
	tcase_add_test(files, files_of_a_wrong_mode_are_refused);
	tcase_add_test(files, files_of_another_owner_are_refused);
	tcase_add_test(files, what_is_not_a_file_is_refused);
	tcase_add_test(files, every_part_of_the_header_is_checked);
	tcase_add_test(files, zeros_are_no_index);
	return scratch_run(suite);
}
