/*
 * The beginning of a session: what is found on this machine and in the environment, and what is
 * made of it.  Shared by `run` and `env`.
 */
#ifndef ST_LAUNCHER_BEGIN_H
#define ST_LAUNCHER_BEGIN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "environment.h"
#include "options.h"
#include "session.h"

/* The session that SPAWN_TEMPLATE_CACHE names, if it is in use.  False if there is none. */
bool begin_find_outer(struct session *outer);

/*
 * True if the session in effect will do: no other engine and no other cache directory is asked for
 * than it has.
 */
bool begin_may_join(const struct options *options);

/*
 * Look for the preload library and check that it fits the running libc.  Returns null, or a
 * sentence that says why it cannot be used; *broken then tells whether that is the installation's
 * fault.
 */
const char *begin_find_preload(char path[PATH_MAX], bool *broken);

/*
 * Make a session: in --cache-dir, else beside the outer one (may be null), else in
 * SPAWN_TEMPLATE_CACHE, else in the first candidate where one can be made.  Leader and saved are
 * session_create()'s.  Returns 0; EXIT_USAGE, after a line on stderr, if --cache-dir breaks the
 * rules; or a negative error number if there is simply none to be had, which --verbose explains.
 */
int begin_session(const struct options *options, const struct session *outer, pid_t leader,
		  const char *saved, size_t saved_size, struct session *session);

/*
 * The absolute form of a --cache-dir, without trailing slashes.  False, after a line on stderr, if
 * there is none.
 */
bool begin_absolute(const char *path, char absolute[PATH_MAX]);

/* True if the engine that is asked for, here or in the environment, may use images. */
bool begin_wants_images(const struct options *options);

/*
 * The numbers of the kernel engine's system calls, "CREATE,SPAWN": the environment's; else the
 * build's, if it has any, but only for those who ask for that engine.  Null if there are none.
 */
const char *begin_kernel_numbers(const struct options *options);

/* A variable to be set. */
struct change {
	const char *name;
	char *value; /* allocated */
};

enum { CHANGES_MAX = 4 };

/*
 * The variables that must be set, and are not yet so, for a process to take part in the session in
 * the directory session_path.  preload may be "": it then stays out.  Returns their number.
 */
size_t begin_changes(const struct options *options, const char *session_path, const char *preload,
		     struct change changes[CHANGES_MAX]);
void begin_free_changes(struct change *changes, size_t n);

/* Our environment with these variables set.  0 or -ENOMEM, with nothing in env then. */
int begin_environment(const struct options *options, const char *session_path, const char *preload,
		      struct environment *env);

#endif
