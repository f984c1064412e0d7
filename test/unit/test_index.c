/* The index as one process uses it. */
#include "elfcache/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index_help.h"
#include "scratch.h"

static struct index_ref insert(struct index *index, const struct target *target)
{
	struct index_ref ref = {~0U, 0};

	ck_assert(index_insert(index, target, &ref));
	ck_assert_uint_lt(ref.slot, INDEX_SLOTS);
	return ref;
}

/* The target is there, whole, and at the place where it was put. */
static void check_found(const struct index *index, const struct target *target,
			const struct index_ref *place)
{
	struct target found;
	struct index_ref ref;

	memset(&found, 0xaa, sizeof found);
	ck_assert(index_find(index, &target->id, target->path_hash, &found, &ref));
	ck_assert_mem_eq(&found, target, sizeof found);
	ck_assert_uint_eq(ref.slot, place->slot);
	ck_assert_uint_eq(ref.generation, place->generation);
	ck_assert(index_find(index, &target->id, target->path_hash, NULL, &ref));
	ck_assert_uint_eq(ref.slot, place->slot);
	ck_assert_uint_eq(ref.generation, place->generation);
}

static bool is_there(const struct index *index, const struct target *target)
{
	struct index_ref ref;

	return index_find(index, &target->id, target->path_hash, NULL, &ref);
}

START_TEST(a_new_index_is_empty)
{
	struct index index = new_index();
	struct target target = make_target(1, ANY_SET);
	struct target_counts counts;
	struct index_totals totals;
	struct index_totals zero = {0};

	ck_assert(!is_there(&index, &target));
	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++)
		ck_assert(!index_read(&index, slot, &target, &counts));
	ck_assert(!index_read(&index, INDEX_SLOTS, &target, &counts));
	ck_assert(!index_read(&index, ~0U, &target, &counts));
	memset(&totals, 0xaa, sizeof totals);
	index_read_totals(&index, &totals);
	ck_assert_mem_eq(&totals, &zero, sizeof zero);
	ck_assert_uint_eq(index_unfinished_slots(&index), 0);
}
END_TEST

START_TEST(what_is_inserted_is_found)
{
	enum { N = 1000 };
	static struct index_ref refs[N];
	struct index index = new_index();

	errno = 4711;
	for (unsigned i = 0; i < N; i++) {
		struct target target = make_target(i, ANY_SET);

		ck_assert(!is_there(&index, &target));
		refs[i] = insert(&index, &target);
		check_found(&index, &target, &refs[i]);
	}
	ck_assert_int_eq(errno, 4711);
	for (unsigned i = 0; i < N; i++) {
		struct target target = make_target(i, ANY_SET);
		struct target_counts counts;
		struct target read;

		check_found(&index, &target, &refs[i]);
		ck_assert(index_read(&index, refs[i].slot, &read, &counts));
		ck_assert_mem_eq(&read, &target, sizeof read);
		ck_assert_uint_eq(counts.starts[HOW_LIBC], 0);
		ck_assert_uint_eq(counts.verdict, REASON_NONE);
	}
	ck_assert_uint_eq(sum_up(&index).targets, N);
}
END_TEST

/* Another identity is another target, however little differs. */
START_TEST(targets_are_told_apart_by_identity)
{
	struct index index = new_index();
	struct target target = make_target(7, ANY_SET);
	struct target other = target;

	insert(&index, &target);
	other.id.ctime_nsec++;
	ck_assert(!is_there(&index, &other));
	insert(&index, &other);
	ck_assert(is_there(&index, &other));
	ck_assert(is_there(&index, &target));
	ck_assert_uint_eq(sum_up(&index).targets, 2);
}
END_TEST

START_TEST(inserting_twice_gives_the_same_place)
{
	struct index index = new_index();
	struct target target = make_target(7, ANY_SET);
	struct index_ref first = insert(&index, &target);
	struct index_ref second = insert(&index, &target);

	ck_assert_uint_eq(first.slot, second.slot);
	ck_assert_uint_eq(first.generation, second.generation);
	ck_assert_uint_eq(sum_up(&index).targets, 1);
}
END_TEST

