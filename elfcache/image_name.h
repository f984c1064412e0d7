/*
 * Where the image of a target is: DIRECTORY/KEY/NAME.
 *
 * DIRECTORY is in the session's own directory: "images", where the session's service puts what it
 * bakes, or "boot", a link to what `spawn-template bake` has made for this boot.  KEY stands for
 * identity and path, which together decide what a start is; the file is named as the target is,
 * because the kernel makes that the process's comm.
 *
 * "code", beside "images", has what images map in place of programs and libraries
 * (shim/template/image/code.h), by names of the same kind.
 */
#ifndef ST_ELFCACHE_IMAGE_NAME_H
#define ST_ELFCACHE_IMAGE_NAME_H

#include <stddef.h>

#include "identity.h"

#define IMAGE_DIRECTORY      "images"
#define IMAGE_BOOT_DIRECTORY "boot"
#define IMAGE_CODE_DIRECTORY "code"

/* 128 bits in hexadecimal, with the NUL. */
enum { IMAGE_KEY_SIZE = 33 };

/* Two targets of one user never have the same key, but by a chance of 2^-128. */
void image_key(const struct identity *id, const char *path, char key[IMAGE_KEY_SIZE]);

/* What stands behind the last slash. */
const char *image_base_name(const char *path);

/*
 * Write SESSION/DIRECTORY/KEY/NAME for the target.  Returns its length, or 0 if it does not fit.
 */
size_t image_path(const char *session, const char *directory, const struct identity *id,
		  const char *path, char *buf, size_t size);

#endif
