/*
 * Which file a PATH search will find, by the rules of glibc's execvp() and posix_spawnp().
 *
 * This is a prediction, made to know the target beforehand.  libc still makes its own search
 * whenever it starts the program, so every error and every odd case stays libc's.
 *
 *  1. A name with a slash is not searched.  An empty name is ENOENT.
 *  2. PATH is the caller's, not that of the environment passed on.  Unset, it is "/bin:/usr/bin".
 *  3. An empty element is the working directory.
 *  4. An element for which the kernel says ENOENT, ENOTDIR, ESTALE, ENODEV, ETIMEDOUT or EACCES is
 *     passed over; EACCES (also: a directory, a file that is not executable, a noexec mount) is
 *     what the caller gets if nothing follows.
 *  5. Any other error ends the search.
 *  6. An element longer than PATH_MAX allows is passed over.  (Here it ends the search, as does one
 *     that does not fit our buffer: what follows it cannot be told.)
 */
#ifndef ST_PRELOAD_SEARCH_H
#define ST_PRELOAD_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

/* Less than PATH_MAX: this is on the stack of somebody else's thread, which may be small. */
enum { SEARCH_MAX = 1024 };

/* Rule 1: true for a name without a slash. */
bool search_is_needed(const char *file);

/* Room for what a search can find: no more than libc takes for the same, whose room is for all of
   PATH, and at most SEARCH_MAX. */
size_t search_room(const char *file, const char *path);

/*
 * Predict the file that a search for `file` in path (null: PATH is not set) will execute, into
 * found[search_room()].  False if none will be found or it cannot be told.
 */
bool search_path(const char *file, const char *path, char *found, size_t room);

#endif
