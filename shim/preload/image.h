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

/* What it takes to start a script from its interpreter's image: the arguments that the kernel
   would make. */
struct script_plan {
	struct exe exe;
	size_t count; /* of the new argv, without its null */
};

enum { SCRIPT_ARGS_MAX = 1024 };

/* False if the script is not as it should be, or its arguments cannot be read or are too many. */
bool image_script_plan(const struct target_view *target, char *const argv[],
		       struct script_plan *plan);

/* Write the arguments to out[plan->count + 1]; they point to argv's, path, and the plan. */
void image_script_argv(const struct script_plan *plan, const char *path, char *const argv[],
		       char *out[]);

/* True if the image is not there, or by its mode and file system may not be executed here. */
bool image_is_gone(const char *path);

/*
 * An image that is there could not be executed, with this error (of errno.h; 0: it was), and its
 * target could.  If it was denied, by what access(2) knows nothing of, that would deny all others
 * too: Landlock, AppArmor, fapolicyd, setfsuid(2).  This process and those that it forks then try
 * no more.
 */
void image_note_failure(int error);

#endif