START_TEST(starts_are_counted)
{
	struct index index = new_index();
	struct target target = make_target(7, ANY_SET);
	struct index_ref ref = insert(&index, &target);
	struct index_totals totals;
	struct target_counts counts;

	for (int i = 0; i < 5; i++)
		index_count(&index, &ref, HOW_LIBC, REASON_SCRIPT);
	for (int i = 0; i < 3; i++)
		index_count(&index, &ref, HOW_KERNEL, REASON_NONE);
	index_count(&index, &ref, HOW_IMAGE, REASON_NONE);
	index_count(&index, NULL, HOW_LIBC, REASON_UNRESOLVED);
	index_count_stale(&index);
	index_count_stale(&index);
	index_count_both(&index);
	index_read_totals(&index, &totals);
	ck_assert_uint_eq(totals.starts[HOW_LIBC], 6);
	ck_assert_uint_eq(totals.starts[HOW_KERNEL], 3);
	ck_assert_uint_eq(totals.starts[HOW_IMAGE], 1);
	ck_assert_uint_eq(totals.fallback[REASON_SCRIPT], 5);
	ck_assert_uint_eq(totals.fallback[REASON_UNRESOLVED], 1);
	ck_assert_uint_eq(totals.fallback[REASON_NONE], 0);
	ck_assert_uint_eq(totals.stale, 2);
	ck_assert_uint_eq(totals.both, 1);
	ck_assert_uint_eq(totals.evicted_targets, 0);
	ck_assert(index_read(&index, ref.slot, &target, &counts));
	ck_assert_uint_eq(counts.starts[HOW_LIBC], 5);
	ck_assert_uint_eq(counts.starts[HOW_KERNEL], 3);
	ck_assert_uint_eq(counts.starts[HOW_IMAGE], 1);
	ck_assert_uint_eq(counts.verdict, REASON_SCRIPT);
	ck_assert_uint_gt(counts.last_used, 0);
}
END_TEST

START_TEST(the_last_verdict_stays)
{
	struct index index = new_index();
	struct target target = make_target(7, ANY_SET);
	struct index_ref ref = insert(&index, &target);
	struct target_counts counts;

	index_count(&index, &ref, HOW_LIBC, REASON_STATIC);
	index_count(&index, &ref, HOW_LIBC, REASON_SETID);
	index_count(&index, &ref, HOW_KERNEL, REASON_NONE);
	ck_assert(index_read(&index, ref.slot, &target, &counts));
	ck_assert_uint_eq(counts.verdict, REASON_SETID);
}
END_TEST

START_TEST(starts_are_taken_back)
{
	struct index index = new_index();
	struct target target = make_target(7, ANY_SET);
	struct index_ref ref = insert(&index, &target);
	struct index_totals totals;
	const uint64_t one[HOW_COUNT] = {[HOW_LIBC] = 1};

	index_count(&index, &ref, HOW_LIBC, REASON_EXEC);
	for (int i = 0; i < 10; i++) {
		index_count(&index, &ref, HOW_LIBC, REASON_EXEC);
		index_uncount(&index, &ref, HOW_LIBC, REASON_EXEC);
		index_count(&index, NULL, HOW_KERNEL, REASON_NONE);
		index_uncount(&index, NULL, HOW_KERNEL, REASON_NONE);
	}
	index_read_totals(&index, &totals);
	ck_assert_uint_eq(totals.fallback[REASON_EXEC], 1);
	check_sums(&index, one);
}
END_TEST

/* Everything in one set, from the first on: nobody is driven out while there is room. */
START_TEST(a_set_is_filled_before_anything_is_evicted)
{
	struct index index = new_index();
	struct index_totals totals;

	for (unsigned n = 0; n < INDEX_WAYS; n++) {
		struct target target = make_target(n, 3);

		insert(&index, &target);
	}
	for (unsigned n = 0; n < INDEX_WAYS; n++) {
		struct target target = make_target(n, 3);

		ck_assert(is_there(&index, &target));
	}
	index_read_totals(&index, &totals);
	ck_assert_uint_eq(totals.evicted_targets, 0);
}
END_TEST

