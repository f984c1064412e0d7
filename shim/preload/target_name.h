/*
 * What a target is called in reports.
 */
#ifndef ST_PRELOAD_TARGET_NAME_H
#define ST_PRELOAD_TARGET_NAME_H

#include "../../elfcache/index.h"

/*
 * Set target->path to an absolute path, where that can be found out, for a file that was given as
 * path relative to dirfd (fstatat(2)).  Asks the kernel; done once a target.
 */
void target_name(struct target *target, int dirfd, const char *path);

#endif
