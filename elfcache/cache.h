/*
 * The per-process cache: what this process has learnt of the executables it starts.
 *
 * It saves a caller that starts the same few programs again and again (make, ninja) the look into
 * the file and into the index, and it holds the process's template descriptors.  Keyed by path and
 * identity, so a file that changes is simply not found any more.  Fixed size; the least recently
 * stored entry of a set makes room.  Lock-free (slot.h): usable by any thread, in a vfork() child,
 * whose stores its parent then sees, and after fork(), which copies it.
 */
#ifndef ST_ELFCACHE_CACHE_H
#define ST_ELFCACHE_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "identity.h"
#include "index.h"

enum { CACHE_SETS = 16, CACHE_WAYS = 4 };

/* One entry, as copied out of the cache. */
struct cached {
	uint64_t path_hash; /* cache_path_hash() */
	struct identity id;
	struct index_ref ref; /* valid if has_ref */
	uint16_t kind;        /* enum exe_kind */
	uint8_t has_ref;
	uint8_t reserved;
	/* The kernel engine's: a template descriptor of process template_owner, or -1; and why
	   there can be none (enum reason), 0 if there may be. */
	int32_t template_fd;
	int32_t template_owner;
	uint32_t template_verdict;
};

struct cache;

/*
 * The process's cache, made at first use: one anonymous mapping of a few pages that lives as long
 * as the process image.  Null if there is no memory for it.
 */
struct cache *cache_get(void);

uint64_t cache_path_hash(const char *path);

/* Find by path hash and identity. */
bool cache_find(struct cache *cache, uint64_t path_hash, const struct identity *id,
		struct cached *entry);

/*
 * Store an entry, in place of an older one with the same path hash if there is one.  If it takes
 * the place of one that holds a template descriptor (of whichever process: fork() copies the
 * cache), that one is copied to *dropped and true is returned: the caller closes it if it is its
 * own.  A store that meets another writer at the same slot is given up: the cache then merely does
 * not know, and if the entry holds a template descriptor it is itself what is dropped.  So an entry
 * that holds one is stored by whoever made it, once.
 */
bool cache_store(struct cache *cache, const struct cached *entry, struct cached *dropped);

/* The number of entries that hold a template descriptor owned by process pid. */
unsigned cache_count_templates(struct cache *cache, int32_t pid);

#endif
