/*
 * Where the running command lies, and what is installed with it.
 */
#ifndef ST_LAUNCHER_SELF_H
#define ST_LAUNCHER_SELF_H

#include <limits.h>
#include <stdbool.h>

/*
 * The path of `name` in `directory`, which is relative to the directory of the running executable.
 * False if that is not known or the path is too long.  Whether it exists is not looked at.
 */
bool self_relative(const char *directory, const char *name, char path[PATH_MAX]);

/* The path of the running executable. */
bool self_path(char path[PATH_MAX]);

#endif
