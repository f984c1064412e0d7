/*
 * Starting programs: what every exported function comes down to.
 */
#ifndef ST_PRELOAD_START_H
#define ST_PRELOAD_START_H

#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "next.h"

/* One call of the exec family. */
struct exec_call {
	/* The function that was called: NEXT_execve, NEXT_execv, NEXT_execvp, NEXT_execvpe,
	   NEXT_execveat or NEXT_fexecve. */
	enum next function;
	const char *file; /* path, or the name to search for */
	int dirfd;        /* execveat, fexecve */
	int flags;        /* execveat */
	char *const *argv;
	char *const *envp; /* not for execv, execvp */
};

/*
 * Carry out the call.  Returns only if it fails, -1 with errno set by libc.  Safe in a vfork()
 * child, in a signal handler, and in the child of a threaded program.
 */
int start_exec(const struct exec_call *call);

/* One call of the spawn family. */
struct spawn_call {
	/* NEXT_posix_spawn, NEXT_posix_spawnp, their _2_2_5 versions, NEXT_pidfd_spawn or
	   NEXT_pidfd_spawnp. */
	enum next function;
	int *result; /* the process id, may be null; or the pidfd */
	const char *file;
	const posix_spawn_file_actions_t *file_actions;
	const posix_spawnattr_t *attr;
	char *const *argv;
	char *const *envp;
};

/* Carry out the call.  0 or an error number, as posix_spawn(3). */
int start_spawn(const struct spawn_call *call);

/* An image that is executed in place of what a call names, if it can be. */
struct in_place {
	const char *path;
	char *const *argv;
	int error;    /* 0, or why it could not be executed */
	bool went_on; /* then the same child executed the target, or tried to */
};

/*
 * posix_spawn() without libc, which makes the child more slowly (child.h), and which cannot go on
 * in the same child when an image (null: none) cannot be executed.  As posix_spawn(3), or -ENOTSUP,
 * and nothing has happened: then libc must do it.
 */
int start_child(const struct spawn_call *call, struct in_place *image, char *const envp[]);

/* system(3) and popen(3). */
int start_system(const char *command);
FILE *start_popen(const char *command, const char *type);

#endif
