/*
 * Copies of code that have lost their large pages: what is seen of it, what is put in their place,
 * and that images take that.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"
#include "shim/launcher/service/refresh.h"
#include "shim/template/image/bake.h"
#include "shim/template/image/code.h"
#include "shim/template/image/large.h"
#include "shim/template/image/read.h"
#include "shim/template/image/renew.h"

enum { PIECES = 3, TAIL = 70000 };

static char *environment[] = {"PATH=/usr/bin:/bin", NULL};

/* A directory for copies, and one in it. */
static struct {
	char directory[64];
	char path[128];
	struct identity id;
	char *content;
	size_t size;
} s;

static void look(struct identity *id)
{
	ck_assert_int_eq(identity_of(AT_FDCWD, s.path, AT_SYMLINK_NOFOLLOW, id), 0);
}

static struct large_count count(void)
{
	struct large_count count;
	struct stat st;
	int fd = open(s.path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(large_count(fd, (uint64_t)st.st_size, &count), 0);
	close(fd);
	return count;
}

/* Written in small pieces, which make small pages. */
static void write_small(void)
{
	int fd = open(s.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	for (size_t at = 0; at < s.size;) {
		size_t piece = s.size - at < 4096 ? s.size - at : 4096;

		ck_assert_int_eq(pwrite(fd, s.content + at, piece, (off_t)at), (ssize_t)piece);
		at += piece;
	}
	ck_assert_int_eq(fchmod(fd, 0400), 0);
	ck_assert_int_eq(close(fd), 0);
	look(&s.id);
}

/* On disk, and in memory. */
static const char *const places[] = {".", "/dev/shm"};

static void set_up(const char *place)
{
	struct noise noise = {1};

	snprintf(s.directory, sizeof s.directory, "%s/renew-XXXXXX", place);
	if (!mkdtemp(s.directory)) {
		ck_assert_str_ne(place, ".");
		s.directory[0] = '\0';
		return;
	}
	if (place[0] == '.')
		snprintf(s.path, sizeof s.path, "%s", scratch_path(s.directory));
	else
		snprintf(s.path, sizeof s.path, "%s", s.directory);
	snprintf(s.path + strlen(s.path), sizeof s.path - strlen(s.path), "/library.so");
	s.size = PIECES * LARGE_PAGE + TAIL;
	s.content = malloc(s.size);
	ck_assert_ptr_nonnull(s.content);
	for (size_t at = 0; at + 8 <= s.size; at += 8) {
		uint64_t word = noise_next(&noise);

		memcpy(s.content + at, &word, sizeof word);
	}
	write_small();
}

static void tear_down(void)
{
	if (!s.directory[0])
		return;
	unlink(s.path);
	ck_assert_int_eq(rmdir(s.directory), 0);
	free(s.content);
}

static bool is_written(const char *path, const char *content, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data = malloc(size + 1);
	bool same;

	ck_assert_int_ge(fd, 0);
	same = read(fd, data, size + 1) == (ssize_t)size && memcmp(data, content, size) == 0;
	free(data);
	close(fd);
	return same;
}

/* Where this kernel cannot do it, nothing changes. */
static void check_renewal(int result, const struct large_count *before)
{
	struct large_count after = count();
	struct identity now;

	look(&now);
	ck_assert(is_written(s.path, s.content, s.size));
	ck_assert_uint_eq(now.mode, S_IFREG | 0400);
	ck_assert_int_eq(now.mtime_sec, s.id.mtime_sec);
	ck_assert_uint_eq(now.mtime_nsec, s.id.mtime_nsec);
	if (result == -ENOTSUP) {
		ck_assert(identity_equal(&now, &s.id));
		printf("%s: no large pages here\n", s.path);
		return;
	}
	ck_assert_int_eq(result, CODE_RENEWED);
	ck_assert_uint_ne(now.ino, s.id.ino);
	ck_assert_uint_gt(after.large, before->large);
	ck_assert_uint_eq(after.resident, PIECES);
	/* By the identity that images know. */
	ck_assert_int_eq(code_renew(s.path, &s.id),
			 after.large == after.resident ? CODE_GOOD : -ENOTSUP);
}

START_TEST(gets_large_pages)
{
	struct large_count before;

	set_up(places[_i]);
	if (!s.directory[0])
		return;
	before = count();
	ck_assert_uint_eq(before.resident, PIECES);
	ck_assert_uint_eq(before.large, 0);
	check_renewal(code_renew(s.path, &s.id), &before);
	tear_down();
}
END_TEST

/* Also of one that somebody uses, who keeps it. */
START_TEST(while_it_is_mapped)
{
	struct large_count before;
	char *map;
	int fd;

	set_up(places[_i]);
	if (!s.directory[0])
		return;
	fd = open(s.path, O_RDONLY | O_CLOEXEC);
	map = mmap(NULL, s.size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	close(fd);
	ck_assert_int_eq(memcmp(map, s.content, s.size), 0);
	before = count();
	check_renewal(code_renew(s.path, &s.id), &before);
	ck_assert_int_eq(memcmp(map, s.content, s.size), 0);
	munmap(map, s.size);
	tear_down();
}
END_TEST

static bool is_in_memory(void)
{
	static unsigned char pages[(PIECES * LARGE_PAGE + TAIL) / 4096 + 1];
	int fd = open(s.path, O_RDONLY | O_CLOEXEC);
	void *map = mmap(NULL, s.size, PROT_READ, MAP_PRIVATE, fd, 0);
	bool is_any = false;

	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mincore(map, s.size, pages), 0);
	for (size_t i = 0; i < sizeof pages; i++)
		is_any = is_any || (pages[i] & 1);
	munmap(map, s.size);
	close(fd);
	return is_any;
}

/* What is not in memory is not brought there, and not written. */
START_TEST(nothing_of_it_is_in_memory)
{
	struct identity now;
	int fd;

	set_up(".");
	fd = open(s.path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fsync(fd), 0);
	ck_assert_int_eq(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	close(fd);
	if (is_in_memory()) {
		printf("%s: stays in memory\n", s.path);
	} else {
		ck_assert_int_eq(code_renew(s.path, &s.id), CODE_GOOD);
		look(&now);
		ck_assert(identity_equal(&now, &s.id));
		ck_assert_uint_eq(count().resident, 0);
		ck_assert(!is_in_memory());
	}
	tear_down();
}
END_TEST

START_TEST(is_small)
{
	set_up(".");
	s.size = LARGE_PAGE - 1;
	write_small();
	ck_assert_uint_eq(count().resident, 0);
	ck_assert_int_eq(code_renew(s.path, &s.id), CODE_GOOD);
	tear_down();
}
END_TEST

/* As the doctor asks. */
START_TEST(is_tried)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct large_count before;
	int result;

	set_up(".");
	before = count();
	result = code_renew(s.path, &s.id);
	check_renewal(result, &before);
	ck_assert_int_eq(large_try(fd), result == CODE_RENEWED);
	ck_assert_int_eq(large_try(fd), result == CODE_RENEWED);
	ck_assert_int_eq(access(".large", F_OK), -1);
	ck_assert_int_eq(large_try(-1), -EBADF);
	close(fd);
	tear_down();
}
END_TEST

START_TEST(is_another)
{
	set_up(".");
	ck_assert_int_eq(utimensat(AT_FDCWD, s.path, NULL, 0), 0);
	ck_assert_int_eq(code_renew(s.path, &s.id), -ESTALE);
	ck_assert_int_eq(chmod(s.path, 0600), 0);
	look(&s.id);
	s.id.mode = S_IFREG | 0400;
	ck_assert_int_eq(code_renew(s.path, &s.id), -ESTALE);
	ck_assert_int_eq(unlink(s.path), 0);
	ck_assert_int_eq(symlink("/bin/sh", s.path), 0);
	ck_assert_int_eq(code_renew(s.path, &s.id), -ELOOP);
	ck_assert_int_eq(unlink(s.path), 0);
	ck_assert_int_eq(code_renew(s.path, &s.id), -ENOENT);
	/* Whoever waits for a writer waits for ever. */
	ck_assert_int_eq(mkfifo(s.path, 0600), 0);
	ck_assert_int_eq(code_renew(s.path, &s.id), -ESTALE);
	tear_down();
}
END_TEST

START_TEST(is_elsewhere)
{
	char path[PATH_MAX + 64];

	set_up(".");
	ck_assert_int_eq(code_renew("library.so", &s.id), -EINVAL);
	memset(path, 'x', sizeof path);
	path[0] = path[PATH_MAX] = '/';
	path[sizeof path - 1] = '\0';
	ck_assert_int_eq(code_renew(path, &s.id), -EINVAL);
	ck_assert_int_eq(symlink(s.directory, "link"), 0);
	ck_assert_int_eq(code_renew(scratch_path("link/library.so"), &s.id), -ENOTDIR);
	tear_down();
}
END_TEST

START_TEST(somebody_else_is_at_it)
{
	int fd;

	set_up(".");
	fd = open(s.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert_int_eq(code_renew(s.path, &s.id), -EBUSY);
	close(fd);
	ck_assert_int_ne(code_renew(s.path, &s.id), -EBUSY);
	tear_down();
}
END_TEST

/* An image and the copies that it names, by way of the service's code. */
static struct image_view view;

static void bake_cat(void)
{
	struct bake_loader loader = {0};
	struct code_store store;
	char why[BAKE_WHY_MAX];
	int images;
	int fd;

	ck_assert_int_eq(mkdir("images", 0700), 0);
	images = open("images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	code_store_open(&store, images, 64 << 20);
	fd = open("image", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
	ck_assert_msg(bake(fd, "/bin/cat", environment, &loader, &store, why) == 0, "%s", why);
	close(fd);
	fd = open("image", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(image_read(fd, &view), 0);
	close(fd);
	code_store_close(&store);
	close(images);
	ck_assert_uint_ge(view.table->copies.count, 1);
}

/* The copy of libc, with the same content in small pages. */
static void lose(void)
{
	struct stat st;
	struct timespec times[2];
	const struct image_copy *copy = NULL;
	int fd;

	for (uint32_t i = 0; i < view.table->copies.count && !copy; i++)
		if (image_copy(&view, i)->id.size >= LARGE_PAGE)
			copy = image_copy(&view, i);
	ck_assert_ptr_nonnull(copy);
	snprintf(s.path, sizeof s.path, "%s", image_copy_path(&view, copy));
	ck_assert_int_eq(stat(s.path, &st), 0);
	s.id = copy->id;
	s.size = (size_t)st.st_size;
	s.content = malloc(s.size);
	fd = open(s.path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, s.content, s.size), (ssize_t)s.size);
	close(fd);
	ck_assert_int_eq(chmod(s.path, 0600), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	write_small();
	ck_assert_int_eq(utimensat(AT_FDCWD, s.path, times, 0), 0);
	look(&s.id);
}

static bool is_new(void)
{
	struct identity now;

	look(&now);
	return now.ino != s.id.ino;
}

/* True if cat maps that copy. */
static bool is_used(void)
{
	static struct run run;
	char *argv[] = {"cat", "/proc/self/maps", NULL};

	image_run(&run, "image", argv, environment, NULL);
	ck_assert_int_eq(run.status, 0);
	return strstr(run.output, s.path) != NULL;
}

START_TEST(by_the_service)
{
	static struct refresh refresh = {.pause = REFRESH_PAUSE_MS};
	int64_t now = 5000;

	bake_cat();
	lose();
	ck_assert(is_used());
	refresh_image(&refresh, &view, now);
	ck_assert(is_used());
	if (!is_new()) {
		printf("%s: no large pages here\n", s.path);
		return;
	}
	ck_assert_int_eq(refresh.pause, 0);
	/* Lost again and again: it is renewed less and less often. */
	for (int64_t pause = REFRESH_PAUSE_MS; pause < 8 * REFRESH_PAUSE_MS; pause *= 2) {
		free(s.content);
		lose();
		now += pause;
		refresh_image(&refresh, &view, now - 1);
		ck_assert(!is_new());
		refresh_image(&refresh, &view, now);
		ck_assert(is_new());
	}
	/* Kept for once: it is looked at when it is time for that. */
	now += 8 * REFRESH_PAUSE_MS;
	look(&s.id);
	refresh_image(&refresh, &view, now);
	ck_assert(!is_new());
	free(s.content);
	lose();
	refresh_image(&refresh, &view, now + REFRESH_CHECK_MS - 1);
	ck_assert(!is_new());
	refresh_image(&refresh, &view, now + REFRESH_CHECK_MS);
	ck_assert(is_new());
	ck_assert(is_used());
	free(s.content);
	image_read_end(&view);
}
END_TEST

/* What is not renewed for a reason of its own says nothing of others. */
static void does_not_wait(const char *what)
{
	static struct refresh fresh;
	struct refresh refresh = fresh;

	refresh_image(&refresh, &view, 0);
	ck_assert_msg(refresh.again == 0 && refresh.pause == 0, "%s", what);
}

START_TEST(one_by_one)
{
	struct large_count all;
	bool are_good = true;
	char *slash;
	int fd;

	bake_cat();
	for (uint32_t i = 0; i < view.table->copies.count; i++) {
		snprintf(s.path, sizeof s.path, "%s", image_copy_path(&view, image_copy(&view, i)));
		all = count();
		are_good = are_good && all.large == all.resident;
	}
	if (are_good)
		does_not_wait("as they should be");
	for (uint32_t i = 0; i < view.table->copies.count; i++)
		ck_assert_int_eq(
			utimensat(AT_FDCWD, image_copy_path(&view, image_copy(&view, i)), NULL, 0),
			0);
	does_not_wait("others");
	for (uint32_t i = 0; i < view.table->copies.count; i++)
		ck_assert_int_eq(unlink(image_copy_path(&view, image_copy(&view, i))), 0);
	does_not_wait("none");
	for (uint32_t i = 0; i < view.table->copies.count; i++) {
		snprintf(s.path, sizeof s.path, "%s", image_copy_path(&view, image_copy(&view, i)));
		slash = strrchr(s.path, '/');
		*slash = '\0';
		fd = open(s.path, O_RDONLY | O_DIRECTORY);
		ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	}
	does_not_wait("somebody else's");
	image_read_end(&view);
}
END_TEST

/* More copies than are remembered, none of which is there. */
START_TEST(many)
{
	enum { MANY = REFRESH_MAX + 20, NAME = 24 };
	static struct {
		struct image_table table;
		struct image_copy copies[MANY];
		char names[MANY][NAME];
	} t;
	static struct refresh refresh;
	const struct image_view crowd = {.table = &t.table};

	t.table.copies = (struct image_array){(uint32_t)offsetof(__typeof__(t), copies), MANY};
	for (uint32_t i = 0; i < MANY; i++) {
		t.copies[i].path = (uint32_t)(offsetof(__typeof__(t), names) + i * NAME);
		snprintf(t.names[i], NAME, "/nonexistent/%u", i);
	}
	refresh_image(&refresh, &crowd, 1);
	ck_assert_uint_lt(refresh.next, REFRESH_MAX);
	ck_assert_int_eq(refresh.again, 0);
	ck_assert_int_eq(refresh.pause, 0);
	for (size_t i = 0; i < REFRESH_MAX; i++)
		ck_assert_int_eq(refresh.list[i].due, 1 + REFRESH_CHECK_MS);
}
END_TEST

/* Where a new one is no better, it is tried less and less often. */
START_TEST(in_vain)
{
	static struct refresh refresh;
	int64_t pause = REFRESH_PAUSE_MS;
	int64_t now = 0;

	bake_cat();
	lose();
	/* Not looked at by kernels before 6.17 where a file is mapped. */
	ck_assert_int_eq(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
	for (int i = 0; i < 10; i++) {
		refresh_image(&refresh, &view, now);
		if (is_new()) {
			ck_assert_int_eq(i, 0);
			ck_assert_uint_gt(count().large, 0);
			printf("%s: large pages all the same\n", s.path);
			break;
		}
		ck_assert_int_eq(refresh.again, now + pause);
		refresh_image(&refresh, &view, now + pause - 1);
		ck_assert_int_eq(refresh.again, now + pause);
		now += pause;
		pause = pause < REFRESH_PAUSE_MAX_MS / 2 ? pause * 2 : REFRESH_PAUSE_MAX_MS;
	}
	ck_assert_int_eq(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
	free(s.content);
	image_read_end(&view);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_renew");
	TCase *tc = scratch_case(suite, "renew", 60);
	const int places_count = sizeof places / sizeof places[0];

	tcase_add_loop_test(tc, gets_large_pages, 0, places_count);
	tcase_add_loop_test(tc, while_it_is_mapped, 0, places_count);
	tcase_add_test(tc, nothing_of_it_is_in_memory);
	tcase_add_test(tc, is_small);
	tcase_add_test(tc, is_tried);
	tcase_add_test(tc, is_another);
	tcase_add_test(tc, is_elsewhere);
	tcase_add_test(tc, somebody_else_is_at_it);
	tcase_add_test(tc, by_the_service);
	tcase_add_test(tc, one_by_one);
	tcase_add_test(tc, many);
	tcase_add_test(tc, in_vain);
	return scratch_run(suite);
}
