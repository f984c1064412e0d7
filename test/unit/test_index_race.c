/* Many processes in one index. */
#include "elfcache/index.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "index_help.h"
#include "scratch.h"

enum { PROCESSES = 8, STARTS = 20000, TARGETS_MAX = 400 };

/* What the processes did, as they say. */
struct tally {
	_Atomic bool go;
	_Atomic uint64_t starts[HOW_COUNT];
	_Atomic uint64_t fallback[REASON_COUNT];
	_Atomic uint64_t of_target[TARGETS_MAX];
	_Atomic uint64_t not_inserted;
	_Atomic uint64_t torn;
	_Atomic uint64_t wrong;
};

static struct target targets[TARGETS_MAX];
static struct tally *tally;

/* Find or insert; null if there was no room. */
static struct index_ref *place_of(struct index *index, const struct target *target,
				  struct index_ref *ref)
{
	struct target found;

	if (index_find(index, &target->id, target->path_hash, &found, ref)) {
		if (!target_is_whole(&found))
			tally->torn++;
		if (!identity_equal(&found.id, &target->id))
			tally->wrong++;
		return ref;
	}
	if (index_insert(index, target, ref))
		return ref;
	tally->not_inserted++;
	return NULL;
}

static void start_programs(uint64_t seed, unsigned starts, unsigned n_targets, bool take_back)
{
	struct noise noise = {seed};
	struct index index;

	if (index_open(AT_FDCWD, "index", geteuid(), &index))
		_exit(1);
	while (!tally->go)
		usleep(100);
	for (unsigned i = 0; i < starts; i++) {
		uint64_t r = noise_next(&noise);
		unsigned n = (unsigned)((r >> 32) % n_targets);
		enum how how = (enum how)(r % HOW_COUNT);
		enum reason reason = how == HOW_LIBC
					     ? (enum reason)(1 + (r >> 16) % (REASON_COUNT - 1))
					     : REASON_NONE;
		struct index_ref place;
		struct index_ref *ref = place_of(&index, &targets[n], &place);

		index_count(&index, ref, how, reason);
		if (take_back && i % 5 == 0) {
			index_uncount(&index, ref, how, reason);
			continue;
		}
		tally->starts[how]++;
		if (reason != REASON_NONE)
			tally->fallback[reason]++;
		if (ref)
			tally->of_target[n]++;
	}
	index_close(&index);
}

static void run_processes(unsigned starts, unsigned n_targets, unsigned sets, bool take_back)
{
	for (unsigned n = 0; n < n_targets; n++)
		targets[n] = make_target(n, sets ? n % sets : ANY_SET);
	tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	ck_assert_ptr_ne(tally, MAP_FAILED);
	for (unsigned i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			start_programs(i + 1, starts, n_targets, take_back);
			_exit(0);
		}
	}
	tally->go = true;
	for (unsigned i = 0; i < PROCESSES; i++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(tally->torn, 0);
	ck_assert_uint_eq(tally->wrong, 0);
}

static void check_totals(const struct index *index)
{
	struct index_totals totals;

	index_read_totals(index, &totals);
	for (unsigned how = 0; how < HOW_COUNT; how++)
		ck_assert_uint_eq(totals.starts[how], tally->starts[how]);
	for (unsigned reason = 1; reason < REASON_COUNT; reason++)
		ck_assert_uint_eq(totals.fallback[reason], tally->fallback[reason]);
	ck_assert_uint_eq(totals.fallback[0], 0);
	ck_assert_uint_eq(index_unfinished_slots(index), 0);
}

START_TEST(every_start_is_counted_at_its_target)
{
	struct index index = new_index();
	static uint64_t counted[TARGETS_MAX];
	struct index_totals totals;

	run_processes(STARTS, 200, 0, false);
	check_totals(&index);
	index_read_totals(&index, &totals);
	ck_assert_uint_eq(totals.evicted_targets, 0);
	ck_assert_uint_eq(tally->not_inserted, 0);
	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
		struct target_counts counts;
		struct target target;

		if (!index_read(&index, slot, &target, &counts))
			continue;
		ck_assert(target_is_whole(&target));
		for (unsigned n = 0; n < 200; n++)
			if (identity_equal(&targets[n].id, &target.id))
				for (unsigned how = 0; how < HOW_COUNT; how++)
					counted[n] += counts.starts[how];
	}
	for (unsigned n = 0; n < 200; n++)
		ck_assert_uint_eq(counted[n], tally->of_target[n]);
}
END_TEST

/*
 * 40 targets for 16 places: a target is driven out at almost every start.  Where somebody found no
 * room, the start is in the totals only.
 */
START_TEST(no_start_is_lost_in_evictions)
{
	struct index index = new_index();
	struct index_totals totals;
	uint64_t of_targets = 0;
	struct index_sums sums;
	uint64_t here = 0;

	run_processes(5 * STARTS, 40, 2, true);
	check_totals(&index);
	index_read_totals(&index, &totals);
	ck_assert_uint_gt(totals.evicted_targets, 1000);
	sums = sum_up(&index);
	ck_assert_uint_le(sums.targets, 2UL * INDEX_WAYS);
	for (unsigned how = 0; how < HOW_COUNT; how++)
		here += sums.starts[how] + totals.evicted_starts[how];
	for (unsigned n = 0; n < 40; n++)
		of_targets += tally->of_target[n];
	ck_assert_uint_eq(here, of_targets);
}
END_TEST

/* Everybody adds the same few at the same moment. */
START_TEST(adding_one_target_together_leaves_few_doubles)
{
	struct index index = new_index();
	struct index_sums sums;

	run_processes(STARTS, TARGETS_MAX, 0, false);
	check_totals(&index);
	sums = sum_up(&index);
	ck_assert_uint_ge(sums.targets, TARGETS_MAX);
	ck_assert_uint_le(sums.targets, TARGETS_MAX + TARGETS_MAX / 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("index_race");
	TCase *tcase = scratch_case(suite, "processes", 60);

	tcase_add_test(tcase, every_start_is_counted_at_its_target);
	tcase_add_test(tcase, no_start_is_lost_in_evictions);
	tcase_add_test(tcase, adding_one_target_together_leaves_few_doubles);
	return scratch_run(suite);
}
