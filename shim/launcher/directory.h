/*
 * Going through a directory.
 */
#ifndef ST_LAUNCHER_DIRECTORY_H
#define ST_LAUNCHER_DIRECTORY_H

#include <stdbool.h>

/*
 * Call for each name but "." and ".." in the directory `name` of dirfd, which must not be a
 * symbolic link, with a descriptor of it that is open as long as this takes.  False if it cannot be
 * read.
 */
bool directory_each(int dirfd, const char *name, void *context,
		    void (*call)(void *context, int dirfd, const char *name));

#endif
