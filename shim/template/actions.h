/*
 * posix_spawn()'s file actions and attributes as data.
 *
 * libc offers no way to read a posix_spawn_file_actions_t back, so its private layout is read.
 * That layout is not taken on trust: file_actions_probe() makes libc build an object of every kind
 * of action and compares.  Whatever is not understood - another layout, an unknown tag, an unknown
 * flag - is an error, and the caller leaves the start to libc, which understands it.
 */
#ifndef ST_TEMPLATE_ACTIONS_H
#define ST_TEMPLATE_ACTIONS_H

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

enum action_kind {
	ACTION_CLOSE,     /* fd; not open is fine */
	ACTION_DUP2,      /* fd -> newfd; equal: clear FD_CLOEXEC */
	ACTION_OPEN,      /* path, oflag, mode -> fd; fd is closed first */
	ACTION_CHDIR,     /* path */
	ACTION_FCHDIR,    /* fd */
	ACTION_CLOSEFROM, /* fd and all above */
	ACTION_TCSETPGRP, /* fd */
};

struct action {
	enum action_kind kind;
	int fd;
	int newfd;
	int oflag;
	mode_t mode;
	const char *path; /* owned by the posix_spawn_file_actions_t it was read from */
};

/*
 * libc's functions that build file actions, given by the caller because in the preload they must
 * be looked up.  Null where this libc lacks one (it then lacks the action too).
 */
struct file_actions_builders {
	int (*init)(posix_spawn_file_actions_t *);
	int (*destroy)(posix_spawn_file_actions_t *);
	int (*addclose)(posix_spawn_file_actions_t *, int);
	int (*adddup2)(posix_spawn_file_actions_t *, int, int);
	int (*addopen)(posix_spawn_file_actions_t *, int, const char *, int, mode_t);
	int (*addchdir_np)(posix_spawn_file_actions_t *, const char *);
	int (*addfchdir_np)(posix_spawn_file_actions_t *, int);
	int (*addclosefrom_np)(posix_spawn_file_actions_t *, int);
	int (*addtcsetpgrp_np)(posix_spawn_file_actions_t *, int);
};

/*
 * True if this libc lays file actions out as file_actions_read() expects, found out by making one
 * of every kind.  Allocates through libc and frees again; not for a vfork() child.
 */
bool file_actions_probe(const struct file_actions_builders *libc);

/*
 * Read *fa (null: no actions) into out[cap].  Returns their number, -E2BIG if there are more than
 * cap, or -ENOTSUP if one is of a kind that is not known.  Only after a file_actions_probe() that
 * was true.  No allocation, no system call.
 */
ssize_t file_actions_read(const posix_spawn_file_actions_t *fa, struct action *out, size_t cap);

/*
 * The same one by one, where there is no room for all.  The number, or -ENOTSUP; and action i below
 * that number, or false if it is of a kind that is not known.
 */
ssize_t file_actions_count(const posix_spawn_file_actions_t *fa);
bool file_actions_at(const posix_spawn_file_actions_t *fa, size_t i, struct action *out);

/* What a posix_spawnattr_t asks for, read with libc's public getters. */
struct spawn_attributes {
	short flags; /* POSIX_SPAWN_SETSIGMASK, ... */
	pid_t pgroup;
	sigset_t sigmask;
	sigset_t sigdefault;
};

struct attribute_getters {
	int (*getflags)(const posix_spawnattr_t *, short *);
	int (*getpgroup)(const posix_spawnattr_t *, pid_t *);
	int (*getsigmask)(const posix_spawnattr_t *, sigset_t *);
	int (*getsigdefault)(const posix_spawnattr_t *, sigset_t *);
};

/* attr may be null: all defaults. */
void spawn_attributes_read(const struct attribute_getters *libc, const posix_spawnattr_t *attr,
			   struct spawn_attributes *out);

/* True if an action changes the working directory, which decides what a relative path means. */
bool actions_change_directory(const struct action *actions, size_t n);

#endif
