/*
 * The real functions: for each name that the preload replaces, the next definition in the order
 * of the dynamic linker's search, which is libc's, or another preloaded library's.
 *
 * dlsym(RTLD_NEXT) gives the same, but takes locks and may allocate, which is forbidden in a
 * vfork() child; and a constructor that calls it for every name would be paid by every process.
 * So the symbol tables of the objects behind ours are searched directly, when a function is first
 * needed.  The objects loaded at start-up, which libc is one of, are never unloaded and stand
 * before all others in the list, so the walk meets nothing that another thread could take away.
 */
#ifndef ST_PRELOAD_NEXT_H
#define ST_PRELOAD_NEXT_H

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* Functions that the preload calls and does not replace. */
#define ST_CALLED(X) \
	X(getauxval, unsigned long, (unsigned long)) \
	X(gnu_get_libc_version, const char *, (void)) \
	X(fileno, int, (FILE *)) \
	X(fclose, int, (FILE *)) \
	X(posix_spawn_file_actions_init, int, (posix_spawn_file_actions_t *)) \
	X(posix_spawn_file_actions_destroy, int, (posix_spawn_file_actions_t *)) \
	X(posix_spawn_file_actions_addclose, int, (posix_spawn_file_actions_t *, int)) \
	X(posix_spawn_file_actions_adddup2, int, (posix_spawn_file_actions_t *, int, int)) \
	X(posix_spawn_file_actions_addopen, int, \
	  (posix_spawn_file_actions_t *, int, const char *, int, mode_t)) \
	X(posix_spawn_file_actions_addchdir_np, int, (posix_spawn_file_actions_t *, const char *)) \
	X(posix_spawn_file_actions_addfchdir_np, int, (posix_spawn_file_actions_t *, int)) \
	X(posix_spawn_file_actions_addclosefrom_np, int, (posix_spawn_file_actions_t *, int)) \
	X(posix_spawn_file_actions_addtcsetpgrp_np, int, (posix_spawn_file_actions_t *, int)) \
	X(posix_spawnattr_getflags, int, (const posix_spawnattr_t *, short *)) \
	X(posix_spawnattr_getpgroup, int, (const posix_spawnattr_t *, pid_t *)) \
	X(posix_spawnattr_getsigmask, int, (const posix_spawnattr_t *, sigset_t *)) \
	X(posix_spawnattr_getsigdefault, int, (const posix_spawnattr_t *, sigset_t *))

enum next {
#define ST_NAME(name, version, kind, id, type, params) NEXT_##id,
#include "names.def"
#undef ST_NAME
#define X(name, type, params) NEXT_##name,
	ST_CALLED(X)
#undef X
		NEXT_COUNT
};

#define ST_NAME(name, version, kind, id, type, params) typedef type next_type_##id params;
#include "names.def"
#undef ST_NAME
#define X(name, type, params) typedef type next_type_##name params;
ST_CALLED(X)
#undef X

/*
 * The next definition of a function; null if no object behind ours has one.  Found once and
 * remembered.  No lock, no allocation, no system call.
 */
void *next_find(enum next which);

/*
 * Find all of them.  This is the library's entry point (e_entry), which nothing uses in a shared
 * object: whoever bakes an image runs it in the process that is baked, so that those from the image
 * find everything found.
 */
void next_find_all(void);

/* True if the next definition is libc's own, not another preloaded library's or a sanitizer's. */
bool next_is_libc(enum next which);

/* The same with its type: NEXT(execve) is a pointer to a function like execve(). */
#define NEXT(id) ((next_type_##id *)next_find(NEXT_##id))

/* Weak, like all that we import: a program without such a libc must still load. */
#pragma weak __errno_location

#endif
