/*
 * Hazards, and what answers each:
 *  1. A signal from the terminal goes to the whole foreground process group, COMMAND included.  It
 *     is told from others by si_code and not passed on; the launcher survives it, since all its
 *     signals are blocked.
 *  2. A signal that a process sent to the launcher is meant for COMMAND, which nobody else knows
 *     the number of: it is passed on.  One that was sent to the whole process group or cgroup is
 *     not, since COMMAND has it; sentry.h tells the two apart.  Nor is one that COMMAND sent.
 *  3. Signals that were waiting when the launcher was started, or came before there was a child,
 *     reach nobody else: they are passed on whatever they are.
 *  4. The kernel sends SIGHUP to a session leader alone when its terminal goes away, and timers
 *     and descriptors signal the process that set them up.  That process is the launcher, because
 *     it was executed in COMMAND's place: passed on.  Interval timers themselves (alarm(2) survives
 *     exec) are handed over to the child.
 *  5. COMMAND stops: the launcher stops as well, so that a shell sees it, and afterwards continues
 *     COMMAND unless somebody has done that already.
 *  6. The launcher is killed by SIGKILL, which cannot be passed on: the kernel then kills COMMAND,
 *     as if the launcher had been COMMAND (PR_SET_PDEATHSIG).  A SIGSTOP to the launcher alone
 * stops nothing else.
 *  7. The number of the child cannot be given to another process as long as it has not been waited
 *     for, so no signal goes to a stranger.
 */
#include "supervise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "message.h"
#include "service.h"

enum { TIMERS = 3 };

static const __itimer_which_t timers[TIMERS] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};

/* A supervised COMMAND. */
struct command {
	pid_t pid;
	int status;
	sigset_t early; /* signals that came before it was there */
	struct sentry *sentry;
	pid_t service;   /* 0 if there is none (any more) */
	bool is_unknown; /* what became of children, since waitpid() failed */
};

/* What a fork does not inherit and an exec would have. */
struct left_behind {
	struct itimerval timer[TIMERS];
	int death_signal;
};

int execute(char *const argv[], char *const envp[])
{
	int err;

	execvpe(argv[0], argv, envp);
	err = errno;
	/* The statuses of env(1), nohup(1) and the shell. */
	if (err != ENOENT) {
		say("%s: cannot be executed: %s", argv[0], strerror(err));
		return EXIT_NOT_STARTED;
	}
	if (strchr(argv[0], '/'))
		say("%s: no such file, or its interpreter is missing", argv[0]);
	else
		say("%s: command not found", argv[0]);
	return EXIT_NOT_FOUND;
}

static void arm(const struct left_behind *left)
{
	for (int i = 0; i < TIMERS; i++)
		setitimer(timers[i], &left->timer[i], NULL);
}

static void take_along(struct left_behind *left)
{
	static const struct itimerval off = {0};

	for (int i = 0; i < TIMERS; i++)
		setitimer(timers[i], &off, &left->timer[i]);
	if (prctl(PR_GET_PDEATHSIG, &left->death_signal))
		left->death_signal = 0;
}

__attribute__((noreturn)) static void be_command(const struct supervision *s,
						 const struct left_behind *left, pid_t launcher)
{
	arm(left);
	prctl(PR_SET_PDEATHSIG, left->death_signal ? left->death_signal : SIGKILL);
	if (getppid() != launcher)
		raise(SIGKILL);
	signals_restore(s->given);
	_exit(execute(s->argv, s->envp));
}

/* True if the kernel sends this signal to a whole process group, COMMAND included. */
static bool is_for_group(int sig)
{
	switch (sig) {
	case SIGHUP:
	case SIGCONT:
		return getsid(0) != getpid();
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGWINCH:
		return true;
	default:
		return false;
	}
}

