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

/* What was found in one session. */
struct finding {
	const char *structure;           /* what is wrong with the index as a whole, or null */
	uint32_t unfinished;             /* slots that a killed writer left behind */
	size_t targets;                  /* all of them */
	size_t stale;                    /* of these, the file has been replaced or removed since */
	struct json_object *stale_paths; /* array, or null: print lines */
};

static bool is_bad(const struct finding *f)
{
	return f->structure || f->unfinished || f->stale;
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

static bool is_empty(int dirfd)
{
	return faccessat(dirfd, CACHEDIR_INDEX, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
}

static void verify_session(const struct cache_directory *d, const struct cache_session *s,
			   struct finding *f)
{
	struct index index;
	int fd;

	if (s->state == SESSION_FOREIGN) {
		f->structure = "it has the name of a session, but is not ours alone";
		return;
	}
	fd = openat(d->base.fd, s->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->state == SESSION_STARTING && is_empty(fd)) {
		/* On its way. */
	} else if (fd < 0 || index_open(fd, CACHEDIR_INDEX, geteuid(), &index)) {
		f->structure = "it has no index of this version";
	} else {
		verify_index(&index, s->state != SESSION_DEAD, f);
		index_close(&index);
	}
	if (fd >= 0)
		close(fd);
}

static void print_finding(const struct cache_session *s, const struct finding *f)
{
	printf("  %s: %s, %zu programs", s->name, is_bad(f) ? "WRONG" : "ok", f->targets);
	if (f->structure)
		printf("; %s", f->structure);
	if (f->unfinished)
		printf("; %" PRIu32 " slots left unfinished by killed processes", f->unfinished);
	if (f->stale)
		printf("; %zu programs replaced or removed since", f->stale);
	putchar('\n');
}

static struct json_object *finding_object(const struct cache_session *s, const struct finding *f)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "name", s->name);
	json_add_text(object, "state", session_state_name(s->state));
	json_add_bool(object, "ok", !is_bad(f));
	json_add_text(object, "structure", f->structure);
	json_add_number(object, "targets", f->targets);
	json_add_number(object, "unfinished", f->unfinished);
	json_object_object_add(object, "stale", f->stale_paths);
	return object;
}

/* Returns EXIT_FOUND if anything is wrong.  into: array of directories, or null to print lines. */
static int verify_directory(const struct cache_directory *d, struct json_object *into)
{
	struct json_object *sessions = into ? json_object_new_array() : NULL;
	struct json_object *entry;
	int status = 0;

	if (!into) {
		char *path = text_printable(d->base.path);

		printf("%s: %s\n", path, d->problem ? d->problem : "checked");
		free(path);
	}
	for (size_t i = 0; i < d->session_count; i++) {
		struct finding f = {.stale_paths = into ? json_object_new_array() : NULL};

		verify_session(d, &d->sessions[i], &f);
		if (is_bad(&f))
			status = EXIT_FOUND;
		if (into)
			json_object_array_add(sessions, finding_object(&d->sessions[i], &f));
		else
			print_finding(&d->sessions[i], &f);
	}
	if (!into)
		return status;
	entry = json_object_new_object();
	json_add_path(entry, "path", d->base.path);
	json_add_text(entry, "problem", d->problem);
	json_object_object_add(entry, "sessions", sessions);
	json_object_array_add(into, entry);
	return status;
}

int cache_verify(const struct cache_scan *scan, bool json)
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
