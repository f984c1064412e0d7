#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/template/image/format.h"
#include "test/cases/lib/case.h"

enum { PROCESSES_MAX = 64, SYSCALL_STOP = SIGTRAP | 0x80, PATIENCE_S = 120 };

struct process {
	pid_t pid; /* 0: not used */
	int depth;
	bool armed;
	bool executed;
	bool begun;           /* has made the stop that all make before anything else */
	bool waits;           /* is in that stop, for its parent to tell of it */
	int error;            /* of the call that it is in: what that is to return, if not 0 */
	unsigned long resume; /* where resume code begins, after an exec */
};

static struct process processes[PROCESSES_MAX];

void trace_me(void)
{
	REQUIRE(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
	raise(SIGSTOP);
}

static struct process *find(pid_t pid)
{
	for (int i = 0; i < PROCESSES_MAX; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	return NULL;
}

static struct process *add(pid_t pid)
{
	struct process *p = find(pid);

	if (!p) {
		p = find(0);
		REQUIRE(p != NULL);
		*p = (struct process){.pid = pid, .depth = -1};
	}
	return p;
}

/* It cannot fail, or not like that: brk(2) returns no errors. */
static bool cannot_fail(long nr)
{
	switch (nr) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_rt_sigreturn:
	case SYS_restart_syscall:
	case SYS_brk:
	case SYS_getpid:
	case SYS_gettid:
	case SYS_getppid:
	case SYS_getuid:
	case SYS_geteuid:
	case SYS_getgid:
	case SYS_getegid:
	case SYS_getpgid:
	case SYS_getpgrp:
	case SYS_umask:
	case SYS_set_tid_address:
		return true;
	default:
		return false;
	}
}

/* Whoever asks whether it is traced is told that this cannot be known. */
static bool asks_for_tracer(pid_t pid, const struct __ptrace_syscall_info *info)
{
	static const char path[] = "/proc/self/status";
	char text[sizeof path] = "";
	struct iovec here = {text, sizeof text};
	struct iovec there = {(void *)(uintptr_t)info->entry.args[1], sizeof text};

	return info->entry.nr == SYS_openat &&
	       process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof text &&
	       memcmp(text, path, sizeof path) == 0;
}

static bool is_counted(const struct trace *t, const struct process *p,
		       const struct __ptrace_syscall_info *info)
{
	if (cannot_fail((long)info->entry.nr))
		return false;
	if (!t->marks)
		return p->executed;
	if (p->executed)
		return info->instruction_pointer - p->resume < RESUME_CODE_SIZE;
	return p->armed;
}

/* A descriptor is closed and memory unmapped whatever the call returns. */
static void fail_call(struct process *p, long nr, int error)
{
	struct user_regs_struct regs;

	p->error = error;
	if (nr == SYS_close || nr == SYS_munmap)
		return;
	REQUIRE(ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) == 0);
	regs.orig_rax = ~0ULL;
	REQUIRE(ptrace(PTRACE_SETREGS, p->pid, NULL, &regs) == 0);
}

/* Its number. */
static unsigned long note_call(struct trace *t, long nr, const struct process *p)
{
	if (t->log && t->counted < TRACE_LOG_MAX)
		t->log[t->counted] = (struct trace_hit){nr, p->depth, p->executed};
	return ++t->counted;
}

static void see_entry(struct trace *t, struct process *p, const struct __ptrace_syscall_info *info)
{
	long nr = (long)info->entry.nr;

	p->error = 0;
	if (t->marks && nr == SYS_getpgid &&
	    (info->entry.args[0] == TRACE_MARK_ON || info->entry.args[0] == TRACE_MARK_OFF))
		p->armed = info->entry.args[0] == TRACE_MARK_ON;
	if (is_counted(t, p, info) && note_call(t, nr, p) == t->number) {
		t->hit = (struct trace_hit){nr, p->depth, p->executed};
		if (t->error == TRACE_KILL)
			kill(p->pid, SIGKILL);
		else
			fail_call(p, nr, t->error);
	} else if (t->marks && !p->executed && asks_for_tracer(p->pid, info)) {
		fail_call(p, nr, ENOENT);
	}
}

static void see_exit(const struct process *p)
{
	struct user_regs_struct regs;

	if (!p->error || ptrace(PTRACE_GETREGS, p->pid, NULL, &regs))
		return;
	regs.rax = (unsigned long long)-(long)p->error;
	ptrace(PTRACE_SETREGS, p->pid, NULL, &regs);
}

