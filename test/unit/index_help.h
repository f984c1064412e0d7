/*
 * Targets made by number, and what the tests of the index ask again and again.
 */
#ifndef ST_TEST_UNIT_INDEX_HELP_H
#define ST_TEST_UNIT_INDEX_HELP_H

#include <stdbool.h>
#include <stdint.h>

#include "elfcache/index.h"

/*
 * Target number n in set `set` of the index (ANY_SET: wherever it falls).  Every member follows
 * from the identity, so that a torn one can be told.
 */
#define ANY_SET INDEX_SETS
struct target make_target(uint64_t n, unsigned set);
bool target_is_whole(const struct target *target);

/* The origin that the tests give to their indexes. */
struct index_origin some_origin(void);

/* Create and open "index" in the working directory. */
struct index new_index(void);

/* The sum over all targets of an index. */
struct index_sums {
	uint64_t targets;
	uint64_t starts[HOW_COUNT];
};
struct index_sums sum_up(const struct index *index);

/* Fail unless what the targets and the evicted ones have adds up to `starts`. */
void check_sums(const struct index *index, const uint64_t starts[HOW_COUNT]);

#endif
