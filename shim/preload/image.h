/*
 * The image engine's part in the preload: whether a start goes through an image, and which.
 */
#ifndef ST_PRELOAD_IMAGE_H
#define ST_PRELOAD_IMAGE_H

#include "target.h"

/* Room for an image's path; one that is longer is not used. */
enum { IMAGE_PATH_SIZE = 512 };

/*
 * Decide about a start of the target with the environment envp.  REASON_NONE: path is that of an
 * image that was ready a moment ago; what is executed in the end is for the kernel to say, so the
 * caller must be ready to start the target itself.  Else the reason why not; a target that has
 * become hot is then asked for at the session's service.
 */
enum reason image_choose(struct target_view *target, const struct settings *settings,
			 char *const envp[], char path[IMAGE_PATH_SIZE]);

/*
 * True if the start of an image that failed with this error (of errno.h) must be repeated with the
 * target: the image is gone or may not be executed here, or its longer path was too much.  Else
 * the error is the start's own, and its file actions are not to be carried out a second time.
 */
bool image_is_to_blame(const char *path, int error);

#endif
