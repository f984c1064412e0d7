/*
 * Keys and paths of images.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfcache/image_name.h"
#include "scratch.h"

static const struct identity some = {
	.dev = 1, .ino = 2, .size = 3, .mtime_sec = 4, .ctime_sec = 5, .mode = 0100755};

START_TEST(key_form)
{
	char key[IMAGE_KEY_SIZE];
	char again[IMAGE_KEY_SIZE];

	memset(key, 'x', sizeof key);
	image_key(&some, "/bin/true", key);
	image_key(&some, "/bin/true", again);
	ck_assert_uint_eq(strlen(key), IMAGE_KEY_SIZE - 1);
	ck_assert_uint_eq(strspn(key, "0123456789abcdef"), IMAGE_KEY_SIZE - 1);
	ck_assert_str_eq(key, again);
}
END_TEST

/* Every member of the identity, and the path, tell two keys apart, in both of their halves. */
START_TEST(key_differs)
{
	const size_t words = sizeof some / sizeof(uint32_t);
	char key[IMAGE_KEY_SIZE];
	char other[IMAGE_KEY_SIZE];
	uint32_t changed[sizeof some / sizeof(uint32_t)];
	struct identity id;

	image_key(&some, "/bin/true", key);
	for (size_t i = 0; i < words * 32; i++) {
		memcpy(changed, &some, sizeof some);
		changed[i / 32] ^= 1U << i % 32;
		memcpy(&id, changed, sizeof id);
		image_key(&id, "/bin/true", other);
		ck_assert_msg(memcmp(key, other, 16) != 0, "bit %zu", i);
		ck_assert_msg(memcmp(key + 16, other + 16, 16) != 0, "bit %zu", i);
	}
	image_key(&some, "/bin/tru", other);
	ck_assert_str_ne(key, other);
	image_key(&some, "/bin/truf", other);
	ck_assert_str_ne(key, other);
	image_key(&some, "", other);
	ck_assert_str_ne(key, other);
}
END_TEST

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, IMAGE_KEY_SIZE);
}

/* Consecutive inodes, as a package manager makes them. */
START_TEST(key_collisions)
{
	enum { COUNT = 20000 };
	char(*keys)[IMAGE_KEY_SIZE] = calloc(COUNT, sizeof *keys);

	ck_assert_ptr_nonnull(keys);
	for (int i = 0; i < COUNT; i++) {
		struct identity id = some;

		id.ino += (uint64_t)i / 2;
		image_key(&id, i % 2 ? "/usr/bin/a" : "/usr/bin/b", keys[i]);
	}
	qsort(keys, COUNT, sizeof *keys, compare_keys);
	for (int i = 1; i < COUNT; i++)
		SCRATCH_ASSERT(memcmp(keys[i - 1], keys[i], IMAGE_KEY_SIZE) != 0);
	free(keys);
}
END_TEST

START_TEST(base_name)
{
	ck_assert_str_eq(image_base_name("/usr/bin/cc"), "cc");
	ck_assert_str_eq(image_base_name("cc"), "cc");
	ck_assert_str_eq(image_base_name("/cc"), "cc");
	ck_assert_str_eq(image_base_name("a//b"), "b");
	ck_assert_str_eq(image_base_name("/dir/"), "");
	ck_assert_str_eq(image_base_name(""), "");
}
END_TEST

START_TEST(path_form)
{
	char key[IMAGE_KEY_SIZE];
	char expected[128];
	char path[128];
	size_t length;

	image_key(&some, "/usr/bin/cc", key);
	snprintf(expected, sizeof expected, "/run/session/%s/%s/cc", IMAGE_DIRECTORY, key);
	length = image_path("/run/session", IMAGE_DIRECTORY, &some, "/usr/bin/cc", path,
			    sizeof path);
	ck_assert_str_eq(path, expected);
	ck_assert_uint_eq(length, strlen(expected));
	image_path("/run/session", IMAGE_BOOT_DIRECTORY, &some, "/usr/bin/cc", path, sizeof path);
	ck_assert_ptr_nonnull(strstr(path, "/" IMAGE_BOOT_DIRECTORY "/"));
	ck_assert_str_ne(path, expected);
}
END_TEST

/* To the byte, and never beyond the buffer. */
START_TEST(path_room)
{
	char path[128];
	size_t length = image_path("/s", "d", &some, "/bin/name", path, sizeof path);

	ck_assert_uint_gt(length, 0);
	for (size_t size = 0; size <= length + 1; size++) {
		memset(path, '#', sizeof path);
		ck_assert_uint_eq(image_path("/s", "d", &some, "/bin/name", path, size),
				  size > length ? length : 0);
		ck_assert_int_eq(path[size], '#');
	}
	ck_assert_uint_eq(strlen(path), length);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_name");
	TCase *tc = scratch_case(suite, "names", 20);

	tcase_add_test(tc, key_form);
	tcase_add_test(tc, key_differs);
	tcase_add_test(tc, key_collisions);
	tcase_add_test(tc, base_name);
	tcase_add_test(tc, path_form);
	tcase_add_test(tc, path_room);
	return scratch_run(suite);
}
