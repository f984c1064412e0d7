/*
 * The index file as it lies in memory: one page of header, then the entries, INDEX_WAYS to a set.
 * For the index's own sources.
 */
#ifndef ST_ELFCACHE_INDEX_LAYOUT_H
#define ST_ELFCACHE_INDEX_LAYOUT_H

#include <stdatomic.h>

#include "index.h"
#include "slot.h"

enum {
	FORMAT_VERSION = 4,
	TARGET_WORDS = sizeof(struct target) / sizeof(uint64_t),
	KEY_WORDS = sizeof(struct identity) / sizeof(uint64_t) + 1,
};

struct entry {
	slot_generation generation;
	_Atomic uint64_t starts[HOW_COUNT];
	_Atomic uint64_t last_used;
	_Atomic uint32_t verdict;
	_Atomic uint32_t image; /* index_image.c */
	slot_word target[TARGET_WORDS];
};

struct index_header {
	/* Written once, before the file gets its name. */
	char magic[8];
	uint32_t version;
	uint32_t header_size;
	uint32_t entry_size;
	uint32_t sets;
	uint32_t ways;
	uint32_t reserved;
	struct index_origin origin;
	/* Live. */
	_Atomic uint64_t clock; /* logical time: starts announced so far */
	_Atomic uint64_t starts[HOW_COUNT];
	_Atomic uint64_t fallback[REASON_MAX];
	_Atomic uint64_t baked;
	_Atomic uint64_t stale;
	_Atomic uint64_t both;
	_Atomic uint64_t evicted_targets;
	_Atomic uint64_t evicted_starts[HOW_COUNT];
	/* The image engine's: index_image.c. */
	_Atomic uint64_t variables;
	_Atomic uint64_t confinement;
	_Atomic uint32_t has_images;
	_Atomic uint32_t service;
	_Atomic uint32_t wanted;
	/* The slots that were last asked for, plus 1; 0 once the service has taken it. */
	_Atomic uint32_t asked[INDEX_ASKED];
	_Atomic uint32_t has_tracer;
};

enum { HEADER_SIZE = 4096 };

_Static_assert(sizeof(struct target) % sizeof(uint64_t) == 0, "a target is whole words");
_Static_assert(sizeof(struct index_origin) % sizeof(uint64_t) == 0, "an origin is whole words");
_Static_assert(sizeof(struct entry) == 512, "eight ways fill one page");
_Static_assert(sizeof(struct index_header) <= HEADER_SIZE, "the header fits its page");

static inline struct entry *entry_at(const struct index *index, uint32_t slot)
{
	return (struct entry *)(void *)((char *)index->map + HEADER_SIZE) + slot;
}

#endif
