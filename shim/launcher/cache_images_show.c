#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "cache_images.h"
#include "json.h"
#include "text.h"

void cache_images_print(const struct cache_images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		const struct cache_image *image = &images->images[i];
		char *target = text_printable(image->target);
		char size[16];
		char time[32];

		printf("    %9s  %s  %s", text_size(image->bytes, size),
		       text_time(image->mtime, time), target);
		free(target);
		if (image->stale) {
			char *stale = text_printable(image->stale);

			printf("; stale: %s was replaced or changed", stale);
			free(stale);
		}
		putchar('\n');
	}
}

void cache_images_print_strays(const struct cache_images *images)
{
	for (size_t i = 0; i < images->stray_count; i++) {
		char *path = text_printable(images->strays[i].path);

		printf("    %s %s\n", path, images->strays[i].what);
		free(path);
	}
}

static struct json_object *image_object(const struct cache_image *image)
{
	struct json_object *object = json_object_new_object();

	json_add_path(object, "path", image->target);
	json_add_text(object, "key", image->key);
	json_add_number(object, "bytes", image->bytes);
	json_object_object_add(object, "mtime", json_object_new_int64(image->mtime));
	json_add_bool(object, "fresh", !image->stale);
	if (image->stale)
		json_add_path(object, "stale", image->stale);
	return object;
}

struct json_object *cache_images_to_json(const struct cache_images *images)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < images->count; i++)
		json_object_array_add(array, image_object(&images->images[i]));
	return array;
}

struct json_object *cache_images_code_to_json(const struct cache_images *images)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "files", images->code_count);
	json_add_number(object, "bytes", images->code_bytes);
	return object;
}

static struct json_object *stray_object(const struct cache_stray *stray)
{
	struct json_object *object = json_object_new_object();

	json_add_path(object, "path", stray->path);
	json_add_text(object, "problem", stray->what);
	return object;
}

struct json_object *cache_images_strays_to_json(const struct cache_images *images)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < images->stray_count; i++)
		json_object_array_add(array, stray_object(&images->strays[i]));
	return array;
}
