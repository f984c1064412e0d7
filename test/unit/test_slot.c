#include "elfcache/slot.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"

enum { WORDS = 15, SLOTS = 3, WRITERS = 3, READERS = 3, WRITES = 200000, KILLS = 200 };

struct table {
	struct {
		slot_generation generation;
		slot_word words[WORDS];
	} slots[SLOTS];
	_Atomic uint64_t written;
	_Atomic uint64_t read;
	_Atomic uint64_t torn;
	_Atomic uint64_t backwards;
	_Atomic unsigned writers_left;
};

static struct table *new_table(void)
{
	struct table *t =
		mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(t, MAP_FAILED);
	return t;
}

/* A payload whose every word follows from its first. */
static void make_payload(uint64_t *words, uint64_t seed)
{
	struct noise noise = {seed | 1};

	words[0] = seed;
	for (int i = 1; i < WORDS; i++)
		words[i] = noise_next(&noise);
}

static bool is_whole(const uint64_t *words)
{
	uint64_t expected[WORDS];

	make_payload(expected, words[0]);
	return memcmp(words, expected, sizeof expected) == 0;
}

START_TEST(a_slot_that_was_never_used_is_not_read)
{
	struct table *t = new_table();
	uint64_t words[WORDS];
	uint64_t seen = 77;

	ck_assert(!slot_is_published(0));
	ck_assert(!slot_read(&t->slots[0].generation, t->slots[0].words, WORDS, words, &seen));
	ck_assert_uint_eq(seen, 77);
}
END_TEST

START_TEST(only_even_generations_are_published)
{
	ck_assert(slot_is_published(2));
	ck_assert(slot_is_published(UINT64_MAX - 1));
	ck_assert(!slot_is_published(1));
	ck_assert(!slot_is_published(3));
	ck_assert(!slot_is_published(UINT64_MAX));
}
END_TEST

START_TEST(what_is_published_is_read)
{
	struct table *t = new_table();
	slot_generation *g = &t->slots[0].generation;
	slot_word *w = t->slots[0].words;
	uint64_t in[WORDS];
	uint64_t out[WORDS];
	uint64_t at = 0;

	for (uint64_t i = 1; i <= 100; i++) {
		uint64_t seen = 0;

		make_payload(in, i);
		ck_assert(slot_claim(g, at));
		ck_assert(!slot_read(g, w, WORDS, out, &seen));
		ck_assert_uint_eq(slot_publish(g, at, w, WORDS, in), at + 2);
		at += 2;
		ck_assert(slot_read(g, w, WORDS, out, &seen));
		ck_assert_uint_eq(seen, at);
		ck_assert_mem_eq(in, out, sizeof in);
	}
}
END_TEST

START_TEST(a_part_of_a_payload_can_be_read)
{
	struct table *t = new_table();
	uint64_t in[WORDS];
	uint64_t out[WORDS] = {0};
	uint64_t seen;

	make_payload(in, 99);
	ck_assert(slot_claim(&t->slots[0].generation, 0));
	slot_publish(&t->slots[0].generation, 0, t->slots[0].words, WORDS, in);
	ck_assert(slot_read(&t->slots[0].generation, t->slots[0].words, 3, out, &seen));
	ck_assert_mem_eq(in, out, 3 * sizeof in[0]);
	ck_assert_uint_eq(out[3], 0);
}
END_TEST

START_TEST(one_writer_owns_a_slot)
{
	struct table *t = new_table();
	slot_generation *g = &t->slots[0].generation;
	uint64_t in[WORDS] = {1};

	ck_assert(!slot_claim(g, 2));
	ck_assert(slot_claim(g, 0));
	ck_assert_uint_eq(*g, 1);
	/* Neither somebody who saw it before nor somebody who sees it now. */
	ck_assert(!slot_claim(g, 0));
	ck_assert(!slot_claim(g, 2));
	ck_assert_uint_eq(*g, 1);
	slot_publish(g, 0, t->slots[0].words, WORDS, in);
	ck_assert(!slot_claim(g, 0));
	ck_assert(slot_claim(g, 2));
}
END_TEST

