/*
 * Processes that are killed while they change the index.
 *
 * Random kills show what nobody thought of.  For the rest, a process is stepped through one
 * operation instruction by instruction: what memory holds after N of them is what a kill at that
 * point leaves behind.  Some of these kills are then done in earnest.
 */
#include "elfcache/index.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "index_help.h"
#include "scratch.h"

enum { SET = 5, HEADER = 4096, SET_SIZE = INDEX_WAYS * 512, SET_AT = HEADER + SET * SET_SIZE };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(p, MAP_FAILED);
	return p;
}

/* Every target that can be read is one that somebody inserted, whole. */
static void check_all_whole(const struct index *index)
{
	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
		struct target_counts counts;
		struct target target;

		if (index_read(index, slot, &target, &counts))
			SCRATCH_ASSERT(target_is_whole(&target));
	}
}

/* The whole index still works: at a place that was never used, and in its totals. */
static void check_usable(struct index *index, uint64_t n, unsigned set)
{
	struct target target = make_target(n, set);
	struct index_totals before;
	struct index_totals after;
	struct target_counts counts;
	struct target found;
	struct index_ref ref;

	ck_assert(!index_find(index, &target.id, target.path_hash, NULL, &ref));
	ck_assert(index_insert(index, &target, &ref));
	index_read_totals(index, &before);
	index_count(index, &ref, HOW_LIBC, REASON_EXEC);
	index_read_totals(index, &after);
	ck_assert_uint_eq(after.starts[HOW_LIBC], before.starts[HOW_LIBC] + 1);
	ck_assert_uint_eq(after.fallback[REASON_EXEC], before.fallback[REASON_EXEC] + 1);
	ck_assert(index_find(index, &target.id, target.path_hash, &found, &ref));
	ck_assert_mem_eq(&found, &target, sizeof found);
	ck_assert(index_read(index, ref.slot, &found, &counts));
	ck_assert_uint_eq(counts.starts[HOW_LIBC], 1);
}

/* An operation on an index that contains targets 0, 1, ... of a set. */
struct operation {
	unsigned before; /* how many targets there are */
	bool count;      /* count a start of target 0; else insert target 1000 */
};

static void do_operation(struct index *index, const struct operation *op,
			 const struct target *target, const struct index_ref *ref)
{
	struct index_ref place;

	if (op->count)
		index_count(index, ref, HOW_LIBC, REASON_EXEC);
	else
		index_insert(index, target, &place);
}

/* A process that stops before and after the operation. */
static pid_t start_stepping(const struct operation *op)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct target target = make_target(op->count ? 0 : 1000, SET);
		struct index_ref ref = {0};
		struct index index;

		if (index_open(AT_FDCWD, "index", geteuid(), &index))
			_exit(1);
		index_find(&index, &target.id, target.path_hash, NULL, &ref);
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP))
			_exit(2);
		do_operation(&index, op, &target, &ref);
		raise(SIGUSR1);
		_exit(3);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "status %#x", status);
	return pid;
}

/* One instruction.  False when the operation is over. */
static bool step(pid_t pid)
{
	int status;

	SCRATCH_ASSERT(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0);
	SCRATCH_ASSERT(waitpid(pid, &status, 0) == pid);
	SCRATCH_ASSERT(WIFSTOPPED(status));
	SCRATCH_ASSERT(WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGUSR1);
	return WSTOPSIG(status) == SIGTRAP;
}