static void see_call(struct trace *t, struct process *p)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof info, &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		see_entry(t, p, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		see_exit(p);
}

static void see_child(const struct process *parent)
{
	unsigned long pid;
	struct process *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid))
		return;
	child = add((pid_t)pid);
	child->depth = parent->depth + 1;
	child->armed = parent->armed;
	child->executed = parent->executed;
	child->resume = parent->resume;
}

static void see_exec(struct process *p)
{
	struct user_regs_struct regs;

	p->executed = true;
	p->error = 0;
	if (ptrace(PTRACE_GETREGS, p->pid, NULL, &regs) == 0)
		p->resume = regs.rip;
}

/* A stop of a known process; the signal that it is to be given. */
static int see_stop(struct trace *t, struct process *p, int status)
{
	int sig = status >> 8;

	switch (sig) {
	case SYSCALL_STOP:
		see_call(t, p);
		return 0;
	case SIGTRAP | PTRACE_EVENT_FORK << 8:
	case SIGTRAP | PTRACE_EVENT_VFORK << 8:
	case SIGTRAP | PTRACE_EVENT_CLONE << 8:
		see_child(p);
		return 0;
	case SIGTRAP | PTRACE_EVENT_EXEC << 8:
		see_exec(p);
		return 0;
	default:
		return sig & 0xff;
	}
}

static void go_on(const struct trace *t, struct process *p, int sig)
{
	if (p->depth > t->depth) {
		ptrace(PTRACE_DETACH, p->pid, NULL, 0);
		p->pid = 0;
	} else {
		ptrace(PTRACE_SYSCALL, p->pid, NULL, (long)sig);
	}
}

void trace_run(struct trace *t, pid_t first)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
	int status;
	pid_t pid;

	memset(processes, 0, sizeof processes);
	t->counted = 0;
	t->hit.nr = -1;
	alarm(PATIENCE_S);
	REQUIRE(waitpid(first, &status, 0) == first && WIFSTOPPED(status));
	REQUIRE(ptrace(PTRACE_SETOPTIONS, first, NULL, options) == 0);
	*add(first) = (struct process){.pid = first, .begun = true};
	REQUIRE(ptrace(PTRACE_SYSCALL, first, NULL, 0) == 0);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct process *p = add(pid);

		if (!WIFSTOPPED(status)) {
			if (pid == first)
				t->status = status;
			p->pid = 0;
		} else if (!p->begun) {
			p->begun = true;
			p->waits = true;
		} else {
			go_on(t, p, see_stop(t, p, status));
		}
		for (int i = 0; i < PROCESSES_MAX; i++)
			if (processes[i].pid && processes[i].waits && processes[i].depth >= 0) {
				processes[i].waits = false;
				go_on(t, &processes[i], 0);
			}
	}
	alarm(0);
}

const char *trace_name(long nr)
{
	static const struct {
		long nr;
		const char *name;
	} names[] = {
#define NAME(name) {SYS_##name, #name}
		NAME(access),
		NAME(arch_prctl),
		NAME(clone),
		NAME(clone3),
		NAME(close),
		NAME(dup2),
		NAME(execve),
		NAME(faccessat),
		NAME(fchmod),
		NAME(fcntl),
		NAME(flock),
		NAME(fork),
		NAME(fstat),
		NAME(ftruncate),
		NAME(futex),
		NAME(getcwd),
		NAME(getdents64),
		NAME(getrandom),
		NAME(ioctl),
		NAME(lseek),
		NAME(madvise),
		NAME(memfd_create),
		NAME(mkdirat),
		NAME(mmap),
		NAME(mprotect),
		NAME(munmap),
		NAME(newfstatat),
		NAME(openat),
		NAME(pipe2),
		NAME(prctl),
		NAME(pread64),
		NAME(prlimit64),
		NAME(ptrace),
		NAME(pwrite64),
		NAME(read),
		NAME(readlink),
		NAME(renameat),
		NAME(rseq),
		NAME(rt_sigaction),
		NAME(rt_sigprocmask),
		NAME(sched_setaffinity),
		NAME(set_robust_list),
		NAME(statfs),
		NAME(symlinkat),
		NAME(unlinkat),
		NAME(vfork),
		NAME(wait4),
		NAME(write),
#undef NAME
	};
	static char number[24];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].nr == nr)
			return names[i].name;
	snprintf(number, sizeof number, "%ld", nr);
	return number;
}
