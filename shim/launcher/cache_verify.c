#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache_scan.h"
#include "json.h"
#include "message.h"
#include "output.h"
#include "text.h"

/* What was found in one session, or in one boot's images. */
struct finding {
	const char *structure; /* what is wrong with the index as a whole, or null */
	const struct cache_images *images;
	uint32_t unfinished;             /* slots that a killed writer left behind */
	size_t targets;                  /* all of them */
	size_t stale;                    /* of these, the file has been replaced or removed since */
	struct json_object *stale_paths; /* array, or null: print lines */
};

static bool is_bad(const struct finding *f)
{
	return f->structure || f->unfinished || f->stale || f->images->stale ||
	       f->images->stray_count;
}

/* False also for a path that does not say which file it was: relative to somewhere, or cut. */
static bool is_stale(const struct target *target)
{
	struct identity now;

	if (target->path[0] != '/')
		return false;
	return identity_of(AT_FDCWD, target->path, 0, &now) || !identity_equal(&now, &target->id);
}

static void note_stale(struct finding *f, const char *path)
{
	f->stale++;
	if (f->stale_paths) {
		struct json_object *object = json_object_new_object();

		json_add_path(object, "path", path);
		json_object_array_add(f->stale_paths, object);
	} else {
		char *text = text_printable(path);

		printf("    stale: %s\n", text);
		free(text);
	}
}

/* Returns the starts of all targets. */
static uint64_t verify_targets(const struct index *index, struct finding *f)
{
	uint64_t starts = 0;

	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
		struct target_counts counts;
		struct target target;

		if (!index_read(index, slot, &target, &counts))
			continue;
		f->targets++;
		for (int how = 0; how < HOW_COUNT; how++)
			starts += counts.starts[how];
		if (is_stale(&target))
			note_stale(f, target.path);
	}
	return starts;
}

static void verify_index(const struct index *index, bool in_use, struct finding *f)
{
	struct index_totals totals;
	uint64_t starts = verify_targets(index, f);
	uint64_t total = 0;

	index_read_totals(index, &totals);
	for (int how = 0; how < HOW_COUNT; how++) {
		starts += totals.evicted_starts[how];
		total += totals.starts[how];
	}
	/* While it is in use a slot may just be being written, and a start just be counted. */
	if (in_use)
		return;
	f->unfinished = index_unfinished_slots(index);
	if (starts > total)
		f->structure = "its programs have more starts than there were";
}

/* No index yet, or one that its maker has not written to: it may have been killed. */
static bool is_empty(int dirfd)
{
	uint64_t magic = 0;
	int fd = openat(dirfd, CACHEDIR_INDEX, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool empty;

	if (fd < 0)
		return errno == ENOENT || errno == EBADF;
	empty = read(fd, &magic, sizeof magic) >= 0 && magic == 0;
	close(fd);
	return empty;
}

static void verify_session(const struct cache_directory *d, struct cache_session *s,
			   struct finding *f)
{
	struct index index;
	int fd;

	if (s->state == SESSION_FOREIGN) {
		f->structure = "it has the name of a session, but is not ours alone";
		return;
	}
	fd = openat(d->base.fd, s->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->state != SESSION_DEAD && is_empty(fd)) {
		/* Just being made, or removed. */
	} else if (fd < 0 || index_open(fd, CACHEDIR_INDEX, geteuid(), &index)) {
		f->structure = "it has no index of this version";
	} else {
		verify_index(&index, s->state != SESSION_DEAD, f);
		/* While it is in use, one may just have been baked. */
		if (s->state == SESSION_DEAD)
			cache_images_compare(&s->images, &index);
		index_close(&index);
	}
	if (fd >= 0)
		close(fd);
}

static void verify_boot(const struct cache_boot *b, struct finding *f)
{
	if (b->state == BOOT_FOREIGN)
		f->structure = "it has the name of a boot's images, but is not ours alone";
	else if (!b->has_index)
		f->structure = "it has no index of this version";
	/* Somebody who is baking is just writing a slot. */
	if (b->state != BOOT_BUSY)
		f->unfinished = b->unfinished;
}

static void print_finding(const char *name, const struct finding *f)
{
	printf("  %s: %s", name, is_bad(f) ? "WRONG" : "ok");
	if (f->targets)
		printf(", %zu programs", f->targets);
	if (f->images->count)
		printf(", %zu images", f->images->count);
	if (f->structure)
		printf("; %s", f->structure);
	if (f->unfinished)
		printf("; %" PRIu32 " slots left unfinished by killed processes", f->unfinished);
	if (f->stale)
		printf("; %zu programs replaced or removed since", f->stale);
	if (f->images->stale)
		printf("; %zu images stale", f->images->stale);
	putchar('\n');
	for (size_t i = 0; i < f->images->count; i++) {
		const struct cache_image *image = &f->images->images[i];
		char *target;
		char *stale;

		if (!image->stale)
			continue;
		target = text_printable(image->target);
		stale = text_printable(image->stale);
		printf("    stale image: %s: %s was replaced or changed\n", target, stale);
		free(target);
		free(stale);
	}
	cache_images_print_strays(f->images);
}

static struct json_object *finding_object(const char *name, const char *state,
					  const struct finding *f)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "name", name);
	json_add_text(object, "state", state);
	json_add_bool(object, "ok", !is_bad(f));
	json_add_text(object, "structure", f->structure);
	json_add_number(object, "targets", f->targets);
	json_add_number(object, "unfinished", f->unfinished);
	json_object_object_add(object, "stale", f->stale_paths);
	json_object_object_add(object, "images", cache_images_to_json(f->images));
	json_object_object_add(object, "problems", cache_images_strays_to_json(f->images));
	return object;
}

