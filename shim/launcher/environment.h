/*
 * The environment that COMMAND gets: ours with a few variables set.
 */
#ifndef ST_LAUNCHER_ENVIRONMENT_H
#define ST_LAUNCHER_ENVIRONMENT_H

#include <stddef.h>

/* Names of the variables. */
#define VAR_ENGINE    "SPAWN_TEMPLATE"
#define VAR_CACHE     "SPAWN_TEMPLATE_CACHE"
#define VAR_STATS     "SPAWN_TEMPLATE_STATS"
#define VAR_KERNEL_NR "SPAWN_TEMPLATE_KERNEL_NR"
#define VAR_LOG       "SPAWN_TEMPLATE_LOG"
#define VAR_PRELOAD   "LD_PRELOAD"

/* The value of a variable of ours; null also if it is empty, which means the same. */
const char *environment_get(const char *name);

/* A null-terminated copy of an environment; the strings that were set are owned by it. */
struct environment {
	char **vars;
	size_t count;
	char *owned[8];
	size_t owned_count;
};

/* Copy envp (may be null), with room for some more.  0 or -ENOMEM. */
int environment_copy(struct environment *env, char *const envp[]);

/*
 * Set a variable where it stands, or at the end.  Further definitions of the same name go: which
 * of several counts, libc and ld.so see differently.  0 or -ENOMEM.
 */
int environment_set(struct environment *env, const char *name, const char *value);

void environment_free(struct environment *env);

#endif
