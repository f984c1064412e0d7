/*
 * Sessions: private directories session-PID-RANDOM in the cache directory, each with an index.
 *
 * A session is in use as long as its leader lives.  A launcher also holds a lock on its session's
 * directory, which the kernel drops with it, and which works across PID namespaces; the shell of
 * an `env` session cannot.  What is left behind by leaders that were killed is swept when the next
 * session is made.
 */
#ifndef ST_LAUNCHER_SESSION_H
#define ST_LAUNCHER_SESSION_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "basedir.h"
#include "elfcache/index.h"

/* What the variables were before `env` changed them: NAME=VALUE or NAME, each with a NUL. */
#define SESSION_SAVED "environment"

enum { SESSION_NAME_MAX = 64 };

struct session {
	struct basedir base;
	char name[SESSION_NAME_MAX];
	char path[PATH_MAX];
	int fd; /* the directory, locked if we lead it; -1 if there is no session */
	struct index index;
};

enum session_state {
	SESSION_LIVE,
	SESSION_DEAD,
	SESSION_STARTING,  /* has no index yet, but not for long */
	SESSION_ELSEWHERE, /* its leader is in another PID namespace */
	SESSION_FOREIGN,   /* has the name of a session, and is none of ours */
};

/* True if this is the name of a session's directory. */
bool session_is_name(const char *name);

/*
 * Make a session in base and take base over, also on failure.  leader: the process whose end is
 * the session's.  saved: null if that is this process; else what SESSION_SAVED is to hold, of
 * saved_size bytes.  Returns 0, or a negative error number with nothing left behind.
 */
int session_create(struct basedir *base, pid_t leader, const char *saved, size_t saved_size,
		   struct session *session);

/*
 * Join the session in the directory `path`, if it is one that is in use.  Returns 0 or a negative
 * error number; -ESRCH if its leader is dead.
 */
int session_join(const char *path, struct session *session);

/* Let go of a session; it stays. */
void session_close(struct session *session);

/* Remove a session that was made or joined, and let go of it. */
void session_remove(struct session *session);

/* The state of the session `name` in the cache directory dirfd. */
enum session_state session_state(int dirfd, const char *name);

/*
 * Remove the session `name` in the cache directory dirfd: what is ours in it, then itself.
 * Returns 0 or a negative error number: -ENOTEMPTY if something else is in it.
 */
int session_remove_at(int dirfd, const char *name);

/* The same for one whose directory is open as fd: needs no further descriptor. */
int session_remove_open(int dirfd, const char *name, int fd);

/* Remove the dead sessions of a cache directory. */
void session_sweep(int dirfd);

#endif
