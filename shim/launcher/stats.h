/*
 * What a session's index has counted, ready to be shown.
 */
#ifndef ST_LAUNCHER_STATS_H
#define ST_LAUNCHER_STATS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "elfcache/index.h"

struct stats_target {
	struct target target;
	struct target_counts counts;
	uint64_t starts; /* of all kinds */
};

struct stats {
	double wall_s; /* seconds since the session began */
	struct index_totals totals;
	uint64_t starts;              /* of all kinds */
	struct stats_target *targets; /* most starts first */
	size_t target_count;
};

/* Collect what the index holds; duplicates of one identity are put together. */
void stats_collect(const struct index *index, double wall_s, struct stats *stats);
void stats_free(struct stats *stats);

/* Add everything to another index, the one of the session around this one. */
void stats_add_to(const struct stats *stats, struct index *outer);

/* The table. */
void stats_print_table(const struct stats *stats, FILE *to);

/* The JSON of --stats=FILE.  A json-c object, the caller's. */
struct json_object *stats_to_json(const struct stats *stats);

#endif
