/*
 * Programs that come with the command: apart from it, so that nobody who runs a COMMAND pays for
 * loading libelf.
 */
#ifndef ST_LAUNCHER_HELPER_H
#define ST_LAUNCHER_HELPER_H

#include <limits.h>
#include <stdbool.h>

/* Write the path of the helper program `name`; false if there is none, with the path where it
   should have been installed. */
bool helper_find(const char *name, char path[PATH_MAX]);

/*
 * Start the helper program at path with argv, and the environment own, in place of this process.
 * It finds the environment to bake in, envp, on its descriptor SERVICE_ENVIRONMENT.  Returns only
 * if that fails: a negative error number.
 */
int helper_execute(const char *path, char *const argv[], char *const own[], char *const envp[]);

/* The same without an environment to bake in. */
int helper_exec(const char *path, char *const argv[], char *const envp[]);

#endif
