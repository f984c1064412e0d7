#include "cache.h"

#include "slot.h"
#include "sys.h"

enum { CACHED_WORDS = sizeof(struct cached) / sizeof(uint64_t) };

_Static_assert(sizeof(struct cached) % sizeof(uint64_t) == 0, "an entry is whole words");

struct slot {
	slot_generation generation;
	slot_word words[CACHED_WORDS];
};

struct cache {
	struct slot slots[CACHE_SETS][CACHE_WAYS];
};

/* One entry as the words that it is. */
union copy {
	struct cached entry;
	uint64_t words[CACHED_WORDS];
};

/* The process's cache, null until first used.  Set once; lives in writable data of the preload or
   of whoever else links this file. */
static _Atomic(struct cache *) the_cache;

struct cache *cache_get(void)
{
	struct cache *cache = atomic_load_explicit(&the_cache, memory_order_acquire);
	struct cache *none = NULL;

	if (cache)
		return cache;
	cache = sys_mmap(NULL, sizeof *cache, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (sys_is_error(cache))
		return NULL;
	if (atomic_compare_exchange_strong_explicit(&the_cache, &none, cache, memory_order_acq_rel,
						    memory_order_acquire))
		return cache;
	/* Another thread was first. */
	sys_munmap(cache, sizeof *cache);
	return none;
}

/* FNV-1a, 64 bits. */
uint64_t cache_path_hash(const char *path)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3;
	return h;
}

static struct slot *set_of(struct cache *cache, uint64_t path_hash)
{
	return cache->slots[(path_hash ^ (path_hash >> 32)) % CACHE_SETS];
}

static bool read_slot(struct slot *slot, union copy *copy, uint64_t *generation)
{
	return slot_read(&slot->generation, slot->words, CACHED_WORDS, copy->words, generation);
}

bool cache_find(struct cache *cache, uint64_t path_hash, const struct identity *id,
		struct cached *entry)
{
	struct slot *set = set_of(cache, path_hash);

	for (int way = 0; way < CACHE_WAYS; way++) {
		union copy copy;
		uint64_t generation;

		if (read_slot(&set[way], &copy, &generation) && copy.entry.path_hash == path_hash &&
		    identity_equal(&copy.entry.id, id)) {
			*entry = copy.entry;
			return true;
		}
	}
	return false;
}

bool cache_store(struct cache *cache, const struct cached *entry, struct cached *dropped)
{
	struct slot *set = set_of(cache, entry->path_hash);
	struct slot *victim = NULL;
	uint64_t victim_generation = 0;
	union copy old = {.entry.template_fd = -1};
	union copy in = {.entry = *entry};

	/* The slot with this path, else an unused one, else the one rewritten least often, so
	   that ways are reused in turn. */
	for (int way = 0; way < CACHE_WAYS; way++) {
		union copy copy;
		uint64_t generation;
		bool published = read_slot(&set[way], &copy, &generation);

		if (published && copy.entry.path_hash == entry->path_hash) {
			victim = &set[way];
			victim_generation = generation;
			old = copy;
			break;
		}
		if (!published) {
			generation =
				atomic_load_explicit(&set[way].generation, memory_order_acquire);
			if (generation != 0)
				continue;
			copy.entry.template_fd = -1;
		}
		if (!victim || generation < victim_generation) {
			victim = &set[way];
			victim_generation = generation;
			old = copy;
		}
	}
	if (!victim || !slot_claim(&victim->generation, victim_generation)) {
		*dropped = *entry;
		return entry->template_fd >= 0;
	}
	slot_publish(&victim->generation, victim_generation, victim->words, CACHED_WORDS, in.words);
	if (old.entry.template_fd < 0 || old.entry.template_fd == entry->template_fd)
		return false;
	*dropped = old.entry;
	return true;
}

unsigned cache_count_templates(struct cache *cache, int32_t pid)
{
	unsigned n = 0;

	for (int set = 0; set < CACHE_SETS; set++)
		for (int way = 0; way < CACHE_WAYS; way++) {
			union copy copy;
			uint64_t generation;

			if (read_slot(&cache->slots[set][way], &copy, &generation) &&
			    copy.entry.template_fd >= 0 && copy.entry.template_owner == pid)
				n++;
		}
	return n;
}
