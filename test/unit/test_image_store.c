/*
 * A directory of images: what is published, what is refused, and what is left behind.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elfcache/image_name.h"
#include "scratch.h"
#include "shim/template/image/store.h"

static char *environment[] = {"PATH=/usr/bin:/bin", NULL};

static struct {
	int dirfd;
	struct identity id;
	char path[4096];
	char why[BAKE_WHY_MAX];
	struct bake_loader loader;
	uint64_t size;
} s;

static void copy_true(const char *to, mode_t mode)
{
	static char data[1 << 20];
	FILE *file = fopen("/bin/true", "re");
	size_t size = fread(data, 1, sizeof data, file);

	fclose(file);
	scratch_file(to, data, size, mode);
}

static void set_up(mode_t mode)
{
	snprintf(s.path, sizeof s.path, "%s", scratch_path("program"));
	copy_true(s.path, mode);
	ck_assert_int_eq(mkdir("images", 0700), 0);
	s.dirfd = open("images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(s.dirfd, 0);
	ck_assert_int_eq(identity_of(AT_FDCWD, s.path, 0, &s.id), 0);
}

static int bake_it(void)
{
	return store_bake(s.dirfd, &s.id, s.path, environment, &s.loader, NULL, &s.size, s.why);
}

/* Its path in the working directory; static. */
static const char *image(void)
{
	static char path[256];

	ck_assert_uint_gt(image_path(".", "images", &s.id, s.path, path, sizeof path), 0);
	return path;
}

static void nothing_is_left(void)
{
	ck_assert_int_eq(rmdir("images"), 0);
}

START_TEST(publishes)
{
	struct image_view view;
	struct stat st;

	set_up(0755);
	ck_assert_msg(bake_it() == 0, "%s", s.why);
	ck_assert_str_eq(s.why, "");
	ck_assert_int_eq(stat(image(), &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0500);
	ck_assert_uint_eq((uint64_t)st.st_size, s.size);
	ck_assert_int_eq(store_read(s.dirfd, &s.id, s.path, &view), 0);
	ck_assert_str_eq(image_target(&view), s.path);
	ck_assert(identity_equal(&image_file(&view, 0)->id, &s.id));
	ck_assert_ptr_null(image_stale_file(&view));
	ck_assert_int_eq(utimensat(AT_FDCWD, s.path, NULL, 0), 0);
	ck_assert_str_eq(image_stale_file(&view), s.path);
	image_read_end(&view);
	store_remove(s.dirfd, &s.id, s.path);
	ck_assert_int_eq(store_read(s.dirfd, &s.id, s.path, &view), -ENOENT);
	store_remove(s.dirfd, &s.id, s.path);
	nothing_is_left();
}
END_TEST

/* One that is being executed meanwhile is not written to: the new one is another file. */
START_TEST(replaces)
{
	struct stat before;
	struct stat after;
	int fd;

	set_up(0755);
	ck_assert_int_eq(bake_it(), 0);
	fd = open(image(), O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &before), 0);
	ck_assert_int_eq(bake_it(), 0);
	ck_assert_int_eq(stat(image(), &after), 0);
	ck_assert_uint_ne(before.st_ino, after.st_ino);
	ck_assert_int_eq(fstat(fd, &before), 0);
	ck_assert_uint_eq(before.st_nlink, 0);
	close(fd);
}
END_TEST

/* What the first bake has learned of ld.so serves the second, and is not taken for another's. */
START_TEST(learns)
{
	struct bake_loader first;

	set_up(0755);
	ck_assert_int_eq(bake_it(), 0);
	first = s.loader;
	ck_assert_uint_ne(first.lazy_flag, 0);
	ck_assert_int_eq(bake_it(), 0);
	ck_assert_mem_eq(&s.loader, &first, sizeof first);
	s.loader.id.ino++;
	s.loader.lazy_flag = 8;
	ck_assert_int_eq(bake_it(), 0);
	ck_assert_mem_eq(&s.loader, &first, sizeof first);
	/* Not where the flag is: the program is then kept as it starts by itself. */
	s.loader.lazy_flag = 8;
	ck_assert_int_eq(bake_it(), 0);
	ck_assert_uint_eq(s.loader.lazy_flag, 8);
}
END_TEST

/* The identity is another than that of what is there now: it must not go by its key. */
START_TEST(changed_meanwhile)
{
	set_up(0755);
	s.id.ctime_nsec ^= 1;
	ck_assert_int_eq(bake_it(), -ESTALE);
	ck_assert_str_ne(s.why, "");
	nothing_is_left();
}
END_TEST

START_TEST(unfinished)
{
	char key[IMAGE_KEY_SIZE];
	char path[128];
	int fd;

	set_up(0755);
	image_key(&s.id, s.path, key);
	snprintf(path, sizeof path, "images/%s", key);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "images/%s/.unfinished", key);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(bake_it(), 0);
	ck_assert_int_ne(access(path, F_OK), 0);
	ck_assert_int_eq(access(image(), X_OK), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ck_assert_int_ge(fd, 0);
	close(fd);
	store_remove(s.dirfd, &s.id, s.path);
	nothing_is_left();
}
END_TEST