START_TEST(the_least_recently_used_makes_room)
{
	/* The order in which the first eight are used for the last time. */
	static const unsigned order[INDEX_WAYS] = {5, 2, 7, 0, 1, 6, 3, 4};
	struct index index = new_index();
	struct index_ref refs[INDEX_WAYS];
	uint64_t starts[HOW_COUNT] = {0};

	for (unsigned n = 0; n < INDEX_WAYS; n++) {
		struct target target = make_target(n, 3);

		refs[n] = insert(&index, &target);
		for (unsigned i = 0; i <= n; i++) {
			index_count(&index, &refs[n], HOW_LIBC, REASON_STATIC);
			starts[HOW_LIBC]++;
		}
	}
	for (unsigned i = 0; i < INDEX_WAYS; i++) {
		index_count(&index, &refs[order[i]], HOW_KERNEL, REASON_NONE);
		starts[HOW_KERNEL]++;
	}
	for (unsigned i = 0; i < INDEX_WAYS; i++) {
		struct target target = make_target(100 + i, 3);
		struct index_ref ref = insert(&index, &target);
		struct index_totals totals;
		struct target_counts counts;
		uint64_t libc = 0;

		ck_assert_uint_eq(ref.slot, refs[order[i]].slot);
		ck_assert(index_read(&index, ref.slot, &target, &counts));
		ck_assert_uint_eq(counts.starts[HOW_LIBC], 0);
		ck_assert_uint_eq(counts.starts[HOW_KERNEL], 0);
		ck_assert_uint_eq(counts.verdict, REASON_NONE);
		index_count(&index, &ref, HOW_IMAGE, REASON_NONE);
		starts[HOW_IMAGE]++;
		for (unsigned k = 0; k < INDEX_WAYS; k++) {
			target = make_target(order[k], 3);
			ck_assert_int_eq(is_there(&index, &target), k > i);
			libc += k <= i ? order[k] + 1 : 0;
		}
		index_read_totals(&index, &totals);
		ck_assert_uint_eq(totals.evicted_targets, i + 1);
		ck_assert_uint_eq(totals.evicted_starts[HOW_LIBC], libc);
		ck_assert_uint_eq(totals.evicted_starts[HOW_KERNEL], i + 1);
		check_sums(&index, starts);
	}
}
END_TEST

/* Whoever still holds the place of a target that is gone does no harm with it. */
START_TEST(a_place_that_was_given_away_is_harmless)
{
	struct index index = new_index();
	struct target first = make_target(0, 3);
	struct index_ref old = insert(&index, &first);
	struct target_counts counts;
	struct index_totals totals;
	struct target target;
	const uint64_t starts[HOW_COUNT] = {[HOW_LIBC] = 2};

	index_count(&index, &old, HOW_LIBC, REASON_EXEC);
	for (unsigned n = 1; n <= INDEX_WAYS; n++) {
		target = make_target(n, 3);
		insert(&index, &target);
	}
	ck_assert(!is_there(&index, &first));
	index_count(&index, &old, HOW_LIBC, REASON_EXEC);
	index_count(&index, &old, HOW_KERNEL, REASON_NONE);
	index_uncount(&index, &old, HOW_KERNEL, REASON_NONE);
	ck_assert(index_read(&index, old.slot, &target, &counts));
	ck_assert_uint_eq(counts.starts[HOW_LIBC], 0);
	ck_assert_uint_eq(counts.starts[HOW_KERNEL], 0);
	index_read_totals(&index, &totals);
	ck_assert_uint_eq(totals.evicted_starts[HOW_LIBC], 2);
	ck_assert_uint_eq(totals.evicted_starts[HOW_KERNEL], 0);
	check_sums(&index, starts);
}
END_TEST

/* Far more targets than there is room for. */
START_TEST(totals_stay_exact_through_many_evictions)
{
	struct index index = new_index();
	struct noise noise = {2};
	uint64_t starts[HOW_COUNT] = {0};
	struct index_totals totals;

	for (unsigned i = 0; i < 60000; i++) {
		uint64_t r = noise_next(&noise);
		struct target target = make_target((r >> 32) % 9000, ANY_SET);
		enum how how = (enum how)(r % HOW_COUNT);
		struct index_ref ref;

		if (!index_find(&index, &target.id, target.path_hash, NULL, &ref))
			ref = insert(&index, &target);
		index_count(&index, &ref, how, how == HOW_LIBC ? REASON_EXEC : REASON_NONE);
		starts[how]++;
		if (r % 7 == 0) {
			index_uncount(&index, &ref, how,
				      how == HOW_LIBC ? REASON_EXEC : REASON_NONE);
			starts[how]--;
		}
	}
	check_sums(&index, starts);
	index_read_totals(&index, &totals);
	ck_assert_uint_eq(totals.fallback[REASON_EXEC], starts[HOW_LIBC]);
	ck_assert_uint_gt(totals.evicted_targets, 1000);
	ck_assert_uint_gt(sum_up(&index).targets, INDEX_SLOTS * 9 / 10);
	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
		struct target_counts counts;
		struct target target;

		if (index_read(&index, slot, &target, &counts))
			ck_assert(target_is_whole(&target));
	}
}
END_TEST

