#include "elfcache/cache.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elfcache/slot.h"
#include "scratch.h"

#ifdef __SANITIZE_THREAD__
#define SANITIZES_THREADS true
#else
#define SANITIZES_THREADS false
#endif

/* Entry of path number `path` in version `version`; every member follows from the two. */
static struct cached make_entry(uint64_t path, uint64_t version)
{
	struct cached e = {
		.path_hash = path,
		.id = {.dev = 1, .ino = path + 1000 * version, .size = version},
		.ref = {.slot = (uint32_t)version, .generation = path ^ version},
		.kind = (uint16_t)(version % EXE_KINDS),
		.has_ref = version & 1,
		.template_fd = -1,
	};

	return e;
}

static struct cached with_template(struct cached entry, int fd, pid_t owner)
{
	entry.template_fd = fd;
	entry.template_owner = owner;
	return entry;
}

static bool same(const struct cached *a, const struct cached *b)
{
	return a->path_hash == b->path_hash && identity_equal(&a->id, &b->id) &&
	       a->ref.slot == b->ref.slot && a->ref.generation == b->ref.generation &&
	       a->kind == b->kind && a->has_ref == b->has_ref && a->template_fd == b->template_fd &&
	       a->template_owner == b->template_owner && a->template_verdict == b->template_verdict;
}

static bool is_cached(const struct cached *entry)
{
	struct cached found;

	memset(&found, 0xaa, sizeof found);
	if (!cache_find(cache_get(), entry->path_hash, &entry->id, &found))
		return false;
	ck_assert(same(&found, entry));
	return true;
}

/* Store an entry where nothing is dropped. */
static void store(const struct cached *entry)
{
	struct cached dropped;

	memset(&dropped, 0xaa, sizeof dropped);
	ck_assert(!cache_store(cache_get(), entry, &dropped));
	ck_assert_uint_eq(dropped.path_hash, 0xaaaaaaaaaaaaaaaa);
}

START_TEST(there_is_one_cache)
{
	struct cache *cache = cache_get();

	ck_assert_ptr_nonnull(cache);
	ck_assert_ptr_eq(cache, cache_get());
}
END_TEST

START_TEST(no_memory_is_no_cache)
{
	struct rlimit limit;
	struct rlimit none;
	struct cache *cache;

	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
	errno = 4711;
	cache = cache_get();
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	ck_assert_int_eq(errno, 4711);
	ck_assert_ptr_null(cache);
	/* Next time there may be. */
	ck_assert_ptr_nonnull(cache_get());
}
END_TEST

START_TEST(path_hashes_differ)
{
	/* FNV-1a of "" and "a", from its authors' page. */
	ck_assert_uint_eq(cache_path_hash(""), 0xcbf29ce484222325);
	ck_assert_uint_eq(cache_path_hash("a"), 0xaf63dc4c8601ec8c);
	ck_assert_uint_ne(cache_path_hash("/bin/sh"), cache_path_hash("/bin/hs"));
	ck_assert_uint_ne(cache_path_hash("/bin/\xe4"), cache_path_hash("/bin/\xc3"));
}
END_TEST

START_TEST(what_is_stored_is_found)
{
	struct cached entry = make_entry(77, 3);

	errno = 4711;
	ck_assert(!is_cached(&entry));
	store(&entry);
	ck_assert(is_cached(&entry));
	ck_assert_int_eq(errno, 4711);
}
END_TEST

START_TEST(path_and_identity_must_both_be_right)
{
	struct cached entry = make_entry(77, 3);
	struct cached other_path = entry;
	struct cached other_file = entry;

	store(&entry);
	other_path.path_hash++;
	other_file.id.ctime_nsec++;
	ck_assert(!is_cached(&other_path));
	ck_assert(!is_cached(&other_file));
	ck_assert(is_cached(&entry));
}
END_TEST

