/*
 * Which process is which: what /proc tells of boots and processes.
 */
#ifndef ST_LAUNCHER_PROC_H
#define ST_LAUNCHER_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "elfcache/index.h"

/*
 * Describe process pid as the leader of a session that is made now.  What /proc does not tell (it
 * may not be mounted) stays 0.
 */
void origin_of(pid_t pid, uid_t uid, struct index_origin *origin);

enum leader_state {
	LEADER_DEAD,
	LEADER_ALIVE,
	LEADER_ELSEWHERE, /* in another PID namespace: cannot be told from here */
};

/* Whether a session's leader still lives: the same process, not another with its number. */
enum leader_state leader_state(const struct index_origin *origin);

/* The state letter of /proc/PID/stat: 'R', 'S', 'T', 'Z', ...; 0 if it cannot be read. */
char process_state(pid_t pid);

/*
 * The shell that `$(spawn-template ...)` stands in: our parent, or, as long as that is a mere
 * fork of its own parent (a subshell, which ends before the code that we print is evaluated), the
 * one it was forked from.
 */
pid_t calling_shell(void);

#endif
