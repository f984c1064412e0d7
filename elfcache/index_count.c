#include "index_layout.h"

/* n is 1 or, to take a start back, the same modulo 2^64. */
static void count(struct index *index, const struct index_ref *ref, enum how how,
		  enum reason reason, uint64_t n)
{
	struct index_header *h = index->map;
	struct entry *e;
	uint64_t now;

	atomic_fetch_add_explicit(&h->starts[how], n, memory_order_relaxed);
	if (reason != REASON_NONE)
		atomic_fetch_add_explicit(&h->fallback[reason], n, memory_order_relaxed);
	if (!ref)
		return;
	now = atomic_fetch_add_explicit(&h->clock, 1, memory_order_relaxed) + 1;
	e = entry_at(index, ref->slot);
	/* A target that was evicted since the look-up: its starts are no longer told apart.  (If
	   that happens between this line and the next, one start is booked to its successor.) */
	if (!index_holds(index, ref)) {
		atomic_fetch_add_explicit(&h->evicted_starts[how], n, memory_order_relaxed);
		return;
	}
	atomic_fetch_add_explicit(&e->starts[how], n, memory_order_relaxed);
	atomic_store_explicit(&e->last_used, now, memory_order_relaxed);
	if (reason != REASON_NONE)
		atomic_store_explicit(&e->verdict, (uint32_t)reason, memory_order_relaxed);
}

void index_count(struct index *index, const struct index_ref *ref, enum how how, enum reason reason)
{
	count(index, ref, how, reason, 1);
}

void index_uncount(struct index *index, const struct index_ref *ref, enum how how,
		   enum reason reason)
{
	count(index, ref, how, reason, (uint64_t)-1);
}

void index_count_both(struct index *index)
{
	atomic_fetch_add_explicit(&index->map->both, 1, memory_order_relaxed);
}

void index_read_totals(const struct index *index, struct index_totals *totals)
{
	const struct index_header *h = index->map;

	for (int how = 0; how < HOW_COUNT; how++) {
		totals->starts[how] = atomic_load_explicit(&h->starts[how], memory_order_relaxed);
		totals->evicted_starts[how] =
			atomic_load_explicit(&h->evicted_starts[how], memory_order_relaxed);
	}
	for (int reason = 0; reason < REASON_MAX; reason++)
		totals->fallback[reason] =
			atomic_load_explicit(&h->fallback[reason], memory_order_relaxed);
	totals->baked = atomic_load_explicit(&h->baked, memory_order_relaxed);
	totals->stale = atomic_load_explicit(&h->stale, memory_order_relaxed);
	totals->both = atomic_load_explicit(&h->both, memory_order_relaxed);
	totals->evicted_targets = atomic_load_explicit(&h->evicted_targets, memory_order_relaxed);
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	if (n)
		atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void index_add_totals(struct index *index, const struct index_totals *totals)
{
	struct index_header *h = index->map;

	for (int how = 0; how < HOW_COUNT; how++) {
		add(&h->starts[how], totals->starts[how]);
		add(&h->evicted_starts[how], totals->evicted_starts[how]);
		add(&h->clock, totals->starts[how]);
	}
	for (int reason = 0; reason < REASON_MAX; reason++)
		add(&h->fallback[reason], totals->fallback[reason]);
	add(&h->baked, totals->baked);
	add(&h->stale, totals->stale);
	add(&h->both, totals->both);
	add(&h->evicted_targets, totals->evicted_targets);
}

void index_add_starts(struct index *index, const struct index_ref *ref,
		      const struct target_counts *counts)
{
	struct entry *e = ref ? entry_at(index, ref->slot) : NULL;
	bool there = e && index_holds(index, ref);

	for (int how = 0; how < HOW_COUNT; how++)
		add(there ? &e->starts[how] : &index->map->evicted_starts[how],
		    counts->starts[how]);
	if (there && counts->verdict != REASON_NONE)
		atomic_store_explicit(&e->verdict, counts->verdict, memory_order_relaxed);
}
