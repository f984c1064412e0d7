/*
 * A process under our control from its first instruction: the one that is baked.
 *
 * Linux ptrace(2), x86-64.  All functions return 0 or a negative error number; a tracee that has
 * ended or done something unexpected is -ESRCH.  Whatever happens, it dies with its tracer
 * (PTRACE_O_EXITKILL).
 */
#ifndef ST_IMAGE_TRACEE_H
#define ST_IMAGE_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

enum { TRACEE_BREAKPOINTS = 16, TRACEE_WORDS = 4 };

struct breakpoint {
	uint64_t at;
	unsigned char saved;
};

struct tracee {
	pid_t pid;
	int mem;             /* /proc/PID/mem */
	uint64_t syscall_at; /* address of a `syscall` instruction */
	struct breakpoint breakpoints[TRACEE_BREAKPOINTS];
	unsigned breakpoint_count;
	bool in_syscall;
	unsigned touched; /* after TRACEE_WATCH: a bit for each watched word */
};

/*
 * Start program `path` with standard streams on /dev/null, in the root directory, with default
 * signal dispositions, on this one CPU, stopped before its first instruction.
 */
int tracee_start(struct tracee *t, const char *path, char *const argv[], char *const envp[],
		 int cpu);
/*
 * Have this process stay on the CPU that it is on: it and the one that it traces take turns, so
 * that no other has to be woken up.
 */
void tracee_stay_on_cpu(void);
/* sched_getaffinity(2) of this process, but for that. */
int tracee_affinity(uint32_t size, uint64_t *set);

/* Kill and reap it. */
void tracee_end(struct tracee *t);

int tracee_read(const struct tracee *t, uint64_t at, void *buf, size_t size);
/* A string and its null; -ENAMETOOLONG if it does not fit. */
int tracee_read_string(const struct tracee *t, uint64_t at, char *buf, size_t size);
int tracee_write(const struct tracee *t, uint64_t at, const void *buf, size_t size);
int tracee_get_regs(const struct tracee *t, struct user_regs_struct *regs);
int tracee_set_regs(const struct tracee *t, const struct user_regs_struct *regs);

int tracee_get_floats(const struct tracee *t, struct user_fpregs_struct *floats);

/* The set of blocked signals, signal n as bit n - 1. */
int tracee_get_mask(const struct tracee *t, uint64_t *mask);
int tracee_set_mask(const struct tracee *t, uint64_t mask);

/*
 * Make the tracee issue a system call, through the `syscall` instruction at t->syscall_at; its
 * registers are as before afterwards.  *result is the kernel's value.
 */
int tracee_syscall(struct tracee *t, long nr, const uint64_t args[6], long *result);

int tracee_add_breakpoint(struct tracee *t, uint64_t at);
/* Put the original bytes back everywhere.  -ESTALE, and nothing is written there, if the tracee has
   put something else in the place of a breakpoint. */
int tracee_remove_breakpoints(struct tracee *t);

/*
 * Stop, with TRACEE_WATCH, whenever an instruction reads or writes one of these words, of eight
 * bytes, aligned; TRACEE_WORDS at most.  The error is the kernel's if there are no debug registers
 * to be had.
 */
int tracee_watch(struct tracee *t, const uint64_t words[], unsigned count);

enum tracee_event {
	TRACEE_SYSCALL_ENTRY,
	TRACEE_SYSCALL_EXIT,
	TRACEE_BREAKPOINT, /* regs.rip is the breakpoint's address, its instruction not yet run */
	TRACEE_CLOCK,      /* rdtsc at regs.rip: skipped, with 0 for its result */
	TRACEE_WATCH,      /* a watched word was touched; regs.rip is the next instruction */
	TRACEE_FOREIGN,    /* at the entry of a system call that is not x86-64's */
	TRACEE_HIDDEN,     /* the next instruction cannot be run without losing sight of it */
	TRACEE_OTHER,      /* a signal, an exit, an exec, a clone */
};

/* Go on until something happens.  A breakpoint that it stands on is stepped over first. */
int tracee_run(struct tracee *t, enum tracee_event *event, struct user_regs_struct *regs);

#endif