/* Say what was found, on stdout or in the array `into`.  EXIT_FOUND if that is bad. */
static int tell(const char *name, const char *state, const struct finding *f,
		struct json_object *into)
{
	if (into)
		json_object_array_add(into, finding_object(name, state, f));
	else
		print_finding(name, f);
	return is_bad(f) ? EXIT_FOUND : 0;
}

static int verify_sessions(struct cache_directory *d, struct json_object *into)
{
	int status = 0;

	for (size_t i = 0; i < d->session_count; i++) {
		struct cache_session *s = &d->sessions[i];
		struct finding f = {
			.images = &s->images,
			.stale_paths = into ? json_object_new_array() : NULL,
		};

		verify_session(d, s, &f);
		status |= tell(s->name, session_state_name(s->state), &f, into);
	}
	return status;
}

static int verify_boots(const struct cache_directory *d, struct json_object *into)
{
	int status = 0;

	for (size_t i = 0; i < d->boot_count; i++) {
		const struct cache_boot *b = &d->boots[i];
		struct finding f = {
			.images = &b->images,
			.stale_paths = into ? json_object_new_array() : NULL,
		};

		verify_boot(b, &f);
		status |= tell(b->name, boot_state_name(b->state), &f, into);
	}
	return status;
}

/* Returns EXIT_FOUND if anything is wrong.  into: array of directories, or null to print lines. */
static int verify_directory(struct cache_directory *d, struct json_object *into)
{
	struct json_object *sessions = into ? json_object_new_array() : NULL;
	struct json_object *boots = into ? json_object_new_array() : NULL;
	struct json_object *entry;
	int status = 0;

	if (!into) {
		char *path = text_printable(d->base.path);

		printf("%s: %s\n", path, d->problem ? d->problem : "checked");
		free(path);
	}
	status |= verify_sessions(d, sessions);
	status |= verify_boots(d, boots);
	if (!into)
		return status;
	entry = json_object_new_object();
	json_add_path(entry, "path", d->base.path);
	json_add_text(entry, "problem", d->problem);
	json_object_object_add(entry, "sessions", sessions);
	json_object_object_add(entry, "boots", boots);
	json_object_array_add(into, entry);
	return status;
}

int cache_verify(struct cache_scan *scan, bool json)
{
	struct json_object *directories = json ? json_object_new_array() : NULL;
	struct json_object *object;
	int status = 0;
	int failed;

	for (size_t i = 0; i < scan->count; i++)
		if (verify_directory(&scan->directories[i], directories))
			status = EXIT_FOUND;
	if (!json)
		return output_finish(status);
	object = json_object_new_object();
	json_add_number(object, "version", 1);
	json_add_bool(object, "ok", !status);
	json_object_object_add(object, "directories", directories);
	failed = json_print(object);
	return failed ? failed : status;
}
