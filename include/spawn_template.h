/*
 * spawn_template.h - start a program again and again from a prepared template.
 *
 * Link with -lspawn_template.  Two layers:
 *
 *   struct st_template       a program prepared once and started many times, by whatever engine
 *                            works here, and by libc's posix_spawn() where none does:
 *                            spawn_template(3).
 *
 *   spawn_template_create(), spawn_template_spawn()
 *                            the proposed Linux system calls themselves:
 *                            spawn_template_create(2), spawn_template_spawn(2).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SPAWN_TEMPLATE_H
#define SPAWN_TEMPLATE_H

#include <linux/openat2.h>
#include <linux/types.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ST_VERSION_MAJOR 0
#define ST_VERSION_MINOR 1
#define ST_VERSION_PATCH 0

/*
 * The kernel interface.  Provisional: not part of any released kernel; numbers and layout are
 * those of the series "exec: add spawn templates for repeated executable startup" of May 2026.
 */

/* Flags of spawn_template_create(). */
#define SPAWN_TEMPLATE_CREATE_CLOEXEC (1ULL << 0)
/* Flags of spawn_template_spawn(). */
#define SPAWN_TEMPLATE_SPAWN_INHERIT_FDS (1ULL << 0)
/* The most actions in one spawn. */
#define SPAWN_TEMPLATE_MAX_ACTIONS 256

enum spawn_template_action_type {
	SPAWN_TEMPLATE_ACTION_CLOSE = 0,
	SPAWN_TEMPLATE_ACTION_DUP2 = 1,
	SPAWN_TEMPLATE_ACTION_FCHDIR = 2,
	SPAWN_TEMPLATE_ACTION_OPEN = 3,
	SPAWN_TEMPLATE_ACTION_CLOSE_RANGE = 4,
	SPAWN_TEMPLATE_ACTION_SIGMASK = 5,
	SPAWN_TEMPLATE_ACTION_SIGDEFAULT = 6
};

struct spawn_template_action {
	__u32 type;
	__u32 flags;
	__s32 fd;
	__s32 newfd;
	__u64 arg; /* OPEN: struct spawn_template_open *; SIG*: struct spawn_template_sigset * */
};

struct spawn_template_open {
	__u64 path; /* const char * */
	struct open_how how;
};

struct spawn_template_sigset {
	__u64 sigset;     /* const __u64 *: bit N-1 is signal N */
	__u64 sigsetsize; /* 8 */
};

struct spawn_template_create_args {
	__u64 flags;
	__s32 execfd;      /* or -1 */
	__u32 exec_flags;  /* 0 */
	__u64 filename;    /* const char *, absolute, or 0 */
	__u64 actions;     /* 0 */
	__u64 actions_len; /* 0 */
	__u64 reserved[4]; /* 0 */
};

struct spawn_template_spawn_args {
	__u64 flags;
	__u64 pidfd;       /* int *, mandatory */
	__u64 argv;        /* char *const * */
	__u64 envp;        /* char *const * */
	__u64 actions;     /* const struct spawn_template_action * */
	__u64 actions_len; /* their number */
	__u64 reserved[4]; /* 0 */
};

/*
 * The system calls.  Their numbers are no kernel's yet, so they are issued only if the environment
 * variable SPAWN_TEMPLATE_KERNEL_NR=CREATE,SPAWN names them, and fail with ENOSYS otherwise.
 * Return a descriptor, resp. a process id; -1 with errno set on failure.
 */
int spawn_template_create(const struct spawn_template_create_args *args, size_t size);
pid_t spawn_template_spawn(int template_fd, const struct spawn_template_spawn_args *args,
			   size_t size);

/*
 * The library interface.
 */

/* A prepared program.  Opaque; made by st_template_open(), ended by st_template_close(). */
struct st_template;

/*
 * Prepare the program `path` (absolute, or relative to the working directory at this moment; no
 * PATH search).  Returns 0 and the template in *result, or the error number that posix_spawn()
 * would return for a file that cannot be executed: ENOENT, EACCES, ENOMEM, ...
 */
int st_template_open(struct st_template **result, const char *path);

/*
 * Start the program.  Arguments, result and effects are those of posix_spawn(3): 0 and the process
 * id in *pid (if pid is not null), or an error number.  The child is the caller's own.  Safe to
 * call from several threads.  A template whose file has been replaced starts the new file.
 */
int st_template_spawn(struct st_template *t, pid_t *pid,
		      const posix_spawn_file_actions_t *file_actions, const posix_spawnattr_t *attr,
		      char *const argv[], char *const envp[]);

/* Free a template.  Null is allowed.  Processes started from it are not affected. */
void st_template_close(struct st_template *t);

/* The path of the prepared program; valid until st_template_close(). */
const char *st_template_path(const struct st_template *t);

/* How the last st_template_spawn() started the program: "kernel" or "libc"; "none" before. */
const char *st_template_engine(const struct st_template *t);

/* Why it was libc, as a short name such as "static" or "no-engine"; "none" if it was not. */
const char *st_template_reason(const struct st_template *t);

/* The version of the library, "MAJOR.MINOR.PATCH". */
const char *st_version(void);

#ifdef __cplusplus
}
#endif

#endif
