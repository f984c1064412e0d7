/*
 * A directory of images: KEY/NAME, as image_name.h says.
 */
#ifndef ST_IMAGE_STORE_H
#define ST_IMAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../../elfcache/identity.h"
#include "bake.h"
#include "read.h"

/*
 * True if all who may execute the target may read it as well, whichever of owner, group and others
 * they are: then it makes no difference to anybody that the image is executed in its place.
 */
bool store_takes(const struct identity *id);

/*
 * Bake the program `path`, whose identity is id, in the environment envp, and publish the image in
 * the directory dirfd: under another name first and then by rename(2), so that there is never half
 * an image.  Its size goes to *size; *loader and *codes are bake()'s.  Returns 0; -ENOTSUP with a
 * sentence in why if the program is not eligible; -ESTALE if it changed meanwhile; or another
 * negative error number with a sentence.
 */
int store_bake(int dirfd, const struct identity *id, const char *path, char *const envp[],
	       struct bake_loader *loader, const struct code_store *codes, uint64_t *size,
	       char why[BAKE_WHY_MAX]);

/* Map the image of a target.  0 or a negative error number, as image_read(). */
int store_read(int dirfd, const struct identity *id, const char *path, struct image_view *view);

/* Remove the image of a target, if there is one. */
void store_remove(int dirfd, const struct identity *id, const char *path);

#endif
