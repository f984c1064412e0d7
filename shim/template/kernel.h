/*
 * The kernel engine: starts through spawn_template_create() and spawn_template_spawn().
 *
 * Hazards, and what answers each, are listed in kernel.c.
 */
#ifndef ST_TEMPLATE_KERNEL_H
#define ST_TEMPLATE_KERNEL_H

#include <stdbool.h>
#include <sys/types.h>

#include "../../elfcache/cache.h"
#include "../../elfcache/reason.h"
#include "actions.h"
#include "kernel_calls.h"

/* The engine's part of a process's state.  Zero-initialised; one per process, or per test. */
struct kernel_engine {
	struct kernel_numbers numbers;
	/* 0: not yet asked; 1: verified; -1: not there.  Set at most once per process. */
	_Atomic int verified;
	/* The next template descriptor's lowest number: grows only, so that a number is never given
	   to a second template (see kernel.c).  0 until the first. */
	_Atomic int next_fd;
	/* 0: file actions not probed; 1: as expected; -1: not. */
	_Atomic int file_actions_known;
	/* libc's functions. */
	const struct file_actions_builders *builders;
	const struct attribute_getters *getters;
};

/* One posix_spawn() as the engine sees it. */
struct kernel_start {
	const char *path;     /* resolved; absolute, or relative to the working directory */
	struct cached *entry; /* of this path and identity; template members are updated */
	const posix_spawn_file_actions_t *file_actions; /* or null */
	const posix_spawnattr_t *attr;                  /* or null */
	char *const *argv;
	char *const *envp;
};

/* What came of it. */
struct kernel_result {
	pid_t pid;
	int pidfd; /* open, FD_CLOEXEC; the caller of kernel_engine_start() closes it */
};

/*
 * True if the numbers given belong to the proposed calls.  Verified once per process, with calls
 * that cannot have an effect if they do.
 */
bool kernel_engine_available(struct kernel_engine *engine);

/*
 * Start the program.  REASON_NONE: it runs, *result is filled.  Otherwise nothing has been started
 * and nothing is left over (no process, descriptor, pending signal), and libc must start it; the
 * reason is for the statistics.  In both cases start->entry may have got, changed or lost its
 * template: *changed tells, and the caller stores it in the cache.
 */
enum reason kernel_engine_start(struct kernel_engine *engine, const struct kernel_start *start,
				struct kernel_result *result, bool *changed);

/* Close a template descriptor that is no longer wanted, if it still is one and still is ours. */
void kernel_engine_drop(const struct cached *entry);

#endif
