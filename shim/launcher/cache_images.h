/*
 * What a directory of images holds, every image read back, and what they map code from.
 */
#ifndef ST_LAUNCHER_CACHE_IMAGES_H
#define ST_LAUNCHER_CACHE_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elfcache/image_name.h"
#include "elfcache/index.h"

struct json_object;

struct cache_image {
	char key[IMAGE_KEY_SIZE];
	char *target;   /* the program's path */
	char *stale;    /* the path of a file that is not what it was; null if all are */
	uint64_t bytes; /* on disk */
	int64_t mtime;
};

/* What should not be there, or not be as it is. */
struct cache_stray {
	char *path; /* below the directory that was scanned */
	const char *what;
};

struct cache_images {
	struct cache_image *images; /* by the paths of their programs */
	size_t count;
	size_t stale; /* of these */
	struct cache_stray *strays;
	size_t stray_count;
	uint64_t bytes; /* on disk, of all that is ours, directories included */
	/* Copies of programs and libraries, from which images map code. */
	size_t code_count;
	uint64_t code_bytes; /* of `bytes` */
};

/*
 * Add what is in the directory dirfd, of a session or a boot: its directory of images and that of
 * copies of code; nothing if there is none.  in_use: somebody may just be baking there, so that an
 * unfinished image is as it should be.
 */
void cache_images_scan(int dirfd, bool in_use, struct cache_images *images);
void cache_images_free(struct cache_images *images);

/*
 * Add the entries of directory dirfd that are none of `known` (null-terminated), and the directory
 * itself, as ".", if others than its owner have access to it.
 */
void cache_images_find_strays(int dirfd, const char *const *known, struct cache_images *images);

/* Add, for each target that index says is IMAGE_READY, what is wrong if there is no image. */
void cache_images_compare(struct cache_images *images, const struct index *index);

/* For people: a line each. */
void cache_images_print(const struct cache_images *images);
void cache_images_print_strays(const struct cache_images *images);

/* Arrays of objects, the caller's. */
struct json_object *cache_images_to_json(const struct cache_images *images);
/* An object: how many copies of code there are, and their bytes. */
struct json_object *cache_images_code_to_json(const struct cache_images *images);
struct json_object *cache_images_strays_to_json(const struct cache_images *images);

#endif
