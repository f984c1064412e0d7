/*
 * Reading an image file back: what it was made of, and whether that is still so.
 */
#ifndef ST_IMAGE_READ_H
#define ST_IMAGE_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "format.h"

/* An image file, mapped and found to be whole: every offset in its table, in its section headers
   and in its symbol table lies inside. */
struct image_view {
	const unsigned char *data;
	size_t size;
	const struct image_table *table;
};

/* Map the image file fd.  0; -EINVAL if it is no image, or a damaged one; -errno. */
int image_read(int fd, struct image_view *view);
void image_read_end(struct image_view *view);

/* The target's path, and the file that an image depends on, number i < table->files.count. */
const char *image_target(const struct image_view *view);
const struct image_file *image_file(const struct image_view *view, uint32_t i);
const char *image_file_path(const struct image_view *view, const struct image_file *file);

/* The copy of code that it maps if it is there, number i < table->copies.count. */
const struct image_copy *image_copy(const struct image_view *view, uint32_t i);
const char *image_copy_path(const struct image_view *view, const struct image_copy *copy);

/* Null if every file is what it was; else the path of one that is not. */
const char *image_stale_file(const struct image_view *view);

#endif