START_TEST(a_changed_file_replaces_its_entry)
{
	for (uint64_t version = 0; version < 100; version++) {
		struct cached before = make_entry(77, version);
		struct cached after = make_entry(77, version + 1);

		store(&after);
		ck_assert(is_cached(&after));
		ck_assert(!is_cached(&before));
	}
	/* The others of the set were not driven out by that. */
	for (uint64_t i = 1; i < CACHE_WAYS; i++) {
		struct cached entry = make_entry(77 + i * CACHE_SETS, 0);

		store(&entry);
	}
	for (uint64_t i = 1; i < CACHE_WAYS; i++) {
		struct cached entry = make_entry(77 + i * CACHE_SETS, 0);

		ck_assert(is_cached(&entry));
	}
}
END_TEST

START_TEST(a_dropped_template_is_reported)
{
	struct cached old = with_template(make_entry(77, 1), 100, 4711);
	struct cached new = with_template(make_entry(77, 2), 101, 4711);
	struct cached dropped;

	store(&old);
	ck_assert(cache_store(cache_get(), &new, &dropped));
	ck_assert(same(&dropped, &old));
	/* Stored again with the same descriptor: that one is still in use. */
	new.template_verdict = 5;
	store(&new);
	/* Without one. */
	old = make_entry(77, 3);
	ck_assert(cache_store(cache_get(), &old, &dropped));
	ck_assert(same(&dropped, &new));
	store(&old);
}
END_TEST

START_TEST(descriptor_zero_is_a_descriptor)
{
	struct cached old = with_template(make_entry(77, 1), 0, 4711);
	struct cached new = make_entry(77, 2);
	struct cached dropped;

	store(&old);
	ck_assert_uint_eq(cache_count_templates(cache_get(), 4711), 1);
	ck_assert(cache_store(cache_get(), &new, &dropped));
	ck_assert(same(&dropped, &old));
}
END_TEST

/* Paths of one set, one after the other: the oldest makes room each time. */
START_TEST(entries_make_room_in_turn)
{
	for (uint64_t i = 0; i < 50; i++) {
		struct cached entry =
			with_template(make_entry(3 + i * CACHE_SETS, i), 100 + (int)i, 4711);
		struct cached dropped;

		if (i < CACHE_WAYS) {
			store(&entry);
		} else {
			ck_assert(cache_store(cache_get(), &entry, &dropped));
			ck_assert_int_eq(dropped.template_fd, 100 + (int)i - CACHE_WAYS);
		}
		ck_assert_uint_eq(cache_count_templates(cache_get(), 4711),
				  i < CACHE_WAYS ? i + 1 : CACHE_WAYS);
		for (uint64_t k = 0; k <= i; k++) {
			entry = with_template(make_entry(3 + k * CACHE_SETS, k), 100 + (int)k,
					      4711);
			ck_assert_int_eq(is_cached(&entry), k + CACHE_WAYS > i);
		}
	}
}
END_TEST

enum { PLACES = CACHE_SETS * CACHE_WAYS };

START_TEST(all_places_are_used)
{
	unsigned found = 0;

	for (uint64_t i = 0; i < PLACES; i++) {
		struct cached entry = make_entry(i, 1);

		store(&entry);
	}
	for (uint64_t i = 0; i < PLACES; i++) {
		struct cached entry = make_entry(i, 1);

		found += is_cached(&entry);
	}
	ck_assert_uint_eq(found, PLACES);
}
END_TEST

START_TEST(templates_are_counted_by_owner)
{
	struct cached entry = make_entry(1, 1);

	ck_assert_uint_eq(cache_count_templates(cache_get(), 1), 0);
	store(&entry);
	ck_assert_uint_eq(cache_count_templates(cache_get(), 0), 0);
	for (int i = 0; i < 10; i++) {
		entry = with_template(make_entry(10 + (uint64_t)i, 1), 100 + i, 1 + i % 2);
		store(&entry);
	}
	ck_assert_uint_eq(cache_count_templates(cache_get(), 1), 5);
	ck_assert_uint_eq(cache_count_templates(cache_get(), 2), 5);
	ck_assert_uint_eq(cache_count_templates(cache_get(), 3), 0);
}
END_TEST

static void wait_for(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* Also where the child is the first one that needs the cache. */
START_TEST(stores_of_a_vfork_child_are_seen)
{
	struct cached entry = make_entry(77, 1);
	pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct cached dropped;

		cache_store(cache_get(), &entry, &dropped);
		_exit(0);
	}
	wait_for(pid);
	ck_assert(is_cached(&entry));
}
END_TEST

