/*
 * Targets whose images became stale, and how often: by what stays the same when their libraries
 * change.  Of so many a session remembers the last ones; it may last for days, and a build replaces
 * programs without end.
 */
#ifndef ST_SERVICE_OFFENDERS_H
#define ST_SERVICE_OFFENDERS_H

#include <stddef.h>
#include <stdint.h>

#include "elfcache/identity.h"

enum { OFFENDERS_MAX = 256 };

struct offender {
	struct identity id;
	uint64_t path_hash; /* cache_path_hash() */
	unsigned times;     /* 0: an unused place */
};

/* All zeros in the beginning. */
struct offenders {
	struct offender list[OFFENDERS_MAX];
	size_t next; /* the place that was taken for longest */
};

/* Note that the target's image has become stale; how often that was seen, this time included. */
unsigned offenders_note(struct offenders *offenders, const struct identity *id, uint64_t path_hash);

#endif
