/*
 * The few things that only proc(5) tells.
 */
#ifndef ST_TEMPLATE_PROCFS_H
#define ST_TEMPLATE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bits of struct procfs_task's flags: include/linux/sched.h, unchanged for decades. */
enum {
	PROCFS_EXITING = 0x4,     /* PF_EXITING: in do_exit(), or a zombie */
	PROCFS_FORKNOEXEC = 0x40, /* PF_FORKNOEXEC: no exec since the fork */
};

/* Fields 4 and 9 of /proc/PID/stat. */
struct procfs_task {
	pid_t ppid;
	uint32_t flags;
};

/* True if /proc is there and is that of the caller's own pid namespace. */
bool procfs_is_ours(void);

/* What the calling process is, that keeps it from engines. */
enum {
	PROCFS_TRACED = 1,  /* a debugger or tracer is attached: it sees what it would see */
	PROCFS_CAPABLE = 2, /* it has capabilities (capabilities(7)), and its user is not root */
};

/*
 * Those that held when this was first asked, by this process or, before its fork(), by the one that
 * it is a copy of: a process gains capabilities by execve(2) only, or in a user namespace, where
 * everybody does; and who traces is asked to say so.  Without /proc nobody can tell, and none.
 */
unsigned procfs_standing(void);

/* From now on it is asked each time, in what this process forks as well: somebody traces. */
void procfs_ask_anew(void);

/* Room for "/proc/self/fd/N". */
enum { PROCFS_FD_PATH_MAX = 32 };

/* The path by which descriptor fd >= 0 of the calling process can be opened anew. */
void procfs_fd_path(int fd, char path[PROCFS_FD_PATH_MAX]);

/*
 * What descriptor fd of the calling process is, as /proc/self/fd names it, terminated by a NUL.
 * Returns the length, or a negative error number; -ENAMETOOLONG if it does not fit.
 */
ssize_t procfs_fd_link(int fd, char *buf, size_t size);

/* Read *task of process pid.  Returns 0 or a negative error number. */
int procfs_task(pid_t pid, struct procfs_task *task);

#endif
