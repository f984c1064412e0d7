/*
 * COMMAND as a child process: its start, its signals, its end.
 */
#ifndef ST_LAUNCHER_SUPERVISE_H
#define ST_LAUNCHER_SUPERVISE_H

#include <stdbool.h>

#include "sentry.h"
#include "session.h"
#include "signals.h"

struct supervision {
	const struct signal_state *given; /* as it was before signals_take() */
	const struct command_line *line;  /* the launcher's own */
	char *const *argv;                /* COMMAND's */
	char *const *envp;
	bool keep_stderr;       /* something will be printed at the end */
	struct session *baking; /* the session to start a service for, or null */
};

/*
 * Execute argv[0], searched for in PATH, in place of this process.  Returns only if that fails:
 * EXIT_NOT_FOUND or EXIT_NOT_STARTED, after a line on stderr.
 */
int execute(char *const argv[], char *const envp[]);

/*
 * Run COMMAND in a child in our process group and wait for its end.  Returns 0 and its status as
 * of waitpid(2) in *status, or a negative error number if there is no process for it.  *sentry is
 * to be reaped at the end of everything, by when it will have ended.
 */
int supervise(const struct supervision *supervision, int *status, struct sentry *sentry);

/* The exit status of the command for a COMMAND that ended so. */
int exit_status_of(int status);

#endif