START_TEST(fork_copies)
{
	struct cached before = make_entry(77, 1);
	struct cached in_child = make_entry(78, 1);
	pid_t pid;

	store(&before);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct cached dropped;

		if (!is_cached(&before))
			_exit(1);
		cache_store(cache_get(), &in_child, &dropped);
		_exit(!is_cached(&in_child));
	}
	wait_for(pid);
	ck_assert(is_cached(&before));
	ck_assert(!is_cached(&in_child));
}
END_TEST

enum { THREADS = 6, STORES = 40000, PATHS = 24 };

struct job {
	uint64_t seed;
	uint64_t stored;
	uint64_t dropped;
	uint64_t found;
	uint64_t wrong;
};

static _Atomic int next_fd;

/*
 * A few paths in two sets, each store with a template of its own: afterwards each of these is
 * either in the cache or has been reported, once.
 */
static void *hammer(void *arg)
{
	struct job *job = arg;
	struct noise noise = {job->seed};
	struct cache *cache = cache_get();

	for (unsigned i = 0; i < STORES; i++) {
		uint64_t r = noise_next(&noise);
		uint64_t path = (r >> 32) % PATHS * (CACHE_SETS / 2);
		struct cached entry = make_entry(path, (r >> 8) % 4);
		struct cached expected = entry;
		struct cached other;

		if (cache_find(cache, path, &entry.id, &other)) {
			job->found++;
			expected.template_fd = other.template_fd;
			expected.template_owner = other.template_owner;
			job->wrong += !same(&other, &expected);
		}
		entry = with_template(entry, atomic_fetch_add(&next_fd, 1), 4711);
		job->stored++;
		if (cache_store(cache, &entry, &other))
			job->dropped++;
	}
	return NULL;
}

START_TEST(threads_lose_no_template)
{
	struct job jobs[THREADS] = {{0}};
	pthread_t threads[THREADS];
	uint64_t dropped = 0;
	uint64_t stored = 0;
	uint64_t found = 0;

	for (unsigned i = 0; i < THREADS; i++) {
		jobs[i].seed = i + 1;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, hammer, &jobs[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_uint_eq(jobs[i].wrong, 0);
		dropped += jobs[i].dropped;
		stored += jobs[i].stored;
		found += jobs[i].found;
	}
	ck_assert_uint_gt(found, 1000);
	ck_assert_uint_eq(stored, dropped + cache_count_templates(cache_get(), 4711));
}
END_TEST

static void *get(void *arg)
{
	pthread_barrier_wait(arg);
	return cache_get();
}

START_TEST(threads_make_one_cache)
{
	pthread_t threads[THREADS];
	pthread_barrier_t barrier;

	ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, get, &barrier), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *cache;

		ck_assert_int_eq(pthread_join(threads[i], &cache), 0);
		ck_assert_ptr_eq(cache, cache_get());
	}
	pthread_barrier_destroy(&barrier);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache");
	TCase *one = scratch_case(suite, "one", 20);
	TCase *many = scratch_case(suite, "many", 60);

	tcase_add_test(one, there_is_one_cache);
	tcase_add_test(one, no_memory_is_no_cache);
	tcase_add_test(one, path_hashes_differ);
	tcase_add_test(one, what_is_stored_is_found);
	tcase_add_test(one, path_and_identity_must_both_be_right);
	tcase_add_test(one, a_changed_file_replaces_its_entry);
	tcase_add_test(one, a_dropped_template_is_reported);
	tcase_add_test(one, descriptor_zero_is_a_descriptor);
	tcase_add_test(one, entries_make_room_in_turn);
	tcase_add_test(one, all_places_are_used);
	tcase_add_test(one, templates_are_counted_by_owner);
	/* ThreadSanitizer makes fork() of vfork(). */
	if (!SANITIZES_THREADS)
		tcase_add_test(many, stores_of_a_vfork_child_are_seen);
	tcase_add_test(many, fork_copies);
	tcase_add_test(many, threads_lose_no_template);
	tcase_add_test(many, threads_make_one_cache);
	return scratch_run(suite);
}
