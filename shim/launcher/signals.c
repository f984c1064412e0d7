#include "signals.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

void signals_take(struct signal_state *state)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &state->mask);
	/* While it is blocked, SIGCHLD is kept for sigwaitinfo(2) although its default is to be
	   ignored; explicitly ignored it would have the kernel reap the child. */
	sigaction(SIGCHLD, &standard, &state->on_child);
}

void signals_restore(const struct signal_state *state)
{
	sigaction(SIGCHLD, &state->on_child, NULL);
	sigprocmask(SIG_SETMASK, &state->mask, NULL);
}

/* The sender of a pending SIGCONT, which is then gone; -1 if there was none. */
static pid_t take_continue(void)
{
	static const struct timespec now = {0};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCONT);
	return sigtimedwait(&set, &info, &now) == SIGCONT ? info.si_pid : -1;
}

pid_t signals_stop_self(int sig)
{
	struct sigaction standard = {.sa_handler = SIG_DFL};
	struct sigaction old;
	int changed = sig != SIGSTOP && sigaction(sig, &standard, &old) == 0;
	sigset_t set;
	sigset_t blocked;

	sigemptyset(&set);
	sigaddset(&set, sig);
	/* This takes back a SIGCONT that is pending... */
	kill(getpid(), sig);
	/* ... and has its effect here, if it is not SIGSTOP, which had it already. */
	sigprocmask(SIG_UNBLOCK, &set, &blocked);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	if (changed)
		sigaction(sig, &old, NULL);
	/* ... so that what is pending now, blocked as it is, has continued us. */
	return take_continue();
}
