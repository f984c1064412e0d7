/*
 * posix_spawn() done here: for the starts that libc's own function would only slow down.
 *
 * glibc 2.34 to 2.37 has the child look at each of its 64 signals, about 130 system calls: a
 * quarter of what a start costs that needs no dynamic linking.  Linux 5.5 clears signal handlers
 * itself (CLONE_CLEAR_SIGHAND, clone(2)); later versions of glibc use that too.
 *
 * What the child is and does, and in which order, is as with those versions of glibc, down to its
 * dispositions of the two signals that glibc keeps for itself.
 */
#ifndef ST_TEMPLATE_CHILD_H
#define ST_TEMPLATE_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "actions.h"

struct child_start {
	const char *path; /* relative: to the working directory after the actions */
	char *const *argv;
	char *const *envp;
	const posix_spawn_file_actions_t *file_actions; /* of the layout that actions.h knows */
	struct spawn_attributes attributes;
	/* What the same child executes if path cannot be, so that nothing is done twice; null:
	   nothing. */
	const char *fallback;
	char *const *fallback_argv;
};

/* True for the versions of glibc (gnu_get_libc_version(3)) whose child this is. */
bool child_is_like(const char *libc_version);

struct child_result {
	pid_t pid;    /* only of a start that succeeded */
	int errno_is; /* what libc's posix_spawn(), whose child shares errno, leaves there; 0: what
			 stood there */
	int path_error; /* why path was not executed and the fallback was, or was to be; else 0 */
};

/*
 * Start.  0, and *result; or an error number, as posix_spawn(3) returns it, and no child; or
 * -ENOTSUP if libc must do it: an action or attribute that is not done here, or a kernel that
 * cannot.  Nothing has happened then.  Maps a stack for the
 * child and unmaps it.
 */
int child_start(const struct child_start *start, struct child_result *result);

#endif