/* What is in the way is not followed. */
START_TEST(links)
{
	char key[IMAGE_KEY_SIZE];
	char path[128];
	struct image_view view;

	set_up(0755);
	image_key(&s.id, s.path, key);
	snprintf(path, sizeof path, "images/%s", key);
	ck_assert_int_eq(mkdir("elsewhere", 0700), 0);
	ck_assert_int_eq(symlink("../elsewhere", path), 0);
	ck_assert_int_lt(bake_it(), 0);
	ck_assert_int_eq(rmdir("elsewhere"), 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(bake_it(), 0);
	ck_assert_int_eq(rename(image(), "moved"), 0);
	ck_assert_int_eq(symlink("../../moved", image()), 0);
	ck_assert_int_eq(store_read(s.dirfd, &s.id, s.path, &view), -ELOOP);
	/* Nor is there anybody to wait for. */
	ck_assert_int_eq(unlink(image()), 0);
	ck_assert_int_eq(mkfifo(image(), 0600), 0);
	ck_assert_int_eq(store_read(s.dirfd, &s.id, s.path, &view), -EINVAL);
}
END_TEST

/* Modes of a program of ours, and whether others could make no less of its image. */
START_TEST(modes)
{
	struct identity id = {.uid = geteuid(), .mode = S_IFREG | 0755};

	ck_assert(store_takes(&id));
	id.mode = S_IFREG | 0500;
	ck_assert(store_takes(&id));
	id.mode = S_IFREG | 0111;
	ck_assert(!store_takes(&id));
	id.mode = S_IFREG | 0644;
	ck_assert(!store_takes(&id));
	id.uid = geteuid() + 1;
	id.mode = S_IFREG | 0755;
	ck_assert(store_takes(&id));
	for (mode_t bit = S_IXOTH; bit <= S_IRGRP; bit <<= 1) {
		if (bit == S_IWOTH)
			continue;
		id.mode = (S_IFREG | 0755) & ~bit;
		ck_assert_msg(!store_takes(&id) == (bit != S_IWGRP), "without %o", bit);
	}
}
END_TEST

START_TEST(refuses)
{
	set_up(0311);
	ck_assert_int_eq(bake_it(), -ENOTSUP);
	ck_assert_str_ne(s.why, "");
	nothing_is_left();
}
END_TEST

START_TEST(no_room)
{
	set_up(0755);
	ck_assert_int_eq(rmdir("images"), 0);
	ck_assert_int_eq(bake_it(), -ENOENT);
	ck_assert_str_ne(s.why, "");
}
END_TEST

/* An image that is cut, or of which any byte of the beginning, the table or the sections is
   another, is none, or is read within its bounds. */
START_TEST(damaged)
{
	static unsigned char data[4 << 20];
	struct noise noise = {99};
	struct image_view view;
	unsigned refused[3] = {0};
	size_t places[3] = {0};
	size_t size;
	int fd;

	set_up(0755);
	ck_assert_int_eq(bake_it(), 0);
	fd = open(image(), O_RDONLY | O_CLOEXEC);
	size = (size_t)read(fd, data, sizeof data);
	close(fd);
	ck_assert_uint_eq(size, s.size);
	ck_assert_int_eq(store_read(s.dirfd, &s.id, s.path, &view), 0);
	places[1] = (size_t)((const unsigned char *)view.table - view.data);
	places[2] = ((const Elf64_Ehdr *)(const void *)view.data)->e_shoff;
	image_read_end(&view);
	ck_assert_uint_gt(size, places[2] + 512);
	for (int i = 0; i < 3000; i++) {
		size_t cut = i % 2 ? size : noise_next(&noise) % size;
		size_t at = places[i % 3] + noise_next(&noise) % 512;
		unsigned char old = data[at];
		int err;

		data[at] = (unsigned char)noise_next(&noise);
		scratch_file("damaged", data, cut, 0500);
		data[at] = old;
		fd = open("damaged", O_RDONLY | O_CLOEXEC);
		err = image_read(fd, &view);
		close(fd);
		SCRATCH_ASSERT(err == 0 || err == -EINVAL);
		SCRATCH_ASSERT(err || cut == size);
		refused[i % 3] += err && cut == size;
		if (err)
			continue;
		(void)strlen(image_target(&view));
		(void)image_stale_file(&view);
		image_read_end(&view);
	}
	for (int i = 0; i < 3; i++)
		ck_assert_uint_gt(refused[i], 20);
}
END_TEST

/* Killed at any moment: there is no image, or a whole one. */
START_TEST(killed)
{
	struct image_view view;
	unsigned whole = 0;

	set_up(0755);
	for (unsigned i = 0; i < 40; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(bake_it() != 0);
		usleep(i * 300);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		if (access(image(), F_OK) == 0) {
			ck_assert_int_eq(store_read(s.dirfd, &s.id, s.path, &view), 0);
			image_read_end(&view);
			whole++;
		}
		store_remove(s.dirfd, &s.id, s.path);
		ck_assert_int_ne(access(image(), F_OK), 0);
	}
	ck_assert_uint_lt(whole, 40);
	ck_assert_int_eq(bake_it(), 0);
	store_remove(s.dirfd, &s.id, s.path);
	nothing_is_left();
}
END_TEST

/* Its directory is made, and cannot be opened. */
START_TEST(no_descriptors)
{
	set_up(0755);
	scratch_forbid_descriptors(true);
	ck_assert_int_eq(bake_it(), -EMFILE);
	scratch_forbid_descriptors(false);
	nothing_is_left();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_store");
	TCase *tc = scratch_case(suite, "store", 60);

	tcase_add_test(tc, publishes);
	tcase_add_test(tc, replaces);
	tcase_add_test(tc, learns);
	tcase_add_test(tc, changed_meanwhile);
	tcase_add_test(tc, unfinished);
	tcase_add_test(tc, links);
	tcase_add_test(tc, modes);
	tcase_add_test(tc, refuses);
	tcase_add_test(tc, no_room);
	tcase_add_test(tc, no_descriptors);
	tcase_add_test(tc, damaged);
	tcase_add_test(tc, killed);
	return scratch_run(suite);
}
