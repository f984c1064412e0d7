/*
 * A slot of a shared table: a generation counter and a payload of 64-bit words.
 *
 * Hazards, and what answers each:
 *  1. Many processes read while another writes.  Readers copy the payload between two looks at the
 *     generation and throw the copy away if it moved (a seqlock).  They never wait.
 *  2. Two writers want one slot.  Whoever moves the generation from even to odd owns the slot; the
 *     other one goes elsewhere.  Nobody spins.
 *  3. A writer is killed half-way.  The generation stays odd: readers pass over the slot for good
 *     and the table is one slot smaller.  Nothing else is harmed.
 *  4. The C memory model.  Every word is an atomic object, so a torn copy is garbage that is
 *     discarded and not undefined behaviour.  Words are loaded with acquire and stored with
 *     release order: the loads cannot sink below the second look at the generation, the stores
 *     cannot rise above taking the slot.  On x86-64 all of these are plain moves.
 */
#ifndef ST_ELFCACHE_SLOT_H
#define ST_ELFCACHE_SLOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0: never used.  Odd: being written.  Even: published; differs after every rewrite. */
typedef _Atomic uint64_t slot_generation;
typedef _Atomic uint64_t slot_word;

static inline bool slot_is_published(uint64_t generation)
{
	return generation != 0 && (generation & 1) == 0;
}

/*
 * Copy n words.  True, with the generation in *seen, if out[] is one consistent payload that was
 * published at that generation.
 */
static inline bool slot_read(const slot_generation *generation, const slot_word *words, size_t n,
			     uint64_t *out, uint64_t *seen)
{
	uint64_t before = atomic_load_explicit(generation, memory_order_acquire);

	if (!slot_is_published(before))
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = atomic_load_explicit(&words[i], memory_order_acquire);
	if (atomic_load_explicit(generation, memory_order_relaxed) != before)
		return false;
	*seen = before;
	return true;
}

/* Try to own a slot last seen at an even generation.  True: the caller must write and publish. */
static inline bool slot_claim(slot_generation *generation, uint64_t seen)
{
	return atomic_compare_exchange_strong_explicit(generation, &seen, seen + 1,
						       memory_order_acq_rel, memory_order_relaxed);
}

/* Write the payload of a slot claimed at generation `seen` and make it visible. */
static inline uint64_t slot_publish(slot_generation *generation, uint64_t seen, slot_word *words,
				    size_t n, const uint64_t *in)
{
	for (size_t i = 0; i < n; i++)
		atomic_store_explicit(&words[i], in[i], memory_order_release);
	atomic_store_explicit(generation, seen + 2, memory_order_release);
	return seen + 2;
}

#endif
