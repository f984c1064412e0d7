#include "tracee.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../elfcache/sys.h"
#include "opcode.h"

enum { SYSCALL_STOP = SIGTRAP | 0x80, INT3 = 0xcc };

/* Debug registers, Intel SDM volume 3, 18.2: 0 to 3 have addresses, 6 tells which of them it was.
 */
enum { DEBUG_STATUS = 6, DEBUG_CONTROL = 7 };
/* In DEBUG_CONTROL, for number n: enabled; for reading and writing, eight bytes. */
#define DEBUG_ENABLE(n)  (UINT64_C(1) << (2 * (n)))
#define DEBUG_TOUCHED(n) (UINT64_C(0xb) << (16 + 4 * (n)))

__attribute__((noreturn)) static void become(pid_t tracer, const char *path, char *const argv[],
					     char *const envp[], int cpu)
{
	cpu_set_t cpus;
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	/* PTRACE_O_EXITKILL comes into force only when it has stopped; and whoever asks to be
	   traced when its parent is gone is traced by init, and stops for ever. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != tracer)
		_exit(127);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
	    chdir("/") < 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(127);
	/* Stack addresses are left behind in padding, and would differ between two runs. */
	if (personality(ADDR_NO_RANDOMIZE) < 0)
		_exit(127);
	CPU_ZERO(&cpus);
	CPU_SET((size_t)cpu, &cpus);
	if (sched_setaffinity(0, sizeof cpus, &cpus) < 0)
		_exit(127);
	/* Nothing of ours may be seen: a constructor might look. */
	if (syscall(SYS_close_range, 3U, ~0U, 0U) < 0)
		_exit(127);
	/* Not libc's, which our own preload replaces: the program itself is wanted here. */
	syscall(SYS_execve, path, argv, envp);
	_exit(127);
}

/* Before tracee_stay_on_cpu(): all bits of it, or none. */
static cpu_set_t all_cpus;

void tracee_stay_on_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t one;

	CPU_ZERO(&one);
	if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof all_cpus, &all_cpus) < 0)
		return;
	CPU_SET((size_t)cpu, &one);
	sched_setaffinity(0, sizeof one, &one);
}

int tracee_affinity(uint32_t size, uint64_t *set)
{
	int result = (int)sys_call3(SYS_sched_getaffinity, 0, size, (long)set);

	if (result > (int)sizeof all_cpus)
		return -EINVAL;
	if (result > 0 && CPU_COUNT(&all_cpus) > 0)
		memcpy(set, &all_cpus, (size_t)result);
	return result;
}

