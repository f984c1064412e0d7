/*
 * An index with any content: elfcache/index.h, and what the statistics make of it.
 *
 * Input: a number of changes to the file of an index, each its place, its size and its bytes; and
 * then what is done with it.
 */
#include "elfcache/index.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "stats.h"

enum {
	HEADER = 4096,
	ENTRY = 512,
	SETS = 4,
	TARGETS = 4, /* in each of these sets */
	/* What is restored before each input; nothing else is changed. */
	USED = HEADER + SETS * INDEX_WAYS * ENTRY,
	CHANGES = 32,
	CALLS = 64,
};

static struct target targets[SETS][TARGETS];
static unsigned char good[USED];
static unsigned char *bytes; /* the file, mapped */
static int directory;

/* A target that belongs into the set. */
static struct target make(unsigned set, unsigned n)
{
	struct target target = {.id = {.dev = 1, .mode = 0100755, .ino = (uint64_t)n << 20},
				.kind = EXE_GLIBC,
				.path_hash = n};

	while (identity_hash(&target.id) % INDEX_SETS != set)
		target.id.ino++;
	target_set_path(&target, "/usr/bin/program");
	return target;
}

static void begin(void)
{
	const struct index_origin origin = {.uid = geteuid()};
	struct index_ref ref;
	struct index index;
	int fd;

	directory = open(fuzz_directory(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Under a name that is removed at the end. */
	FUZZ_ASSERT(unlink(fuzz_file(0, NULL, 0)) == 0);
	FUZZ_ASSERT(index_create(directory, "0", &origin) == 0);
	FUZZ_ASSERT(index_open(directory, "0", geteuid(), &index) == 0);
	for (unsigned set = 0; set < SETS; set++)
		for (unsigned n = 0; n < TARGETS; n++) {
			targets[set][n] = make(set, n);
			FUZZ_ASSERT(index_insert(&index, &targets[set][n], &ref));
			index_count(&index, &ref, HOW_LIBC, REASON_NO_IMAGE);
		}
	index_close(&index);
	fd = openat(directory, "0", O_RDWR | O_CLOEXEC);
	bytes = mmap(NULL, USED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	FUZZ_ASSERT(bytes != MAP_FAILED);
	close(fd);
	memcpy(good, bytes, USED);
}

static void change(struct fuzz_input *in)
{
	unsigned count = (unsigned)fuzz_number(in, 1) % CHANGES;

	while (count--) {
		size_t at = fuzz_number(in, 2) % USED;
		size_t size = fuzz_number(in, 1);
		const uint8_t *from = fuzz_bytes(in, size, &size);

		if (size > USED - at)
			size = USED - at;
		memcpy(bytes + at, from, size);
	}
}

static void check_target(const struct target *target)
{
	FUZZ_ASSERT(target->kind < EXE_KINDS);
	FUZZ_ASSERT(memchr(target->path, '\0', sizeof target->path));
}

/* What a process does that starts a target, and the service, one step at a time. */
static void call(struct index *index, struct fuzz_input *in, struct index_ref *ref)
{
	unsigned set = (unsigned)fuzz_number(in, 1) % SETS;
	struct target *target = &targets[set][fuzz_number(in, 1) % TARGETS];
	uint32_t slot = (uint32_t)fuzz_number(in, 2);
	struct target_counts counts;
	struct target found;
	enum reason reason;

	switch (fuzz_number(in, 1) % 10) {
	case 0:
		if (index_find(index, &target->id, target->path_hash, &found, ref)) {
			check_target(&found);
			FUZZ_ASSERT(identity_equal(&found.id, &target->id));
		}
		break;
	case 1:
		index_insert(index, target, ref);
		break;
	case 2:
		index_count(index, ref, slot % HOW_COUNT, slot % REASON_COUNT);
		break;
	case 3:
		index_uncount(index, ref, slot % HOW_COUNT, slot % REASON_COUNT);
		break;
	case 4:
		if (index_read(index, slot, &found, &counts))
			check_target(&found);
		break;
	case 5:
		index_image_want(index, ref);
		break;
	case 6:
		FUZZ_ASSERT(index_image_take(index, slot) <= INDEX_SLOTS);
		break;
	case 7:
		FUZZ_ASSERT(index_image_state(index, ref, &reason) < IMAGE_STATES);
		FUZZ_ASSERT((unsigned)reason < REASON_MAX);
		index_image_change(index, ref, slot % IMAGE_STATES, slot / 8 % IMAGE_STATES,
				   slot / 64 % REASON_COUNT);
		break;
	case 8:
		index_ref_at(index, slot, ref);
		break;
	default:
		index_starts(index, ref);
		index_image_wait(index, index_image_requests(index), 0);
		break;
	}
	FUZZ_ASSERT(ref->slot < INDEX_SLOTS);
}

static void count_all(const struct index *index)
{
	struct json_object *object;
	struct stats stats;
	char text[4096];
	FILE *out = fmemopen(text, sizeof text, "w");

	stats_collect(index, 1.0, &stats);
	object = stats_to_json(&stats);
	FUZZ_ASSERT(object && out);
	fuzz_touch_string(json_object_to_json_string(object));
	stats_print_table(&stats, out);
	json_object_put(object);
	stats_free(&stats);
	fclose(out);
	index_unfinished_slots(index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct index_ref ref = {0};
	struct index index;

	if (!bytes)
		begin();
	memcpy(bytes, good, USED);
	change(&in);
	if (index_open(directory, "0", geteuid(), &index))
		return 0;
	for (unsigned n = 0; in.left && n < CALLS; n++)
		call(&index, &in, &ref);
	/* Of all slots, which takes long. */
	if (size % 16 == 0)
		count_all(&index);
	index_close(&index);
	return 0;
}