static void write_slots(struct table *t, uint64_t seed, unsigned writes)
{
	struct noise noise = {seed};

	for (unsigned i = 0; i < writes; i++) {
		uint64_t r = noise_next(&noise);
		unsigned s = (unsigned)((r >> 32) % SLOTS);
		uint64_t words[WORDS];
		uint64_t seen = t->slots[s].generation;

		make_payload(words, r);
		if ((seen & 1) || !slot_claim(&t->slots[s].generation, seen))
			continue;
		slot_publish(&t->slots[s].generation, seen, t->slots[s].words, WORDS, words);
		atomic_fetch_add(&t->written, 1);
	}
}

static void read_slots(struct table *t)
{
	uint64_t last[SLOTS] = {0};

	do {
		for (unsigned s = 0; s < SLOTS; s++) {
			uint64_t words[WORDS];
			uint64_t seen;

			if (!slot_read(&t->slots[s].generation, t->slots[s].words, WORDS, words,
				       &seen))
				continue;
			atomic_fetch_add(&t->read, 1);
			if (!is_whole(words))
				atomic_fetch_add(&t->torn, 1);
			if (seen < last[s])
				atomic_fetch_add(&t->backwards, 1);
			last[s] = seen;
		}
	} while (t->writers_left);
}

static void check_table(const struct table *t)
{
	ck_assert_uint_eq(t->torn, 0);
	ck_assert_uint_eq(t->backwards, 0);
	/* It was a test of something. */
	ck_assert_uint_gt(t->read, KILLS);
	ck_assert_uint_gt(t->written, KILLS);
}

struct job {
	struct table *table;
	uint64_t seed;
};

static void *writer(void *arg)
{
	struct job *job = arg;

	write_slots(job->table, job->seed, WRITES);
	atomic_fetch_sub(&job->table->writers_left, 1);
	return NULL;
}

static void *reader(void *arg)
{
	read_slots(arg);
	return NULL;
}

START_TEST(threads_never_see_a_torn_payload)
{
	struct table *t = new_table();
	pthread_t threads[WRITERS + READERS];
	struct job jobs[WRITERS];

	t->writers_left = WRITERS;
	for (unsigned i = 0; i < WRITERS; i++) {
		jobs[i] = (struct job){t, i + 1};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, writer, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < READERS; i++)
		ck_assert_int_eq(pthread_create(&threads[WRITERS + i], NULL, reader, t), 0);
	for (unsigned i = 0; i < WRITERS + READERS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	check_table(t);
	/* Every write moved one generation by two. */
	ck_assert_uint_eq(t->slots[0].generation + t->slots[1].generation + t->slots[2].generation,
			  2 * t->written);
}
END_TEST

START_TEST(processes_never_see_a_torn_payload)
{
	struct table *t = new_table();

	t->writers_left = WRITERS;
	for (unsigned i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			write_slots(t, i + 1, WRITES);
			atomic_fetch_sub(&t->writers_left, 1);
			_exit(0);
		}
	}
	read_slots(t);
	for (unsigned i = 0; i < WRITERS; i++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	check_table(t);
}
END_TEST

/* Whatever killed writers leave behind is either whole or not readable. */
START_TEST(killed_writers_leave_no_torn_payload)
{
	struct table *t = new_table();
	struct noise noise = {42};
	unsigned total = 0;
	unsigned lost;

	for (unsigned i = 0; i < KILLS; i++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			write_slots(t, i + 1, ~0U);
			_exit(1);
		}
		usleep((useconds_t)(noise_next(&noise) % 2000));
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		read_slots(t);
		ck_assert_uint_eq(t->torn, 0);
		lost = 0;
		for (unsigned s = 0; s < SLOTS; s++)
			if (t->slots[s].generation & 1) {
				lost++;
				memset(&t->slots[s], 0, sizeof t->slots[s]);
			}
		ck_assert_uint_le(lost, 1);
		total += lost;
	}
	check_table(t);
	ck_assert_msg(total > 0, "no writer was hit while it was writing");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slot");
	TCase *rules = scratch_case(suite, "rules", 10);
	TCase *race = scratch_case(suite, "race", 60);

	tcase_add_test(rules, a_slot_that_was_never_used_is_not_read);
	tcase_add_test(rules, only_even_generations_are_published);
	tcase_add_test(rules, what_is_published_is_read);
	tcase_add_test(rules, a_part_of_a_payload_can_be_read);
	tcase_add_test(rules, one_writer_owns_a_slot);
	tcase_add_test(race, threads_never_see_a_torn_payload);
	tcase_add_test(race, processes_never_see_a_torn_payload);
	tcase_add_test(race, killed_writers_leave_no_torn_payload);
	return scratch_run(suite);
}
