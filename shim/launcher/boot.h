/*
 * The boot's images: what `spawn-template bake` makes, and sessions begin with.
 *
 * They are in boot-ID-CONDITIONS in the cache directory: ID is the kernel's boot_id, since an image
 * is not for another boot, and CONDITIONS stands for the loader's variables.
 */
#ifndef ST_LAUNCHER_BOOT_H
#define ST_LAUNCHER_BOOT_H

#include <stdbool.h>

#include "session.h"

/* True if this is the name of a directory of a boot's images; *current: of this boot's. */
bool boot_is_name(const char *name, bool *current);

/*
 * Make, if it is missing, the directory for what is baked in the environment envp, and write its
 * path.  Returns 0 or a negative error number.
 */
int boot_prepare(const struct basedir *base, char *const envp[], char path[PATH_MAX]);

/* Enter the images that fit a session with the environment envp into its index. */
void boot_join(struct session *session, char *const envp[]);

/* Remove the directory `name`; 0, -EPERM if it is not ours, or -ENOTEMPTY and the like. */
int boot_remove(int dirfd, const char *name);

/* Remove what other boots have left. */
void boot_sweep(int dirfd);

#endif
