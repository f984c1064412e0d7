/*
 * Directories of images, as far as one need not look into images.
 */
#ifndef ST_LAUNCHER_IMAGES_H
#define ST_LAUNCHER_IMAGES_H

#include <stdbool.h>

/* True for the name of a directory that holds one target's image. */
bool images_is_key(const char *name);

/* Remove what is ours in the directory of images `name` in `parent`, and the directory itself. */
void images_remove(int parent, const char *name);

#endif
