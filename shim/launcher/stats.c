#include "stats.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

static uint64_t sum(const uint64_t starts[HOW_COUNT])
{
	uint64_t n = 0;

	for (int how = 0; how < HOW_COUNT; how++)
		n += starts[how];
	return n;
}

static int by_key(const void *a, const void *b)
{
	const struct stats_target *x = a;
	const struct stats_target *y = b;

	int order = memcmp(&x->target.id, &y->target.id, sizeof x->target.id);

	return order ? order
		     : (x->target.path_hash > y->target.path_hash) -
			       (x->target.path_hash < y->target.path_hash);
}

static int by_starts(const void *a, const void *b)
{
	const struct stats_target *x = a;
	const struct stats_target *y = b;

	if (x->starts != y->starts)
		return x->starts < y->starts ? 1 : -1;
	return strcmp(x->target.path, y->target.path);
}

static void read_targets(const struct index *index, struct stats *stats)
{
	size_t room = 0;

	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
		struct stats_target t;

		if (!index_read(index, slot, &t.target, &t.counts))
			continue;
		t.starts = sum(t.counts.starts);
		/* In the index for its image, which was there before the session. */
		if (!t.starts)
			continue;
		if (stats->target_count == room) {
			room = room ? room * 2 : 64;
			stats->targets = memory_resize(stats->targets, room, sizeof t);
		}
		stats->targets[stats->target_count++] = t;
	}
}

static void merge(struct stats_target *into, const struct stats_target *other)
{
	for (int how = 0; how < HOW_COUNT; how++)
		into->counts.starts[how] += other->counts.starts[how];
	into->starts += other->starts;
	if (other->counts.verdict != REASON_NONE &&
	    (into->counts.verdict == REASON_NONE ||
	     other->counts.last_used > into->counts.last_used))
		into->counts.verdict = other->counts.verdict;
	if (other->counts.last_used > into->counts.last_used)
		into->counts.last_used = other->counts.last_used;
}

static void merge_duplicates(struct stats *stats)
{
	size_t n = 0;

	for (size_t i = 0; i < stats->target_count; i++) {
		if (n && by_key(&stats->targets[n - 1], &stats->targets[i]) == 0)
			merge(&stats->targets[n - 1], &stats->targets[i]);
		else
			stats->targets[n++] = stats->targets[i];
	}
	stats->target_count = n;
}

void stats_collect(const struct index *index, double wall_s, struct stats *stats)
{
	*stats = (struct stats){.wall_s = wall_s};
	read_targets(index, stats);
	/* After the targets: a start counted in between is then missing there, not here. */
	index_read_totals(index, &stats->totals);
	stats->starts = sum(stats->totals.starts);
	if (!stats->target_count)
		return;
	qsort(stats->targets, stats->target_count, sizeof *stats->targets, by_key);
	merge_duplicates(stats);
	qsort(stats->targets, stats->target_count, sizeof *stats->targets, by_starts);
}

void stats_free(struct stats *stats)
{
	free(stats->targets);
	*stats = (struct stats){0};
}

void stats_add_to(const struct stats *stats, struct index *outer)
{
	for (size_t i = 0; i < stats->target_count; i++) {
		const struct stats_target *t = &stats->targets[i];
		struct index_ref ref;
		bool there = index_find(outer, &t->target.id, t->target.path_hash, NULL, &ref) ||
			     index_insert(outer, &t->target, &ref);

		index_add_starts(outer, there ? &ref : NULL, &t->counts);
	}
	index_add_totals(outer, &stats->totals);
}
