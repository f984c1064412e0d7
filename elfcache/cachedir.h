/*
 * Where a cache directory may be, and whether one can be trusted.
 */
#ifndef ST_ELFCACHE_CACHEDIR_H
#define ST_ELFCACHE_CACHEDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The name of the index in a cache directory or in a session's directory. */
#define CACHEDIR_INDEX "index"

/* $XDG_RUNTIME_DIR, $XDG_CACHE_HOME, ~/.cache, /var/tmp: in this order. */
enum { CACHEDIR_CANDIDATES = 4 };

/*
 * Write the path of candidate n into buf: "spawn-template" under the first three, with the user id
 * in its name under /var/tmp.  Variables are taken from envp (may be null); one that is unset,
 * empty or not absolute gives no candidate, as the XDG Base Directory Specification wants.
 * Returns the length, -ENOENT if there is no such candidate, -ENAMETOOLONG if buf is too small.
 */
int cachedir_candidate(unsigned n, char *const envp[], uid_t uid, char *buf, size_t size);

/* True of a directory that belongs to uid, and that nobody else may write to. */
bool cachedir_is_safe(const struct stat *st, uid_t uid);

/*
 * Open a directory if it is one (no symbolic link), owned by uid and writable by nobody else.
 * Returns an O_PATH descriptor with FD_CLOEXEC, or a negative error number: -EPERM where somebody
 * else could have put something there.
 */
int cachedir_open(const char *path, uid_t uid);

/* The value of NAME in envp (may be null), given as "NAME="; null if it is not set. */
const char *cachedir_variable(char *const envp[], const char *name_and_equals);

#endif
