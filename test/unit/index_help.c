#include "index_help.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elfcache/cache.h"
#include "scratch.h"

static unsigned set_of(const struct identity *id)
{
	return (unsigned)(identity_hash(id) % INDEX_SETS);
}

/* The rest of a target, from its identity. */
static void fill_target(struct target *target)
{
	struct noise noise = {target->id.ino | 1};
	char path[INDEX_PATH_MAX];

	target->kind = (uint16_t)(noise_next(&noise) % EXE_KINDS);
	target->machine = (uint16_t)noise_next(&noise);
	target->type = (uint16_t)noise_next(&noise);
	snprintf(path, sizeof path, "/%016llx/%0*llx", (unsigned long long)target->id.ino,
		 (int)(20 + target->id.ino % 300), (unsigned long long)noise_next(&noise));
	target_set_path(target, path);
	target->path_hash = cache_path_hash(path);
	target->reserved = 0;
}

struct target make_target(uint64_t n, unsigned set)
{
	struct target target = {
		.id = {.dev = 99, .size = 1234, .mode = 0100755, .ino = n << 24},
	};

	while (set != ANY_SET && set_of(&target.id) != set)
		target.id.ino++;
	fill_target(&target);
	return target;
}

bool target_is_whole(const struct target *target)
{
	struct target expected = {.id = target->id};

	fill_target(&expected);
	return memcmp(target, &expected, sizeof expected) == 0;
}

struct index_origin some_origin(void)
{
	struct index_origin origin = {
		.uid = geteuid(),
		.pid = 4711,
		.pid_start = 123456789012,
		.created = 1790000000,
		.pid_namespace = 4026531836,
	};

	memcpy(origin.boot_id, "01234567-89ab-cdef-0123-456789abcdef", INDEX_BOOT_ID_LEN);
	return origin;
}

struct index new_index(void)
{
	struct index_origin origin = some_origin();
	struct index index;

	ck_assert_int_eq(index_create(AT_FDCWD, "index", &origin), 0);
	ck_assert_int_eq(index_open(AT_FDCWD, "index", geteuid(), &index), 0);
	return index;
}

struct index_sums sum_up(const struct index *index)
{
	struct index_sums sums = {0};

	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
		struct target_counts counts;
		struct target target;

		if (!index_read(index, slot, &target, &counts))
			continue;
		sums.targets++;
		for (int how = 0; how < HOW_COUNT; how++)
			sums.starts[how] += counts.starts[how];
	}
	return sums;
}

void check_sums(const struct index *index, const uint64_t starts[HOW_COUNT])
{
	struct index_sums sums = sum_up(index);
	struct index_totals totals;

	index_read_totals(index, &totals);
	for (int how = 0; how < HOW_COUNT; how++) {
		ck_assert_uint_eq(totals.starts[how], starts[how]);
		ck_assert_uint_eq(sums.starts[how] + totals.evicted_starts[how], starts[how]);
	}
}
