/*
 * What the index knows of images: states, requests, and the sleep of the service.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "elfcache/index.h"
#include "elfcache/index_layout.h"
#include "index_help.h"
#include "scratch.h"

static struct index_ref add(struct index *index, uint64_t n, unsigned set)
{
	struct target target = make_target(n, set);
	struct index_ref ref;

	ck_assert(index_insert(index, &target, &ref));
	return ref;
}

static enum image_state state_of(const struct index *index, const struct index_ref *ref)
{
	enum reason reason;

	return index_image_state(index, ref, &reason);
}

START_TEST(conditions)
{
	struct index index = new_index();
	struct index again;

	ck_assert(!index_has_images(&index));
	index_enable_images(&index, 0x1234567890abcdef, 0xfedcba0987654321);
	ck_assert(index_has_images(&index));
	ck_assert_uint_eq(index_variables(&index), 0x1234567890abcdef);
	ck_assert(!index_has_tracer(&index));
	index_note_tracer(&index);
	/* Others see it too. */
	ck_assert_int_eq(index_open(AT_FDCWD, "index", geteuid(), &again), 0);
	ck_assert(index_has_tracer(&again));
	ck_assert(index_has_images(&again));
	ck_assert_uint_eq(index_variables(&again), 0x1234567890abcdef);
	ck_assert_uint_eq(index_confinement(&again), 0xfedcba0987654321);
	index_close(&again);
	index_close(&index);
}
END_TEST

START_TEST(states)
{
	struct index index = new_index();
	struct index_ref ref = add(&index, 1, ANY_SET);
	struct index_ref other = add(&index, 2, ANY_SET);
	enum reason reason = REASON_STALE;

	ck_assert_int_eq(index_image_state(&index, &ref, &reason), IMAGE_NONE);
	ck_assert_int_eq(reason, REASON_NONE);
	/* Only from the state that it is in. */
	ck_assert(!index_image_change(&index, &ref, IMAGE_WANTED, IMAGE_READY, REASON_NONE));
	ck_assert_int_eq(state_of(&index, &ref), IMAGE_NONE);
	ck_assert(index_image_change(&index, &ref, IMAGE_NONE, IMAGE_BOOT, REASON_NONE));
	ck_assert_int_eq(state_of(&index, &ref), IMAGE_BOOT);
	ck_assert(index_image_change(&index, &ref, IMAGE_BOOT, IMAGE_REFUSED, REASON_STALE));
	ck_assert_int_eq(index_image_state(&index, &ref, &reason), IMAGE_REFUSED);
	ck_assert_int_eq(reason, REASON_STALE);
	ck_assert_int_eq(state_of(&index, &other), IMAGE_NONE);
	index_close(&index);
}
END_TEST

START_TEST(every_reason)
{
	struct index index = new_index();
	struct index_ref ref = add(&index, 1, ANY_SET);

	for (unsigned n = 1; n < REASON_COUNT; n++) {
		enum reason reason;

		ck_assert(index_image_change(&index, &ref, n == 1 ? IMAGE_NONE : IMAGE_REFUSED,
					     IMAGE_REFUSED, (enum reason)n));
		ck_assert_int_eq(index_image_state(&index, &ref, &reason), IMAGE_REFUSED);
		ck_assert_uint_eq(reason, n);
	}
	index_close(&index);
}
END_TEST

