#include "cache_images.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"
#include "images.h"
#include "memory.h"
#include "shim/template/image/read.h"

/* As the service calls what it has not finished (store.c). */
static const char unfinished[] = ".unfinished";

enum { DIRECTORY_MODE = 0700, IMAGE_MODE = 0500, CODE_MODE = 0400 };

static void add_stray(struct cache_images *images, const char *directory, const char *name,
		      const char *what)
{
	struct cache_stray *stray;
	char *path;

	if (asprintf(&path, "%s%s%s", directory, *directory ? "/" : "", name) < 0)
		return;
	images->strays = memory_resize(images->strays, images->stray_count + 1, sizeof *stray);
	stray = &images->strays[images->stray_count++];
	*stray = (struct cache_stray){path, what};
}

/* Who may do what: null if only we may, as it is meant. */
static const char *judge(const struct stat *st, mode_t mode)
{
	if (st->st_uid != geteuid())
		return "belongs to somebody else";
	if ((st->st_mode & 07777) == mode)
		return NULL;
	if (mode == DIRECTORY_MODE)
		return "has another mode than 0700";
	return mode == IMAGE_MODE ? "has another mode than 0500" : "has another mode than 0400";
}

/* One directory KEY, in the directory of images or in that of copies of code. */
struct key {
	struct cache_images *images;
	bool is_code;
	char key[IMAGE_KEY_SIZE];
	char path[IMAGE_KEY_SIZE + NAME_MAX]; /* DIRECTORY/KEY */
	bool in_use;
	size_t found;
};

/* True if it is the image of its own target, by the name of directory and file. */
static bool is_in_place(const struct key *k, const char *name, const struct image_view *view)
{
	char key[IMAGE_KEY_SIZE];
	const char *target = image_target(view);

	image_key(&image_file(view, 0)->id, target, key);
	return strcmp(key, k->key) == 0 && strcmp(image_base_name(target), name) == 0;
}

static void add_image(struct key *k, const struct stat *st, const struct image_view *view)
{
	struct cache_images *images = k->images;
	const char *stale = image_stale_file(view);
	struct cache_image *image;

	images->images = memory_resize(images->images, images->count + 1, sizeof *image);
	image = &images->images[images->count++];
	*image = (struct cache_image){
		.target = memory_copy_string(image_target(view)),
		.stale = stale ? memory_copy_string(stale) : NULL,
		.bytes = (uint64_t)st->st_blocks * 512,
		.mtime = st->st_mtim.tv_sec,
	};
	memcpy(image->key, k->key, sizeof image->key);
	images->stale += stale != NULL;
	k->found++;
}

static void scan_image(struct key *k, int fd, const char *name, const struct stat *st)
{
	const char *problem = judge(st, IMAGE_MODE);
	struct image_view view;
	int file;

	if (problem)
		add_stray(k->images, k->path, name, problem);
	file = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return;
	if (image_read(file, &view)) {
		add_stray(k->images, k->path, name, "is no image of this version, or damaged");
	} else {
		if (is_in_place(k, name, &view))
			add_image(k, st, &view);
		else
			add_stray(k->images, k->path, name, "is the image of another program");
		image_read_end(&view);
	}
	close(file);
}

static void add_code(struct key *k, const char *name, const struct stat *st)
{
	const char *problem = judge(st, CODE_MODE);

	if (problem)
		add_stray(k->images, k->path, name, problem);
	k->images->code_count++;
	k->images->code_bytes += (uint64_t)st->st_blocks * 512;
	k->found++;
}

static void scan_file(void *context, int fd, const char *name)
{
	struct key *k = context;
	struct stat st;

	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	k->images->bytes += (uint64_t)st.st_blocks * 512;
	if (strcmp(name, unfinished) == 0) {
		k->found++;
		if (!k->in_use)
			add_stray(k->images, k->path, name, "was left unfinished");
	} else if (S_ISREG(st.st_mode) && k->is_code) {
		add_code(k, name, &st);
	} else if (S_ISREG(st.st_mode)) {
		scan_image(k, fd, name, &st);
	} else {
		add_stray(k->images, k->path, name, "is not ours");
	}
}

