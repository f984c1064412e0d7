/*
 * Files that get their name when they are whole: what is killed meanwhile leaves none that somebody
 * would take for one.
 */
#ifndef ST_IMAGE_UNFINISHED_H
#define ST_IMAGE_UNFINISHED_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The directory `name` that is for such a file, which is made if asked for; what cannot be opened
 * is not left behind.  A descriptor (O_CLOEXEC), or a negative error number.
 */
int unfinished_directory(int dirfd, const char *name, bool make);

/*
 * The only unfinished file of a directory, for reading and writing, with that mode; one that
 * somebody has left is removed.  A descriptor (O_CLOEXEC), or a negative error number.
 */
int unfinished_create(int dirfd, mode_t mode);

/*
 * Unless there was an error, give it its mode and name, in place of what has the name.  It is
 * closed in any case, and before it has its name: a file that is open for writing cannot be
 * executed (ETXTBSY).  0, the error, or another negative error number; it is removed then.
 */
int unfinished_end(int dirfd, int fd, const char *name, mode_t mode, int err);

/* Remove what was left unfinished, if anything was. */
void unfinished_remove(int dirfd);

#endif
