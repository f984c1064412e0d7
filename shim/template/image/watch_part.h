/*
 * The parts of watching a start-up (watch.h): its system calls, and what it learns of its
 * environment and arguments.  All functions return as watch_run() does.
 */
#ifndef ST_IMAGE_WATCH_PART_H
#define ST_IMAGE_WATCH_PART_H

#include "functions.h"
#include "watch.h"

enum { WATCH_DESCRIPTORS = 64 }; /* bits of watch.opened */

/* A system call in progress. */
struct call {
	long nr;
	uint64_t arg[6];
	/* The result is not the kernel's but this. */
	bool emulated;
	uint64_t result;
};

/* Write down why the program is not eligible.  -ENOTSUP. */
__attribute__((format(printf, 2, 3))) int watch_refuse(struct watch *w, const char *format, ...);

/* Before a system call: let it go, change it, or give up. */
int watch_before_call(struct watch *w, struct place *p, struct tracee *t, struct call *c,
		      struct user_regs_struct *regs);
/* After it: write down what its result depends on. */
int watch_after_call(struct watch *w, const struct place *p, const struct tracee *t,
		     const struct call *c, struct user_regs_struct *regs);

/* Before mmap(2), munmap(2) and mprotect(2): it is put where no other process has anything, and
   nothing of the kernel's is changed. */
int watch_mmap(struct watch *w, struct place *p, const struct tracee *t, const struct call *c,
	       struct user_regs_struct *regs);
int watch_change(struct watch *w, const struct place *p, const struct tracee *t,
		 const struct call *c);
/* brk(2) in the place that the heap of a started image will have. */
void watch_brk(struct place *p, struct call *c, struct user_regs_struct *regs);
/* Before open(2), by a name. */
int watch_may_open(struct watch *w, const struct tracee *t, uint64_t name);
/* After a system call that named a file: what it found is a condition from now on, and that the
   file may be used so. */
int watch_named_file(struct watch *w, const struct tracee *t, uint64_t name, int rights,
		     long result);
/* A descriptor is used: of those that it has opened. */
int watch_own_descriptor(struct watch *w, uint64_t arg);

/* After prlimit(2). */
int watch_limit(struct watch *w, const struct place *p, const struct tracee *t,
		const struct call *c, const struct user_regs_struct *regs);

/* Before and after getrandom(2). */
int watch_random_size(struct watch *w, const struct place *p, uint64_t size);
int watch_random_call(const struct place *p, const struct tracee *t, const struct call *c,
		      long result);
/* getrandom() of libc is called. */
int watch_random(struct watch *w, const struct place *p, const struct tracee *t,
		 const struct functions *f, const struct user_regs_struct *regs);

/* A function of the vDSO that reads a clock is called. */
int watch_clock(struct watch *w, const struct place *p, const struct tracee *t,
		const struct functions *f, const struct user_regs_struct *regs);

/* Before the first instruction: see to it that nobody goes through the vectors unseen. */
int watch_vectors(struct watch *w, const struct place *p, struct tracee *t);
/* The instruction before regs->rip has touched them (TRACEE_WATCH). */
int watch_touched(struct watch *w, const struct place *p, const struct tracee *t,
		  const struct functions *f, const struct user_regs_struct *regs);
/* A function that reads or changes the environment is called. */
int watch_function(struct watch *w, const struct tracee *t, const struct functions *f,
		   const struct user_regs_struct *regs);
/* Before the first instruction: keep what the kernel has put on the stack. */
int watch_stack(struct watch *w, const struct place *p, const struct tracee *t);

/* At the end of the start-up. */
int watch_stack_end(struct watch *w, const struct place *p, const struct tracee *t);
int watch_vectors_end(struct watch *w);
int watch_registers(struct watch *w, const struct tracee *t, const struct user_regs_struct *regs);

#endif
