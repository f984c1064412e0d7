/*
 * The preload library: where it is, and whether it may be used here.
 */
#ifndef ST_LAUNCHER_PRELOAD_H
#define ST_LAUNCHER_PRELOAD_H

#include <limits.h>

/*
 * Find libspawn_template_preload.so beside the command: as installed (../lib/<multiarch>), as in
 * the build tree (../lib), else where it was meant to be installed.  Returns null and fills path,
 * or a sentence that says why it cannot be used; path is then "" or the one that was found.
 */
const char *preload_find(char path[PATH_MAX]);

/*
 * The first function that the preload exports and the running libc lacks, as "name@VERSION"; null
 * if it has them all.  With one missing the preload must not be used: programs that look the name
 * up would find ours, which leads nowhere.
 */
const char *preload_missing_name(void);

#endif
