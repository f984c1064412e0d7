/*
 * The kernel engine: starts through spawn_template_create() and spawn_template_spawn().
 *
 * Hazards, and what answers each, are listed in kernel.c.
 */
#ifndef ST_TEMPLATE_KERNEL_H
#define ST_TEMPLATE_KERNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "../../elfcache/cache.h"
#include "../../elfcache/reason.h"
#include "actions.h"
#include "kernel_calls.h"

/*
 * The engine's part of a process's state.  Zero-initialised but for what is given; one per process
 * and lane, or per test.
 */
struct kernel_engine {
	struct kernel_numbers numbers;
	/* 0: not yet asked; 1: verified; -1: not there, or turned out not to be. */
	_Atomic int verified;
	/* The lowest number that no template descriptor has had yet; 0 until the first. */
	_Atomic int next_fd;
	/* 0: file actions not probed; 1: as expected; -1: not. */
	_Atomic int file_actions_known;
	/* Two engines in one process must take descriptor numbers from different lanes: 0 or 1. */
	int lane;
	/* libc's functions. */
	const struct file_actions_builders *builders;
	const struct attribute_getters *getters;
};

/* One posix_spawn() as the engine sees it. */
struct kernel_start {
	const char *path; /* resolved; the engine takes absolute ones only */
	/* Of this path, and of the identity it has just now; template members are updated. */
	struct cached *entry;
	/* An image: its own user may have a template of it, since nobody ever writes to one. */
	bool is_image;
	const posix_spawn_file_actions_t *file_actions; /* or null */
	const posix_spawnattr_t *attr;                  /* or null */
	char *const *argv;                              /* or null, as execve(2) allows */
	char *const *envp;                              /* or null */
};

/* What came of it. */
struct kernel_result {
	pid_t pid;
	int pidfd; /* open, FD_CLOEXEC; the caller of kernel_engine_start() closes it */
};

/*
 * True if the numbers given belong to the proposed calls and /proc is usable.  Verified once per
 * process, with calls that cannot have an effect if they do.
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

/* Close the template descriptor of an entry that is no longer wanted, if it still is a template. */
void kernel_engine_drop(const struct cached *entry);

/*
 * Why the file can have no template, whatever the kernel; REASON_NONE if it can.  The same each
 * time for this path, identity and user, but for REASON_STALE, REASON_DESCRIPTOR_LIMIT and
 * REASON_REFUSED: it could not be looked at just now.
 */
enum reason kernel_file_verdict(const char *path, enum exe_kind kind, const struct identity *id);

/*
 * True if number nr->create behaves like spawn_template_create(): two calls that it must refuse.
 * The first wrong answer is the last call.
 */
bool kernel_numbers_verify(const struct kernel_numbers *nr);

#endif
