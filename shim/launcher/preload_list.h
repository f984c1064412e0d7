/*
 * LD_PRELOAD: a list of libraries, separated by colons or spaces (ld.so(8)).
 */
#ifndef ST_LAUNCHER_PRELOAD_LIST_H
#define ST_LAUNCHER_PRELOAD_LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Take the next library name off *list: its start, with its length in *len; null at the end.
 * Empty names are passed over, as ld.so does.
 */
const char *preload_list_next(const char **list, size_t *len);

/*
 * True if this library name is our preload: by its base name, up to any suffix, which is also how
 * the preload recognises itself.
 */
bool preload_list_is_ours(const char *name, size_t len);

/* True if the list (may be null) names our preload. */
bool preload_list_has_ours(const char *list);

/*
 * The list with library at its end: others stay first and in their order.  list may be null
 * (variable not set), which preload_list_remove() can tell from an empty one afterwards.
 * Allocated; null if there is no memory.
 */
char *preload_list_append(const char *list, const char *library);

/*
 * The list as it was before preload_list_append(): the same bytes.  Null in *result stands for a
 * variable that was not set.  Returns 0 or -ENOMEM; *result is allocated.
 */
int preload_list_remove(const char *list, char **result);

#endif