/* Wait for the next stop.  The signal, or -ESRCH if the process is gone. */
static int wait_stop(const struct tracee *t)
{
	int status;

	while (waitpid(t->pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSTOPPED(status) ? status >> 8 : -ESRCH;
}

int tracee_start(struct tracee *t, const char *path, char *const argv[], char *const envp[],
		 int cpu)
{
	const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
			     PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
	struct user_regs_struct regs;
	char name[32];
	pid_t tracer;
	int err;

	*t = (struct tracee){.mem = -1};
	tracer = getpid();
	t->pid = fork();
	if (t->pid < 0)
		return -errno;
	if (t->pid == 0)
		become(tracer, path, argv, envp, cpu);
	if (wait_stop(t) != SIGTRAP || ptrace(PTRACE_SETOPTIONS, t->pid, NULL, options) < 0) {
		tracee_end(t);
		return -ESRCH;
	}
	snprintf(name, sizeof name, "/proc/%d/mem", (int)t->pid);
	t->mem = open(name, O_RDWR | O_CLOEXEC);
	if (t->mem < 0) {
		err = -errno;
		tracee_end(t);
		return err;
	}
	err = tracee_get_regs(t, &regs);
	if (err)
		tracee_end(t);
	return err;
}

void tracee_end(struct tracee *t)
{
	if (t->mem >= 0)
		close(t->mem);
	if (t->pid > 0) {
		kill(t->pid, SIGKILL);
		while (waitpid(t->pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	*t = (struct tracee){.mem = -1};
}

int tracee_read(const struct tracee *t, uint64_t at, void *buf, size_t size)
{
	ssize_t got = pread(t->mem, buf, size, (off_t)at);

	return got == (ssize_t)size ? 0 : got < 0 ? -errno : -EFAULT;
}

int tracee_read_string(const struct tracee *t, uint64_t at, char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		/* The page after it may be none of the tracee's. */
		size_t part = PAGE_SIZE - (at + done) % PAGE_SIZE;
		int err;

		if (part > size - done)
			part = size - done;
		err = tracee_read(t, at + done, buf + done, part);
		if (err)
			return err;
		if (memchr(buf + done, '\0', part))
			return 0;
		done += part;
	}
	return -ENAMETOOLONG;
}

int tracee_write(const struct tracee *t, uint64_t at, const void *buf, size_t size)
{
	ssize_t put = pwrite(t->mem, buf, size, (off_t)at);

	return put == (ssize_t)size ? 0 : put < 0 ? -errno : -EFAULT;
}

int tracee_get_regs(const struct tracee *t, struct user_regs_struct *regs)
{
	return ptrace(PTRACE_GETREGS, t->pid, NULL, regs) < 0 ? -errno : 0;
}

int tracee_set_regs(const struct tracee *t, const struct user_regs_struct *regs)
{
	return ptrace(PTRACE_SETREGS, t->pid, NULL, regs) < 0 ? -errno : 0;
}

int tracee_get_floats(const struct tracee *t, struct user_fpregs_struct *floats)
{
	return ptrace(PTRACE_GETFPREGS, t->pid, NULL, floats) < 0 ? -errno : 0;
}

int tracee_get_mask(const struct tracee *t, uint64_t *mask)
{
	return ptrace(PTRACE_GETSIGMASK, t->pid, sizeof *mask, mask) < 0 ? -errno : 0;
}

int tracee_set_mask(const struct tracee *t, uint64_t mask)
{
	return ptrace(PTRACE_SETSIGMASK, t->pid, sizeof mask, &mask) < 0 ? -errno : 0;
}

/* One instruction; true system call stops do not occur in a single step. */
static int step(const struct tracee *t)
{
	int stop;

	if (ptrace(PTRACE_SINGLESTEP, t->pid, NULL, NULL) < 0)
		return -errno;
	stop = wait_stop(t);
	return stop == SIGTRAP ? 0 : stop < 0 ? stop : -ESRCH;
}

int tracee_syscall(struct tracee *t, long nr, const uint64_t args[6], long *result)
{
	struct user_regs_struct saved;
	struct user_regs_struct regs;
	unsigned char code[2];
	int err = tracee_get_regs(t, &saved);

	if (!err)
		err = tracee_read(t, t->syscall_at, code, sizeof code);
	/* The tracee may have put something else there. */
	if (!err && (code[0] != 0x0f || code[1] != 0x05))
		err = -ESRCH;
	if (err)
		return err;
	regs = saved;
	regs.rip = t->syscall_at;
	regs.rax = (unsigned long long)nr;
	/* Not in a system call now, so none to restart. */
	regs.orig_rax = (unsigned long long)-1;
	regs.rdi = args[0];
	regs.rsi = args[1];
	regs.rdx = args[2];
	regs.r10 = args[3];
	regs.r8 = args[4];
	regs.r9 = args[5];
	err = tracee_set_regs(t, &regs);
	if (!err)
		err = step(t);
	if (!err)
		err = tracee_get_regs(t, &regs);
	if (err)
		return err;
	*result = (long)regs.rax;
	return tracee_set_regs(t, &saved);
}

int tracee_add_breakpoint(struct tracee *t, uint64_t at)
{
	const unsigned char int3 = INT3;
	struct breakpoint *b;
	int err;

	if (t->breakpoint_count == TRACEE_BREAKPOINTS)
		return -ENOSPC;
	b = &t->breakpoints[t->breakpoint_count];
	b->at = at;
	err = tracee_read(t, at, &b->saved, 1);
	if (!err)
		err = tracee_write(t, at, &int3, 1);
	if (!err)
		t->breakpoint_count++;
	return err;
}

int tracee_remove_breakpoints(struct tracee *t)
{
	int err = 0;

	while (t->breakpoint_count && !err) {
		const struct breakpoint *b = &t->breakpoints[--t->breakpoint_count];
		unsigned char now = 0;

		err = tracee_read(t, b->at, &now, 1);
		if (err || now != INT3)
			return -ESTALE;
		err = tracee_write(t, b->at, &b->saved, 1);
	}
	return err;
}

static const struct breakpoint *breakpoint_at(const struct tracee *t, uint64_t at)
{
	for (unsigned i = 0; i < t->breakpoint_count; i++)
		if (t->breakpoints[i].at == at)
			return &t->breakpoints[i];
	return NULL;
}

/*
 * True if the tracee would call the kernel by the instruction under a breakpoint: that would not be
 * reported.  Its bytes must be in the breakpoint's own page, which by that is the tracee's own:
 * another one could be changed, in its file, after it was read.
 */
static bool is_hidden(const struct tracee *t, const struct breakpoint *b)
{
	const size_t room = PAGE_SIZE - b->at % PAGE_SIZE;
	const size_t size = room < OPCODE_MAX ? room : OPCODE_MAX;
	unsigned char code[OPCODE_MAX];

	if (tracee_read(t, b->at, code, size))
		return true;
	code[0] = b->saved;
	return opcode_enters_kernel(code, size);
}

/* Run the instruction under a breakpoint. */
static int step_over(const struct tracee *t, const struct breakpoint *b)
{
	const unsigned char int3 = INT3;
	int err = tracee_write(t, b->at, &b->saved, 1);

	if (!err)
		err = step(t);
	if (!err)
		err = tracee_write(t, b->at, &int3, 1);
	return err;
}

/* After a SIGSEGV: skip a rdtsc or rdtscp, which is forbidden to the tracee. */
static bool skip_clock(const struct tracee *t, const struct user_regs_struct *regs)
{
	struct user_regs_struct after = *regs;
	unsigned char code[3];

	if (tracee_read(t, regs->rip, code, sizeof code) || code[0] != 0x0f)
		return false;
	if (code[1] == 0x31) {
		after.rip += 2;
	} else if (code[1] == 0x01 && code[2] == 0xf9) {
		after.rip += 3;
		after.rcx = 0;
	} else {
		return false;
	}
	after.rax = 0;
	after.rdx = 0;
	return tracee_set_regs(t, &after) == 0;
}

static int set_debug_register(const struct tracee *t, unsigned number, uint64_t value)
{
	size_t at = offsetof(struct user, u_debugreg) + number * sizeof(uint64_t);

	return ptrace(PTRACE_POKEUSER, t->pid, at, value) < 0 ? -errno : 0;
}

int tracee_watch(struct tracee *t, const uint64_t words[], unsigned count)
{
	uint64_t control = 0;
	int err = 0;

	for (unsigned i = 0; i < count && !err; i++) {
		err = set_debug_register(t, i, words[i]);
		control |= DEBUG_ENABLE(i) | DEBUG_TOUCHED(i);
	}
	return err ? err : set_debug_register(t, DEBUG_CONTROL, control);
}

/* After a SIGTRAP: whether a debug register raised it, and which. */
static bool is_touched(struct tracee *t)
{
	siginfo_t info;
	long status;

	if (ptrace(PTRACE_GETSIGINFO, t->pid, NULL, &info) < 0 || info.si_code != TRAP_HWBKPT)
		return false;
	errno = 0;
	status = ptrace(PTRACE_PEEKUSER, t->pid,
			offsetof(struct user, u_debugreg) + DEBUG_STATUS * sizeof(uint64_t), NULL);
	t->touched = errno ? 0 : (unsigned)status & ((1U << TRACEE_WORDS) - 1);
	return true;
}

/* At the entry of a system call.  Its number alone does not tell: 5 is fstat(2), and open(2) to who
   comes by `int $0x80`. */
static bool is_foreign(const struct tracee *t)
{
	struct __ptrace_syscall_info info;

	return ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof info, &info) <= 0 ||
	       info.arch != AUDIT_ARCH_X86_64;
}

int tracee_run(struct tracee *t, enum tracee_event *event, struct user_regs_struct *regs)
{
	const struct breakpoint *b;
	int stop;
	int err = tracee_get_regs(t, regs);

	if (err)
		return err;
	b = t->in_syscall ? NULL : breakpoint_at(t, regs->rip);
	if (b && is_hidden(t, b)) {
		*event = TRACEE_HIDDEN;
		return 0;
	}
	if (b && (err = step_over(t, b)))
		return err;
	if (ptrace(PTRACE_SYSCALL, t->pid, NULL, NULL) < 0)
		return -errno;
	stop = wait_stop(t);
	if (stop < 0)
		return stop;
	err = tracee_get_regs(t, regs);
	if (err)
		return err;
	*event = TRACEE_OTHER;
	if (stop == SYSCALL_STOP) {
		t->in_syscall = !t->in_syscall;
		*event = !t->in_syscall  ? TRACEE_SYSCALL_EXIT
			 : is_foreign(t) ? TRACEE_FOREIGN
					 : TRACEE_SYSCALL_ENTRY;
	} else if (stop == SIGTRAP && is_touched(t)) {
		*event = TRACEE_WATCH;
	} else if (stop == SIGTRAP && breakpoint_at(t, regs->rip - 1)) {
		regs->rip--;
		err = tracee_set_regs(t, regs);
		*event = TRACEE_BREAKPOINT;
	} else if (stop == SIGSEGV && skip_clock(t, regs)) {
		*event = TRACEE_CLOCK;
	}
	return err;
}