struct directory {
	struct cache_images *images;
	const char *name;
	bool is_code;
	bool in_use;
};

static void scan_key(void *context, int fd, const char *name)
{
	const struct directory *d = context;
	struct key k = {.images = d->images, .is_code = d->is_code, .in_use = d->in_use};
	const char *problem;
	struct stat st;

	/* Removed meanwhile. */
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	if (!images_is_key(name) || !S_ISDIR(st.st_mode)) {
		add_stray(d->images, d->name, name, "is not ours");
		return;
	}
	d->images->bytes += (uint64_t)st.st_blocks * 512;
	problem = judge(&st, DIRECTORY_MODE);
	if (problem)
		add_stray(d->images, d->name, name, problem);
	memcpy(k.key, name, sizeof k.key);
	snprintf(k.path, sizeof k.path, "%s/%s", d->name, name);
	directory_each(fd, name, &k, scan_file);
	if (!k.found && !k.in_use)
		add_stray(d->images, d->name, name,
			  d->is_code ? "has no copy in it" : "has no image in it");
}

static int by_target(const void *a, const void *b)
{
	const struct cache_image *x = a;
	const struct cache_image *y = b;

	return strcmp(x->target, y->target);
}

static void scan_directory(int dirfd, struct directory *d)
{
	struct cache_images *images = d->images;
	const char *name = d->name;
	const char *problem;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	if (!S_ISDIR(st.st_mode)) {
		add_stray(images, "", name, "is not ours");
		return;
	}
	images->bytes += (uint64_t)st.st_blocks * 512;
	problem = judge(&st, DIRECTORY_MODE);
	if (problem)
		add_stray(images, "", name, problem);
	directory_each(dirfd, name, d, scan_key);
}

void cache_images_scan(int dirfd, bool in_use, struct cache_images *images)
{
	struct directory own = {images, IMAGE_DIRECTORY, false, in_use};
	struct directory code = {images, IMAGE_CODE_DIRECTORY, true, in_use};

	scan_directory(dirfd, &own);
	scan_directory(dirfd, &code);
	if (images->count)
		qsort(images->images, images->count, sizeof *images->images, by_target);
}

struct expected {
	struct cache_images *images;
	const char *const *known;
};

static void find_stray(void *context, int fd, const char *name)
{
	const struct expected *e = context;

	(void)fd;
	for (size_t i = 0; e->known[i]; i++)
		if (strcmp(name, e->known[i]) == 0)
			return;
	add_stray(e->images, "", name, "is not ours");
}

void cache_images_find_strays(int dirfd, const char *const *known, struct cache_images *images)
{
	struct expected expected = {images, known};
	const char *problem;
	struct stat st;

	if (fstat(dirfd, &st) == 0) {
		problem = judge(&st, DIRECTORY_MODE);
		if (problem)
			add_stray(images, "", ".", problem);
	}
	directory_each(dirfd, ".", &expected, find_stray);
}

static bool has_image(const struct cache_images *images, const char *key)
{
	for (size_t i = 0; i < images->count; i++)
		if (strcmp(images->images[i].key, key) == 0)
			return true;
	return false;
}

void cache_images_compare(struct cache_images *images, const struct index *index)
{
	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
		struct target_counts counts;
		struct target target;
		struct index_ref ref;
		enum reason reason;
		char key[IMAGE_KEY_SIZE];

		if (!index_ref_at(index, slot, &ref) ||
		    index_image_state(index, &ref, &reason) != IMAGE_READY ||
		    !index_read(index, slot, &target, &counts))
			continue;
		image_key(&target.id, target.path, key);
		if (!has_image(images, key))
			add_stray(images, "", target.path, "has no image, but the index has one");
	}
}

void cache_images_free(struct cache_images *images)
{
	for (size_t i = 0; i < images->count; i++) {
		free(images->images[i].target);
		free(images->images[i].stale);
	}
	for (size_t i = 0; i < images->stray_count; i++)
		free(images->strays[i].path);
	free(images->images);
	free(images->strays);
	*images = (struct cache_images){0};
}