static void end(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

/* What a kill may leave of the targets. */
static void check_targets(struct index *index, const struct operation *op)
{
	unsigned missing = 0;

	for (unsigned n = 0; n < op->before; n++) {
		struct target target = make_target(n, SET);
		struct target found;
		struct index_ref ref;

		if (index_find(index, &target.id, target.path_hash, &found, &ref))
			ck_assert_mem_eq(&found, &target, sizeof found);
		else
			missing++;
	}
	/* Only one may have made room, and only where there was none. */
	ck_assert_uint_le(missing, op->before == INDEX_WAYS && !op->count);
	check_all_whole(index);
}

/* What a kill may leave of the counters: one start counted, or not, or in one of two places. */
static void check_counters(const struct index *index, const struct operation *op,
			   const struct index_totals *before)
{
	struct index_sums sums = sum_up(index);
	struct index_totals totals;
	uint64_t known;

	index_read_totals(index, &totals);
	ck_assert_uint_ge(totals.starts[HOW_LIBC], before->starts[HOW_LIBC]);
	ck_assert_uint_le(totals.starts[HOW_LIBC], before->starts[HOW_LIBC] + op->count);
	ck_assert_uint_ge(totals.fallback[REASON_EXEC], before->fallback[REASON_EXEC]);
	ck_assert_uint_le(totals.fallback[REASON_EXEC], before->fallback[REASON_EXEC] + op->count);
	/* A target that was lost took its starts with it; none is counted twice. */
	known = sums.starts[HOW_LIBC] + totals.evicted_starts[HOW_LIBC];
	ck_assert_uint_le(known, totals.starts[HOW_LIBC]);
	if (index_unfinished_slots(index) == 0)
		ck_assert_uint_ge(known, before->starts[HOW_LIBC]);
}

static void check_after_kill(struct index *index, const struct operation *op,
			     const struct index_totals *before)
{
	ck_assert_uint_le(index_unfinished_slots(index), op->count ? 0 : 1);
	check_targets(index, op);
	check_counters(index, op, before);
	/* The same once more, which now finds a place that may be lost. */
	check_usable(index, 2000, SET);
	check_usable(index, 2001, SET + 1);
	if (!op->count) {
		struct target target = make_target(1000, SET);
		struct target found;
		struct index_ref ref;

		ck_assert(index_insert(index, &target, &ref));
		ck_assert(index_find(index, &target.id, target.path_hash, &found, &ref));
		ck_assert_mem_eq(&found, &target, sizeof found);
	}
}

/* An index as it is before the operation, and a copy of its bytes. */
static struct index prepare(const struct operation *op, unsigned char *bytes,
			    struct index_totals *totals)
{
	struct index index = new_index();

	for (unsigned n = 0; n < op->before; n++) {
		struct target target = make_target(n, SET);
		struct index_ref ref;

		ck_assert(index_insert(&index, &target, &ref));
		for (unsigned i = 0; i <= n; i++)
			index_count(&index, &ref, HOW_LIBC, REASON_EXEC);
	}
	memcpy(bytes, index.map, index_file_size());
	index_read_totals(&index, totals);
	return index;
}

/* What the operation writes to. */
static bool changed(const unsigned char *a, const unsigned char *b)
{
	return memcmp(a, b, HEADER) != 0 || memcmp(a + SET_AT, b + SET_AT, SET_SIZE) != 0;
}

enum { MOMENTS_MAX = 512, STEPS_MAX = 40000 };

/*
 * Step through the operation once; look at a copy of the index whenever an instruction changed it.
 * Returns how many there were, with their numbers in moments[].
 */
static unsigned step_through(const struct operation *op, struct index *index,
			     const unsigned char *good, const struct index_totals *before,
			     unsigned *moments)
{
	unsigned char *last = malloc(index_file_size());
	unsigned char *map = (unsigned char *)index->map;
	pid_t pid = start_stepping(op);
	unsigned steps = 0;
	unsigned n = 0;

	ck_assert_ptr_nonnull(last);
	memcpy(last, good, index_file_size());
	while (step(pid)) {
		steps++;
		if (!changed(map, last))
			continue;
		memcpy(last, map, index_file_size());
		check_after_kill(index, op, before);
		memcpy(map, last, index_file_size());
		ck_assert_uint_lt(n, MOMENTS_MAX);
		moments[n++] = steps;
	}
	end(pid);
	free(last);
	ck_assert_uint_gt(steps, 50);
	ck_assert_uint_gt(n, op->count ? 4 : 10);
	return n;
}

static void kill_at_every_moment(const struct operation *op)
{
	static unsigned moments[MOMENTS_MAX];
	unsigned char *good = malloc(index_file_size());
	struct index_totals before;
	unsigned steps = 0;
	struct index index;
	unsigned n;

	ck_assert_ptr_nonnull(good);
	index = prepare(op, good, &before);
	n = step_through(op, &index, good, &before, moments);
	for (unsigned i = 0; i < n; i++)
		steps += moments[i];
	/* All of them, unless a sanitizer has made the way there long. */
	for (unsigned i = 0; i < n; i += 1 + steps / STEPS_MAX) {
		pid_t pid;

		memcpy(index.map, good, index_file_size());
		pid = start_stepping(op);
		for (unsigned s = 0; s < moments[i]; s++)
			SCRATCH_ASSERT(step(pid));
		end(pid);
		check_after_kill(&index, op, &before);
	}
	free(good);
}

START_TEST(killed_at_each_instruction_of_an_insert)
{
	const struct operation op = {.before = 3};

	kill_at_every_moment(&op);
}
END_TEST

START_TEST(killed_at_each_instruction_of_an_eviction)
{
	const struct operation op = {.before = INDEX_WAYS};

	kill_at_every_moment(&op);
}
END_TEST

START_TEST(killed_at_each_instruction_of_a_count)
{
	const struct operation op = {.before = 3, .count = true};

	kill_at_every_moment(&op);
}
END_TEST

enum { KILLS = 3000, KILLS_LEAST = 100, WORKERS = 3, SETS = 100, PER_SET = 12 };

#define SECONDS 6.0

/* How many starts the workers have begun and ended to count. */
struct progress {
	_Atomic uint64_t begun;
	_Atomic uint64_t ended;
};

/* More than there is room for, in some of the sets. */
static struct target targets[SETS][PER_SET];

static pid_t start_worker(struct progress *progress, uint64_t seed)
{
	pid_t pid = fork();
	struct noise noise = {seed};
	struct index index;

	ck_assert_int_ge(pid, 0);
	if (pid != 0)
		return pid;
	if (index_open(AT_FDCWD, "index", geteuid(), &index))
		_exit(1);
	for (;;) {
		uint64_t r = noise_next(&noise);
		struct target target = targets[(r >> 32) % SETS][r % PER_SET];
		struct target found;
		struct index_ref ref;
		bool there = index_find(&index, &target.id, target.path_hash, &found, &ref);

		if (there && memcmp(&found, &target, sizeof found) != 0)
			_exit(2);
		if (!there)
			there = index_insert(&index, &target, &ref);
		progress->begun++;
		index_count(&index, there ? &ref : NULL, HOW_LIBC, REASON_EXEC);
		progress->ended++;
	}
}

/* In a set of its own, beside the workers, so that their kills cannot have used it up. */
static void check_beside_workers(struct index *index, uint64_t n)
{
	struct target target = make_target(n, 1);
	struct target_counts counts;
	struct target found;
	struct index_ref ref;

	ck_assert(index_insert(index, &target, &ref));
	index_count(index, &ref, HOW_KERNEL, REASON_NONE);
	ck_assert(index_find(index, &target.id, target.path_hash, &found, &ref));
	ck_assert_mem_eq(&found, &target, sizeof found);
	ck_assert(index_read(index, ref.slot, &found, &counts));
	ck_assert_uint_eq(counts.starts[HOW_KERNEL], 1);
}

static void check_progress(const struct index *index, const struct progress *progress,
			   unsigned kills)
{
	struct index_totals totals;

	index_read_totals(index, &totals);
	ck_assert_uint_ge(totals.starts[HOW_LIBC], progress->ended);
	ck_assert_uint_le(totals.starts[HOW_LIBC], progress->begun);
	/* Those that a worker was in the middle of when it was killed. */
	ck_assert_uint_le(progress->begun - progress->ended, kills);
	ck_assert_uint_le(index_unfinished_slots(index), kills);
}

START_TEST(killed_at_random)
{
	struct progress *progress = shared(sizeof *progress);
	struct index index = new_index();
	struct noise noise = {0xdead};
	struct index_totals totals;
	double deadline = now() + SECONDS;
	pid_t workers[WORKERS];
	unsigned kills = 0;
	uint64_t probe = 1;

	for (unsigned set = 0; set < SETS; set++)
		for (unsigned n = 0; n < PER_SET; n++)
			targets[set][n] = make_target(n, 10 + set);
	for (unsigned i = 0; i < WORKERS; i++)
		workers[i] = start_worker(progress, i + 1);
	/* On a busy machine it takes as long as it takes to mean something. */
	while (kills < KILLS && (now() < deadline || kills <= KILLS_LEAST)) {
		unsigned i = kills % WORKERS;
		int status;

		usleep((useconds_t)(noise_next(&noise) % 3000));
		ck_assert_int_eq(kill(workers[i], SIGKILL), 0);
		ck_assert_int_eq(waitpid(workers[i], &status, 0), workers[i]);
		ck_assert_msg(WIFSIGNALED(status), "a worker found something wrong: %#x", status);
		kills++;
		workers[i] = start_worker(progress, kills + 100);
		if (kills % 50 == 0) {
			check_all_whole(&index);
			ck_assert_uint_le(index_unfinished_slots(&index), kills);
			check_beside_workers(&index, probe++);
		}
	}
	for (unsigned i = 0; i < WORKERS; i++)
		end(workers[i]);
	kills += WORKERS;
	check_all_whole(&index);
	check_progress(&index, progress, kills);
	index_read_totals(&index, &totals);
	ck_assert_uint_gt(kills, KILLS_LEAST);
	ck_assert_uint_gt(totals.evicted_targets, 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("index_kill");
	TCase *stepped = scratch_case(suite, "stepped", 60);
	TCase *random = scratch_case(suite, "random", 300);

	tcase_add_test(stepped, killed_at_each_instruction_of_an_insert);
	tcase_add_test(stepped, killed_at_each_instruction_of_an_eviction);
	tcase_add_test(stepped, killed_at_each_instruction_of_a_count);
	tcase_add_test(random, killed_at_random);
	return scratch_run(suite);
}
