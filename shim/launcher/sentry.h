/*
 * The sentry: a process in the launcher's process group that shows what happens to the others.
 *
 * Two questions cannot be answered by the launcher alone:
 *  1. A signal that a process sent: was it sent to the launcher, and must be passed on to COMMAND,
 *     or to everybody (kill %1, kill -- -PGID, a service manager that stops a cgroup), so that
 *     COMMAND has it already?  Twice is not as good as once: the second SIGINT or SIGTERM makes
 *     many programs give up their cleaning.  The kernel does not tell.  But the sentry, which
 *     nobody would send a signal to by itself, gets those that go to everybody.
 *  2. When COMMAND was stopped directly, the launcher stops as well, for its parent to see.  When
 *     COMMAND is then continued directly, somebody has to continue the launcher.
 *
 * Without a sentry (no processes left) signals are passed on always.
 */
#ifndef ST_LAUNCHER_SENTRY_H
#define ST_LAUNCHER_SENTRY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct sentry {
	pid_t pid; /* 0: there is none */
	int fd;    /* its reports */
	struct {
		pid_t sender;
		int64_t when; /* CLOCK_MONOTONIC in milliseconds */
	} seen[_NSIG];
};

/* The command line, which the sentry makes its own: pkill -f COMMAND is to leave it alone. */
struct command_line {
	int argc;
	char **argv;
};

/* Start the sentry of COMMAND's process child.  All signals must be blocked. */
void sentry_start(struct sentry *sentry, pid_t child, const struct command_line *line);

/* Whether sender sent signal sig to the sentry too.  Takes a few milliseconds if not. */
bool sentry_saw(struct sentry *sentry, int sig, pid_t sender);

/* True if there is a sentry and pid is its. */
bool sentry_is(const struct sentry *sentry, pid_t pid);

/* Have the sentry continue this process as soon as the child is not stopped any more; or not. */
void sentry_watch(const struct sentry *sentry, bool on);

/* Process pid has been waited for: if that was the sentry, there is none any more. */
void sentry_forget(struct sentry *sentry, pid_t pid);

/* End it; and wait for its end, which may be later. */
void sentry_dismiss(struct sentry *sentry);
void sentry_reap(struct sentry *sentry);

#endif
