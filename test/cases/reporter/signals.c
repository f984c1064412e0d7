/* Signal mask, dispositions, pending signals, alternate stack. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reporter.h"

enum { SIGNALS = 64 };

/* The kernel's own idea: libc's sigaction() does not tell of its internal signals 32 and 33. */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static const char *disposition(int sig)
{
	struct kernel_action action;

	if (syscall(SYS_rt_sigaction, sig, NULL, &action, sizeof action.mask) == -1)
		return "unreadable";
	if (action.handler == SIG_DFL)
		return "default";
	if (action.handler == SIG_IGN)
		return "ignored";
	return "handled";
}

/* A set of /proc/self/status, without signals 32 and 33, which have lines of their own. */
static void report_set(const char *status, const char *name)
{
	char value[64];
	uint64_t set = strtoull(status_field(status, name, value, sizeof value), NULL, 16);

	report(name, "%016llx", (unsigned long long)(set & ~(3ULL << 31)));
}

void report_signals(void)
{
	static char status[1 << 14];
	stack_t stack;
	sigset_t set;

	read_file("/proc/self/status", status, sizeof status);
	report_set(status, "SigPnd");
	report_set(status, "ShdPnd");
	report_set(status, "SigBlk");
	report_set(status, "SigIgn");
	report_set(status, "SigCgt");
	for (int sig = 1; sig <= SIGNALS; sig++) {
		char key[32];

		snprintf(key, sizeof key, "signal %d", sig);
		report(key, "%s", disposition(sig));
	}
	sigprocmask(SIG_BLOCK, NULL, &set);
	for (int sig = 1; sig <= SIGNALS; sig++)
		if (sigismember(&set, sig) == 1)
			report("blocked", "%d", sig);
	sigpending(&set);
	for (int sig = 1; sig <= SIGNALS; sig++)
		if (sigismember(&set, sig) == 1)
			report("pending", "%d", sig);
	sigaltstack(NULL, &stack);
	report("sigaltstack", "%s, flags %#x, size %zu", stack.ss_sp ? "set" : "none",
	       (unsigned)stack.ss_flags, stack.ss_size);
}
