#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "cache_scan.h"
#include "json.h"
#include "message.h"
#include "output.h"
#include "text.h"

/* What was done, for either form of the report. */
struct report {
	struct json_object *removed; /* arrays; null: print lines */
	struct json_object *kept;
	int status;
};

static void tell(const struct report *r, const char *directory, const char *name, const char *why)
{
	char path[PATH_MAX + NAME_MAX + 2];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	if (r->removed) {
		struct json_object *object = json_object_new_object();

		json_add_path(object, "path", path);
		if (why)
			json_add_text(object, "why", why);
		json_object_array_add(why ? r->kept : r->removed, object);
	} else {
		char *text = text_printable(path);

		if (why)
			printf("kept %s: %s\n", text, why);
		else
			printf("removed %s\n", text);
		free(text);
	}
}

static const char *reason_to_keep(enum session_state state)
{
	switch (state) {
	case SESSION_LIVE:
		return "in use";
	case SESSION_STARTING:
		return "being made just now";
	case SESSION_ELSEWHERE:
		return "its shell is in another PID namespace, and may be alive";
	case SESSION_FOREIGN:
		return "not ours, in spite of its name";
	case SESSION_DEAD:
		break;
	}
	return NULL;
}

/* Why something is still there after its removal ended with err; null if it is not. */
static const char *after_removal(struct report *r, int err)
{
	if (!err || err == -ENOENT)
		return NULL;
	r->status = EXIT_FOUND;
	return err == -ENOTEMPTY || err == -EEXIST
		       ? "emptied, but something that is not ours is in it"
		       : strerror(-err);
}

static void clear_session(struct report *r, const struct cache_directory *d,
			  const struct cache_session *s)
{
	const char *why = reason_to_keep(s->state);

	if (!why)
		why = after_removal(r, session_remove_at(d->base.fd, s->name));
	tell(r, d->base.path, s->name, why);
}

static void clear_boot(struct report *r, const struct cache_directory *d,
		       const struct cache_boot *b)
{
	const char *why = NULL;

	if (b->state == BOOT_BUSY)
		why = "somebody is baking into it";
	else if (b->state == BOOT_FOREIGN)
		why = "not ours, in spite of its name";
	if (!why)
		why = after_removal(r, boot_remove(d->base.fd, b->name));
	tell(r, d->base.path, b->name, why);
}

static void clear_directory(struct report *r, const struct cache_directory *d)
{
	if (d->problem)
		return;
	for (size_t i = 0; i < d->session_count; i++)
		clear_session(r, d, &d->sessions[i]);
	for (size_t i = 0; i < d->boot_count; i++)
		clear_boot(r, d, &d->boots[i]);
	for (size_t i = 0; i < d->other_count; i++)
		tell(r, d->base.path, d->others[i], "not ours");
}

int cache_clear(struct cache_scan *scan, bool json)
{
	struct report r = {0};
	struct json_object *object;
	int status;

	if (json) {
		r.removed = json_object_new_array();
		r.kept = json_object_new_array();
	}
	for (size_t i = 0; i < scan->count; i++)
		clear_directory(&r, &scan->directories[i]);
	if (!json)
		return output_finish(r.status);
	object = json_object_new_object();
	json_add_number(object, "version", 1);
	json_object_object_add(object, "removed", r.removed);
	json_object_object_add(object, "kept", r.kept);
	status = json_print(object);
	return status ? status : r.status;
}
