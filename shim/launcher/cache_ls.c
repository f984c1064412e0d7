#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "cache_scan.h"
#include "json.h"
#include "message.h"
#include "output.h"
#include "text.h"

/* How many images, and all of them after --verbose. */
static void print_images(const struct cache_images *images, const char *separator)
{
	char size[16];

	if (images->count)
		printf("%s%zu images", separator, images->count);
	if (images->stale)
		printf(" (%zu stale)", images->stale);
	if (images->code_count)
		printf(", %s of code copied", text_size(images->code_bytes, size));
}

static void print_boot(const struct cache_boot *b)
{
	char since[32];
	char size[16];

	printf("  %-9s %-24s %9s", b->state == BOOT_OLD ? "old boot" : "boot", b->name,
	       text_size(b->bytes, size));
	if (b->state == BOOT_FOREIGN)
		printf("  foreign");
	print_images(&b->images, "  ");
	if (b->has_index)
		printf(", since %s", text_time(b->since, since));
	putchar('\n');
	if (is_verbose())
		cache_images_print(&b->images);
}

static void print_session(const struct cache_session *s)
{
	char since[32];
	char size[16];

	printf("  %-9s %-24s %9s", session_state_name(s->state), s->name,
	       text_size(s->bytes, size));
	if (s->has_index) {
		printf("  %zu programs, %" PRIu64 " starts", s->targets, s->starts);
		print_images(&s->images, ", ");
		printf(", leader %d, since %s", s->origin.pid, text_time(s->origin.created, since));
	}
	putchar('\n');
	if (is_verbose())
		cache_images_print(&s->images);
}

static void print_directory(const struct cache_directory *d)
{
	char *path = text_printable(d->base.path);
	char size[16];

	if (d->problem) {
		printf("%s: not used: %s\n", path, d->problem);
		free(path);
		return;
	}
	printf("%s: %zu sessions, %s\n", path, d->session_count,
	       text_size(cache_directory_bytes(d), size));
	for (size_t i = 0; i < d->session_count; i++)
		print_session(&d->sessions[i]);
	for (size_t i = 0; i < d->boot_count; i++)
		print_boot(&d->boots[i]);
	free(path);
	for (size_t i = 0; i < d->other_count; i++) {
		char *name = text_printable(d->others[i]);

		printf("  %-9s %s\n", "not ours", name);
		free(name);
	}
}

static struct json_object *session_object(const struct cache_session *s)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "name", s->name);
	json_add_text(object, "state", session_state_name(s->state));
	json_add_number(object, "bytes", s->bytes);
	if (s->has_index) {
		json_add_number(object, "leader", (uint64_t)s->origin.pid);
		json_object_object_add(object, "since", json_object_new_int64(s->origin.created));
		json_add_number(object, "targets", s->targets);
		json_add_number(object, "starts", s->starts);
	}
	json_object_object_add(object, "images", cache_images_to_json(&s->images));
	json_object_object_add(object, "code", cache_images_code_to_json(&s->images));
	return object;
}

static struct json_object *boot_object(const struct cache_boot *b)
{
	struct json_object *object = json_object_new_object();

	json_add_text(object, "name", b->name);
	json_add_text(object, "state", boot_state_name(b->state));
	json_add_number(object, "bytes", b->bytes);
	if (b->has_index)
		json_object_object_add(object, "since", json_object_new_int64(b->since));
	json_object_object_add(object, "images", cache_images_to_json(&b->images));
	json_object_object_add(object, "code", cache_images_code_to_json(&b->images));
	return object;
}

static struct json_object *directory_object(const struct cache_directory *d)
{
	struct json_object *object = json_object_new_object();
	struct json_object *sessions = json_object_new_array();
	struct json_object *boots = json_object_new_array();
	struct json_object *others = json_object_new_array();

	for (size_t i = 0; i < d->session_count; i++)
		json_object_array_add(sessions, session_object(&d->sessions[i]));
	for (size_t i = 0; i < d->boot_count; i++)
		json_object_array_add(boots, boot_object(&d->boots[i]));
	for (size_t i = 0; i < d->other_count; i++) {
		struct json_object *other = json_object_new_object();

		json_add_path(other, "name", d->others[i]);
		json_object_array_add(others, other);
	}
	json_add_path(object, "path", d->base.path);
	json_add_text(object, "problem", d->problem);
	json_add_number(object, "bytes", cache_directory_bytes(d));
	json_object_object_add(object, "sessions", sessions);
	json_object_object_add(object, "boots", boots);
	json_object_object_add(object, "others", others);
	return object;
}

int cache_ls(struct cache_scan *scan, bool json)
{
	struct json_object *object;
	struct json_object *directories;

	if (!json) {
		for (size_t i = 0; i < scan->count; i++)
			print_directory(&scan->directories[i]);
		if (!scan->count)
			puts("no cache directory exists yet");
		return output_finish(0);
	}
	object = json_object_new_object();
	directories = json_object_new_array();
	for (size_t i = 0; i < scan->count; i++)
		json_object_array_add(directories, directory_object(&scan->directories[i]));
	json_add_number(object, "version", 1);
	json_object_object_add(object, "directories", directories);
	return json_print(object);
}
