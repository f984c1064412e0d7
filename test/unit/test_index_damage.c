/* An index whose bytes were changed by somebody else. */
#include "elfcache/index.h"

#include <string.h>

#include "index_help.h"
#include "scratch.h"

/* 64 targets for the eight places of each of the first eight sets. */
static struct target targets[8][64];

/* Whatever the bytes are: answers that can be used, and soon. */
static void use(struct index *index, struct noise *noise)
{
	uint64_t r = noise_next(noise);
	struct target target = targets[(r >> 32) % 8][r % 64];
	struct target_counts counts;
	struct index_totals totals;
	struct target found;
	struct index_ref ref;
	uint32_t slot = (uint32_t)(r >> 40) % 64;

	if (index_find(index, &target.id, target.path_hash, &found, &ref)) {
		SCRATCH_ASSERT(identity_equal(&found.id, &target.id));
		SCRATCH_ASSERT(found.kind < EXE_KINDS);
		SCRATCH_ASSERT(memchr(found.path, '\0', sizeof found.path));
		SCRATCH_ASSERT(ref.slot < INDEX_SLOTS);
		index_count(index, &ref, HOW_LIBC, REASON_EXEC);
	} else if (index_insert(index, &target, &ref)) {
		SCRATCH_ASSERT(ref.slot < INDEX_SLOTS);
		index_count(index, &ref, HOW_KERNEL, REASON_NONE);
		index_uncount(index, &ref, HOW_KERNEL, REASON_NONE);
	}
	if (index_read(index, slot, &found, &counts)) {
		SCRATCH_ASSERT(found.kind < EXE_KINDS);
		SCRATCH_ASSERT(memchr(found.path, '\0', sizeof found.path));
	}
	index_read_totals(index, &totals);
	SCRATCH_ASSERT(!index_read(index, INDEX_SLOTS + slot, &found, &counts));
}

/* The header and the first eight sets, which is what use() uses. */
enum { HEADER = 4096, USED = HEADER + 8 * INDEX_WAYS * 512 };

static void fill(struct index *index)
{
	for (unsigned set = 0; set < 8; set++)
		for (unsigned n = 0; n < 64; n++) {
			struct index_ref ref;

			targets[set][n] = make_target(n, set);
			if (n >= INDEX_WAYS)
				continue;
			ck_assert(index_insert(index, &targets[set][n], &ref));
			index_count(index, &ref, HOW_LIBC, REASON_EXEC);
		}
}

/* Every byte of a path, the last one too. */
START_TEST(paths_without_end_are_ended)
{
	struct index index = new_index();
	struct target target = make_target(1, 0);
	const size_t at = HEADER + 48 + offsetof(struct target, path);
	struct target_counts counts;
	struct target found;
	struct index_ref ref;

	ck_assert(index_insert(&index, &target, &ref));
	ck_assert_uint_eq(ref.slot, 0);
	ck_assert_str_eq((char *)index.map + at, target.path);
	memset((char *)index.map + at, 'x', INDEX_PATH_MAX);
	memset(&found, 'y', sizeof found);
	ck_assert(index_find(&index, &target.id, target.path_hash, &found, &ref));
	ck_assert_uint_eq(strnlen(found.path, INDEX_PATH_MAX), INDEX_PATH_MAX - 1);
	memset(&found, 'y', sizeof found);
	ck_assert(index_read(&index, 0, &found, &counts));
	ck_assert_uint_eq(strnlen(found.path, INDEX_PATH_MAX), INDEX_PATH_MAX - 1);
}
END_TEST

START_TEST(bytes_changed_at_random)
{
	static unsigned char good[USED];
	struct index index = new_index();
	unsigned char *bytes = (unsigned char *)index.map;
	struct noise noise = {0xc0};

	fill(&index);
	memcpy(good, bytes, USED);
	for (unsigned i = 0; i < 100000; i++) {
		uint64_t r = noise_next(&noise);
		size_t at = (r & 0xffffffff) % USED;

		/* Every other time where an entry is governed from, and not just its path. */
		if (r >> 63)
			at = HEADER + (r & 63) * 512 + (r >> 8) % 128;
		bytes[at] = (unsigned char)(r >> 32);
		use(&index, &noise);
		if (i % 200 == 199)
			memcpy(bytes, good, USED);
	}
}
END_TEST

START_TEST(nothing_but_noise)
{
	struct index index = new_index();
	unsigned char *bytes = (unsigned char *)index.map;
	struct noise noise = {0xc1};

	fill(&index);
	for (unsigned round = 0; round < 300; round++) {
		for (size_t i = 0; i < USED; i += 8) {
			uint64_t r = noise_next(&noise);

			if (round % 4 == 1)
				r = 0xffffffffffffffff;
			else if (round % 4 == 2)
				r = 0xfffffffffffffffe;
			else if (round % 4 == 3)
				r &= 3;
			memcpy(bytes + i, &r, sizeof r);
		}
		for (unsigned i = 0; i < 100; i++)
			use(&index, &noise);
	}
	ck_assert_uint_le(index_unfinished_slots(&index), INDEX_SLOTS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("index_damage");
	TCase *damage = scratch_case(suite, "damage", 60);

	tcase_add_test(damage, paths_without_end_are_ended);
	tcase_add_test(damage, bytes_changed_at_random);
	tcase_add_test(damage, nothing_but_noise);
	return scratch_run(suite);
}