/* A slot that another target has taken over has nothing of the state of the one before. */
START_TEST(slot_taken_over)
{
	struct index index = new_index();
	struct index_ref first = add(&index, 1, 7);
	struct index_ref ref;
	struct index_ref last = first;

	ck_assert(index_image_change(&index, &first, IMAGE_NONE, IMAGE_READY, REASON_NONE));
	for (uint64_t n = 2; index_holds(&index, &first); n++) {
		ck_assert_uint_lt(n, 100);
		last = add(&index, n, 7);
	}
	ck_assert_uint_eq(last.slot, first.slot);
	ck_assert_int_eq(state_of(&index, &last), IMAGE_NONE);
	ck_assert(!index_image_change(&index, &first, IMAGE_READY, IMAGE_NONE, REASON_NONE));
	ck_assert(!index_image_change(&index, &first, IMAGE_NONE, IMAGE_READY, REASON_NONE));
	ck_assert_int_eq(state_of(&index, &last), IMAGE_NONE);
	ck_assert(index_image_change(&index, &last, IMAGE_NONE, IMAGE_READY, REASON_NONE));
	ck_assert_int_eq(state_of(&index, &first), IMAGE_NONE);
	ck_assert(index_ref_at(&index, first.slot, &ref));
	ck_assert_int_eq(state_of(&index, &ref), IMAGE_READY);
	index_close(&index);
}
END_TEST

START_TEST(requests)
{
	struct index index = new_index();
	struct index_ref one = add(&index, 1, ANY_SET);
	struct index_ref two = add(&index, 2, ANY_SET);

	ck_assert_uint_eq(index_image_requests(&index), 0);
	index_image_want(&index, &one);
	index_image_want(&index, &one);
	index_image_want(&index, &two);
	ck_assert_uint_eq(index_image_requests(&index), 2);
	ck_assert_int_eq(state_of(&index, &one), IMAGE_WANTED);
	ck_assert_uint_eq(index_image_take(&index, 0), one.slot);
	ck_assert_uint_eq(index_image_take(&index, 1), two.slot);
	/* Known once only, and not before there is one. */
	ck_assert_uint_eq(index_image_take(&index, 0), INDEX_SLOTS);
	ck_assert_uint_eq(index_image_take(&index, 2), INDEX_SLOTS);
	/* What is ready, or never will be, is not asked for. */
	ck_assert(index_image_change(&index, &one, IMAGE_WANTED, IMAGE_READY, REASON_NONE));
	ck_assert(index_image_change(&index, &two, IMAGE_WANTED, IMAGE_REFUSED, REASON_STALE));
	index_image_want(&index, &one);
	index_image_want(&index, &two);
	ck_assert_uint_eq(index_image_requests(&index), 2);
	ck_assert_int_eq(state_of(&index, &one), IMAGE_READY);
	index_close(&index);
}
END_TEST

/* More requests than there are places: each is told once, or that it is not known any more. */
START_TEST(too_many_requests)
{
	enum { COUNT = INDEX_ASKED + 20 };
	struct index index = new_index();
	bool told[INDEX_SLOTS] = {false};
	unsigned lost = 0;

	for (uint64_t n = 0; n < COUNT; n++) {
		struct index_ref ref = add(&index, n + 1, ANY_SET);

		index_image_want(&index, &ref);
	}
	ck_assert_uint_eq(index_image_requests(&index), COUNT);
	for (uint32_t n = 0; n < COUNT; n++) {
		uint32_t slot = index_image_take(&index, n);

		if (slot == INDEX_SLOTS) {
			lost++;
			continue;
		}
		ck_assert(!told[slot]);
		told[slot] = true;
	}
	ck_assert_uint_eq(lost, 20);
	index_close(&index);
}
END_TEST

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

START_TEST(wait_ends)
{
	struct index index = new_index();
	struct index_ref ref = add(&index, 1, ANY_SET);
	double begun = seconds();

	ck_assert(!index_image_wait(&index, 0, 50));
	ck_assert(seconds() - begun >= 0.045);
	index_image_want(&index, &ref);
	/* One that came before the sleep. */
	begun = seconds();
	ck_assert(index_image_wait(&index, 0, 20000));
	ck_assert(!index_image_wait(&index, 1, 1));
	ck_assert(seconds() - begun < 10);
	index_close(&index);
}
END_TEST

struct waker {
	struct index *index;
	struct index_ref ref;
};

static void *wake(void *arg)
{
	struct waker *waker = arg;

	usleep(50000);
	index_image_want(waker->index, &waker->ref);
	return NULL;
}