static bool command_has_it(struct command *c, int sig, const siginfo_t *info)
{
	if (sigismember(&c->early, sig)) {
		sigdelset(&c->early, sig);
		return false;
	}
	if (info->si_code == SI_KERNEL)
		return is_for_group(sig);
	if (info->si_code != SI_USER && info->si_code != SI_QUEUE && info->si_code != SI_TKILL)
		return false;
	return info->si_pid == c->pid || info->si_pid == getpid() ||
	       sentry_is(c->sentry, info->si_pid) || sentry_saw(c->sentry, sig, info->si_pid);
}

static void pass_on(struct command *c, int sig, const siginfo_t *info)
{
	if (command_has_it(c, sig, info))
		return;
	if (info->si_code == SI_QUEUE)
		sigqueue(c->pid, sig, info->si_value);
	else
		kill(c->pid, sig);
}

/*
 * COMMAND was stopped by sig: stop too.  Then, whoever continued us has most often continued the
 * whole group; if not, it is for us to continue COMMAND.
 */
static void stop_along(struct command *c, int sig)
{
	/* Without a sentry nobody would continue us if COMMAND alone is continued. */
	if (!c->sentry->pid && sig == SIGSTOP)
		return;
	for (;;) {
		pid_t continued_by;
		pid_t pid;
		int status;

		sentry_watch(c->sentry, true);
		continued_by = signals_stop_self(sig);
		sentry_watch(c->sentry, false);
		pid = waitpid(c->pid, &status, WNOHANG | WUNTRACED | WCONTINUED);
		if (pid == c->pid && WIFSTOPPED(status)) {
			/* Continued, and already stopped again. */
			sig = WSTOPSIG(status);
		} else if (pid == c->pid) {
			if (!WIFCONTINUED(status))
				c->status = status;
			return;
		} else if (!sentry_is(c->sentry, continued_by)) {
			if (continued_by >= 0)
				kill(c->pid, SIGCONT);
			return;
		}
		/* Else the sentry has seen COMMAND running, but it was late. */
	}
}

/* Take note of what happened to COMMAND.  True if it has ended. */
static bool has_ended(struct command *c)
{
	pid_t pid = 0;
	int status;

	/* Any child: process 1 of a container, or a subreaper, gets all orphans. */
	while (c->status < 0 && (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != c->pid) {
			if (!WIFSTOPPED(status))
				sentry_forget(c->sentry, pid);
			if (!WIFSTOPPED(status) && pid == c->service)
				c->service = 0;
		} else if (WIFSTOPPED(status)) {
			stop_along(c, WSTOPSIG(status));
		} else {
			c->status = status;
		}
	}
	c->is_unknown = c->status < 0 && pid < 0;
	return c->status >= 0;
}

/* As sigwaitinfo(2); but what could not be found out now is asked again soon: SIGCHLD is over. */
static int wait_for_signal(const struct command *c, const sigset_t *set, siginfo_t *info)
{
	const struct timespec soon = {.tv_nsec = 100000000};

	return c->is_unknown ? sigtimedwait(set, info, &soon) : sigwaitinfo(set, info);
}

static void wait_for_end(struct command *c)
{
	sigset_t all;

	sigfillset(&all);
	while (!has_ended(c)) {
		siginfo_t info;
		int sig = wait_for_signal(c, &all, &info);

		if (sig > 0 && sig != SIGCHLD)
			pass_on(c, sig, &info);
	}
}

int supervise(const struct supervision *s, int *status, struct sentry *sentry)
{
	struct command command = {.status = -1, .sentry = sentry};
	struct left_behind left;
	pid_t launcher = getpid();

	take_along(&left);
	sigpending(&command.early);
	command.pid = fork();
	if (command.pid < 0) {
		int err = -errno;

		arm(&left);
		return err;
	}
	if (command.pid == 0)
		be_command(s, &left, launcher);
	descriptors_release(s->keep_stderr);
	sentry_start(sentry, command.pid, s->line);
	if (s->baking)
		command.service = service_start(s->baking, s->envp, false);
	wait_for_end(&command);
	service_end(command.service);
	sentry_dismiss(sentry);
	*status = command.status;
	return 0;
}

int exit_status_of(int status)
{
	return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}
