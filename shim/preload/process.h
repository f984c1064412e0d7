/*
 * What the preload knows of the process it lives in: nothing until a function is first called, and
 * then no more than that call needs.  No constructor: a process that starts nothing pays nothing.
 */
#ifndef ST_PRELOAD_PROCESS_H
#define ST_PRELOAD_PROCESS_H

#include "../../elfcache/cache.h"
#include "../../elfcache/index.h"
#include "../template/kernel.h"
#include "environment.h"

/*
 * The session's index, mapped at the first call and kept; false if there is none that this process
 * may use.  It is not used while the effective user is not its owner.
 */
bool process_index(const struct settings *settings, struct index *index);

/* True if settings->cache still is the directory in which process_index() found the index, so that
   what is named below it is what it was. */
bool process_cache_stands(const struct settings *settings, const struct index *index);

/*
 * ptrace(2) is about to be called.  From now on this process, and what it forks, asks at each start
 * whether it is being traced: a debugger's child, which asks to be traced itself, is a copy of a
 * process that was not.  A tracer that attaches to another process cannot say so in the other's
 * memory; it does in the session's index, for all that are in the session.
 */
void process_note_ptrace(int request);

/* True if the settings ask for the kernel engine; whether the kernel has it is another question. */
bool process_wants_kernel_engine(const struct settings *settings);

/*
 * The kernel engine, if the settings ask for it and the kernel has been found to have the calls;
 * else null.
 */
struct kernel_engine *process_kernel_engine(const struct settings *settings);

/* True if posix_spawn_file_actions_t objects can be read.  May allocate at the first call. */
bool process_reads_file_actions(void);

/* True if posix_spawn() would be libc's own, and of a version that child.h stands in for. */
bool process_spawns_itself(void);

/* What a posix_spawnattr_t asks for; null: nothing. */
void process_read_attributes(const posix_spawnattr_t *attr, struct spawn_attributes *out);

/* Append a line to SPAWN_TEMPLATE_LOG, if it is set: who started what, how, and why not otherwise.
   Failures are nobody's business. */
void process_log(const struct settings *settings, const char *path, enum how how,
		 enum reason reason);

#endif
