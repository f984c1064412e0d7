/*
 * The way to a file.
 */
#ifndef ST_ELFCACHE_WALK_H
#define ST_ELFCACHE_WALK_H

#include <sys/stat.h>

/* Given each step: its path, in which no symbolic link is but itself, and what lstat(2) says of it.
   Anything but 0 ends the walk. */
typedef int walk_step(void *arg, const char *path, const struct stat *st);

/*
 * Call `step` for every directory that the kernel looks a name up in on its way to path
 * (path_resolution(7)), and for every symbolic link on it, in its order.  What `path` itself leads
 * to is no step, unless it is a link; where something is missing the way ends.  0; what a step
 * returned; or a negative error number.
 */
int walk_path(const char *path, walk_step *step, void *arg);

#endif
