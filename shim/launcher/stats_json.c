#include <json-c/json.h>
#include <stdio.h>

#include "json.h"
#include "stats.h"

static void add_starts(struct json_object *object, const char *total_key, uint64_t total,
		       const uint64_t starts[HOW_COUNT])
{
	json_add_number(object, total_key, total);
	json_add_number(object, "image", starts[HOW_IMAGE]);
	json_add_number(object, "kernel", starts[HOW_KERNEL]);
	json_add_number(object, "libc", starts[HOW_LIBC]);
}

static struct json_object *fallback_object(const struct index_totals *totals)
{
	struct json_object *object = json_object_new_object();

	for (unsigned reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		if (totals->fallback[reason])
			json_add_number(object, reason_name(reason), totals->fallback[reason]);
	return object;
}

/* Targets that are not listed any more, and starts that belong to none that is. */
static void add_evicted(struct json_object *object, const struct index_totals *totals)
{
	struct json_object *evicted;
	uint64_t starts = 0;

	for (int how = 0; how < HOW_COUNT; how++)
		starts += totals->evicted_starts[how];
	if (!starts && !totals->evicted_targets)
		return;
	evicted = json_object_new_object();
	json_add_number(evicted, "targets", totals->evicted_targets);
	json_add_number(evicted, "starts", starts);
	json_object_object_add(object, "evicted", evicted);
}

static struct json_object *target_object(const struct stats_target *t)
{
	struct json_object *object = json_object_new_object();

	json_add_path(object, "path", t->target.path);
	add_starts(object, "starts", t->starts, t->counts.starts);
	json_add_text(object, "verdict", reason_name(t->counts.verdict));
	return object;
}

struct json_object *stats_to_json(const struct stats *stats)
{
	struct json_object *object = json_object_new_object();
	struct json_object *starts = json_object_new_object();
	struct json_object *targets = json_object_new_array();
	char wall[32];

	snprintf(wall, sizeof wall, "%.6f", stats->wall_s);
	add_starts(starts, "total", stats->starts, stats->totals.starts);
	for (size_t i = 0; i < stats->target_count; i++)
		json_object_array_add(targets, target_object(&stats->targets[i]));
	json_add_number(object, "version", 1);
	json_object_object_add(object, "wall_s", json_object_new_double_s(stats->wall_s, wall));
	json_object_object_add(object, "starts", starts);
	json_object_object_add(object, "fallback", fallback_object(&stats->totals));
	json_add_number(object, "baked", stats->totals.baked);
	json_add_number(object, "stale", stats->totals.stale);
	if (stats->totals.both)
		json_add_number(object, "both", stats->totals.both);
	add_evicted(object, &stats->totals);
	json_object_object_add(object, "targets", targets);
	return object;
}
