/*
 * Memory that the command cannot do without.
 */
#ifndef ST_LAUNCHER_MEMORY_H
#define ST_LAUNCHER_MEMORY_H

#include <stddef.h>

/*
 * As malloc(3), reallocarray(3) and strdup(3), but if there is none they end the command with a
 * line on stderr and the status of memory_exit_status(), EXIT_FOUND at first.
 */
__attribute__((malloc, returns_nonnull)) void *memory_get(size_t size);
__attribute__((returns_nonnull)) void *memory_resize(void *old, size_t n, size_t size);
__attribute__((malloc, returns_nonnull)) char *memory_copy_string(const char *s);

/* From now on: COMMAND has ended, and its status counts for more than our report. */
void memory_exit_status(int status);

#endif
