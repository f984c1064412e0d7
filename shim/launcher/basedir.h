/*
 * The cache directory: choosing, making and checking it.
 */
#ifndef ST_LAUNCHER_BASEDIR_H
#define ST_LAUNCHER_BASEDIR_H

#include <limits.h>
#include <stdbool.h>

#include "elfcache/cachedir.h"

struct basedir {
	char path[PATH_MAX]; /* absolute */
	int fd;              /* O_PATH, FD_CLOEXEC; -1 if none */
};

/*
 * Open the directory `path` by the rules: ours, writable by nobody else, no symbolic link, below
 * directories that are trusted (way.h), on a file system that allows execution.  make:
 * create it (0700) if it is missing, and its parent if with_parent.  Returns null, or a static
 * sentence that says what is wrong; dir->fd is then -1. *error, if not null, gets the negative
 * error number behind it.
 */
const char *basedir_open(const char *path, bool make, bool with_parent, struct basedir *dir,
			 int *error);

/* The same for candidate n of cachedir_candidate() in our environment. */
const char *basedir_open_candidate(unsigned n, bool make, struct basedir *dir, int *error);

/* What candidate n is made of, for messages: "$XDG_RUNTIME_DIR", ... */
const char *basedir_candidate_name(unsigned n);

void basedir_close(struct basedir *dir);

#endif