START_TEST(wait_is_woken)
{
	struct index index = new_index();
	struct waker waker = {&index, add(&index, 1, ANY_SET)};
	double begun = seconds();
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, wake, &waker), 0);
	ck_assert(index_image_wait(&index, 0, 20000));
	ck_assert(seconds() - begun < 10);
	pthread_join(thread, NULL);
	index_close(&index);
}
END_TEST

enum { WANTERS = 4, WANTED = 500 };

struct wanter {
	struct index *index;
	struct index_ref *refs;
};

static void *want_all(void *arg)
{
	struct wanter *wanter = arg;

	for (int i = 0; i < WANTED; i++)
		index_image_want(wanter->index, &wanter->refs[i]);
	return NULL;
}

/* Many want the same: each target is one request. */
START_TEST(wanted_by_many)
{
	static struct index_ref refs[WANTED];
	struct index index = new_index();
	struct wanter wanter = {&index, refs};
	pthread_t threads[WANTERS];

	for (uint64_t n = 0; n < WANTED; n++)
		refs[n] = add(&index, n + 1, (unsigned)n % INDEX_SETS);
	for (int i = 0; i < WANTERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, want_all, &wanter), 0);
	for (int i = 0; i < WANTERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(index_image_requests(&index), WANTED);
	for (int i = 0; i < WANTED; i++)
		SCRATCH_ASSERT(state_of(&index, &refs[i]) == IMAGE_WANTED);
	index_close(&index);
}
END_TEST

START_TEST(counts)
{
	struct index index = new_index();
	struct index_ref ref = add(&index, 1, ANY_SET);
	struct index_totals totals;

	ck_assert_uint_eq(index_starts(&index, &ref), 0);
	index_count(&index, &ref, HOW_LIBC, REASON_NO_IMAGE);
	index_count(&index, &ref, HOW_IMAGE, REASON_NONE);
	index_count(&index, &ref, HOW_IMAGE, REASON_NONE);
	ck_assert_uint_eq(index_starts(&index, &ref), 3);
	ck_assert_uint_ge(index_clock(&index), 3);
	index_uncount(&index, &ref, HOW_IMAGE, REASON_NONE);
	ck_assert_uint_eq(index_starts(&index, &ref), 2);
	index_count_baked(&index);
	index_count_baked(&index);
	index_count_stale(&index);
	index_read_totals(&index, &totals);
	ck_assert_uint_eq(totals.baked, 2);
	ck_assert_uint_eq(totals.stale, 1);
	ck_assert_uint_eq(totals.starts[HOW_IMAGE], 1);
	index_close(&index);
}
END_TEST

/* Whatever stands in the word, nothing but a state and a reason comes out. */
START_TEST(nonsense)
{
	struct index index = new_index();
	struct index_ref ref = add(&index, 1, ANY_SET);
	struct noise noise = {4711};

	for (int i = 0; i < 100000; i++) {
		enum reason reason;

		atomic_store(&entry_at(&index, ref.slot)->image, (uint32_t)noise_next(&noise));
		SCRATCH_ASSERT(index_image_state(&index, &ref, &reason) < IMAGE_STATES);
		SCRATCH_ASSERT((unsigned)reason < REASON_MAX);
		atomic_store(&index.map->asked[i % INDEX_ASKED], (uint32_t)noise_next(&noise));
		SCRATCH_ASSERT(index_image_take(&index, (uint32_t)i) <= INDEX_SLOTS);
	}
	index_close(&index);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("index_image");
	TCase *tc = scratch_case(suite, "images", 30);

	tcase_add_test(tc, conditions);
	tcase_add_test(tc, states);
	tcase_add_test(tc, every_reason);
	tcase_add_test(tc, slot_taken_over);
	tcase_add_test(tc, requests);
	tcase_add_test(tc, too_many_requests);
	tcase_add_test(tc, wait_ends);
	tcase_add_test(tc, wait_is_woken);
	tcase_add_test(tc, wanted_by_many);
	tcase_add_test(tc, counts);
	tcase_add_test(tc, nonsense);
	return scratch_run(suite);
}
