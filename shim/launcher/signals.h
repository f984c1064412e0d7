/*
 * The launcher's signals: all blocked and waited for, none handled.
 */
#ifndef ST_LAUNCHER_SIGNALS_H
#define ST_LAUNCHER_SIGNALS_H

#include <signal.h>
#include <sys/types.h>

/* What this process was given, and COMMAND is to get. */
struct signal_state {
	sigset_t mask;
	struct sigaction on_child; /* SIGCHLD; ignored, perhaps, which would take the status away */
};

/* Block everything and make sure that children can be waited for. */
void signals_take(struct signal_state *state);

/* Give back what was taken: before COMMAND is executed, in this process or in its child. */
void signals_restore(const struct signal_state *state);

/*
 * Stop this process by signal sig (SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU), as the default action
 * does, for our parent to see.  Returns when it is continued, with the sender of the SIGCONT (0:
 * the kernel); or at once with -1, if the kernel does not stop it (an orphaned process group).
 */
pid_t signals_stop_self(int sig);

#endif