START_TEST(long_paths_keep_their_end)
{
	for (size_t len = 0; len < INDEX_PATH_MAX + 20; len++) {
		char path[INDEX_PATH_MAX + 32];
		struct {
			struct target target;
			uint64_t behind;
		} guarded;
		struct target *target = &guarded.target;

		for (size_t i = 0; i < len; i++)
			path[i] = (char)('a' + i % 23);
		path[len] = '\0';
		memset(&guarded, 0xaa, sizeof guarded);
		target_set_path(target, path);
		ck_assert_uint_eq(guarded.behind, 0xaaaaaaaaaaaaaaaa);
		if (len < INDEX_PATH_MAX) {
			ck_assert_str_eq(target->path, path);
			/* No garbage behind it in the shared file. */
			for (size_t i = len; i < INDEX_PATH_MAX; i++)
				ck_assert_int_eq(target->path[i], 0);
		} else {
			ck_assert_uint_eq(strlen(target->path), INDEX_PATH_MAX - 1);
			ck_assert_mem_eq(target->path, "...", 3);
			ck_assert_str_eq(target->path + 3, path + len - (INDEX_PATH_MAX - 4));
		}
	}
}
END_TEST

/* What another index counted: its totals, and the starts of its targets one by one. */
START_TEST(counts_of_another_index_are_added)
{
	struct index index = new_index();
	struct target target = make_target(7, ANY_SET);
	struct index_ref ref = insert(&index, &target);
	struct index_ref gone = {ref.slot, ref.generation + 2};
	struct index_totals more = {.starts = {10, 20, 30},
				    .baked = 4,
				    .stale = 5,
				    .both = 4,
				    .evicted_targets = 6,
				    .evicted_starts = {1, 2, 3}};
	struct target_counts some = {.starts = {3, 8, 12}, .verdict = REASON_STATIC};
	struct target_counts rest = {.starts = {6, 10, 15}};
	const uint64_t starts[HOW_COUNT] = {11, 20, 30};
	struct target_counts counts;
	struct index_totals totals;

	more.fallback[REASON_STATIC] = 3;
	more.fallback[REASON_MAX - 1] = 7;
	index_count(&index, &ref, HOW_LIBC, REASON_STATIC);
	index_add_totals(&index, &more);
	index_add_starts(&index, &ref, &some);
	index_add_starts(&index, &gone, &rest);
	index_read_totals(&index, &totals);
	ck_assert_uint_eq(totals.baked, 4);
	ck_assert_uint_eq(totals.stale, 5);
	ck_assert_uint_eq(totals.both, 4);
	ck_assert_uint_eq(totals.evicted_targets, 6);
	ck_assert_uint_eq(totals.fallback[REASON_STATIC], 4);
	ck_assert_uint_eq(totals.fallback[REASON_MAX - 1], 7);
	ck_assert(index_read(&index, ref.slot, &target, &counts));
	ck_assert_uint_eq(counts.starts[HOW_LIBC], 4);
	ck_assert_uint_eq(counts.starts[HOW_IMAGE], 12);
	ck_assert_uint_eq(counts.verdict, REASON_STATIC);
	check_sums(&index, starts);
}
END_TEST

START_TEST(copies_share_the_mapping)
{
	struct index index = new_index();
	struct index copy = index;
	struct index again;
	struct target target = make_target(7, ANY_SET);
	struct index_ref ref = insert(&copy, &target);

	check_found(&index, &target, &ref);
	ck_assert_int_eq(index_open(AT_FDCWD, "index", geteuid(), &again), 0);
	check_found(&again, &target, &ref);
	index_close(&again);
	ck_assert_ptr_null(again.map);
	check_found(&index, &target, &ref);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("index");
	TCase *tcase = scratch_case(suite, "targets", 60);

	tcase_add_test(tcase, a_new_index_is_empty);
	tcase_add_test(tcase, what_is_inserted_is_found);
	tcase_add_test(tcase, targets_are_told_apart_by_identity);
	tcase_add_test(tcase, inserting_twice_gives_the_same_place);
	tcase_add_test(tcase, starts_are_counted);
	tcase_add_test(tcase, the_last_verdict_stays);
	tcase_add_test(tcase, starts_are_taken_back);
	tcase_add_test(tcase, a_set_is_filled_before_anything_is_evicted);
	tcase_add_test(tcase, the_least_recently_used_makes_room);
	tcase_add_test(tcase, a_place_that_was_given_away_is_harmless);
	tcase_add_test(tcase, totals_stay_exact_through_many_evictions);
	tcase_add_test(tcase, long_paths_keep_their_end);
	tcase_add_test(tcase, counts_of_another_index_are_added);
	tcase_add_test(tcase, copies_share_the_mapping);
	return scratch_run(suite);
}
