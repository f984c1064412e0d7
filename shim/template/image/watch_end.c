/*
 * What a start-up has left behind where no image keeps it.
 *
 * Hazards, and what answers each:
 *  1. A process that is started from an image has the registers that the kernel gives it.  Of
 *     floating point resume sets what has happened so far (MXCSR's low bits: libLLVM rounds
 *     something), as that is common; how it rounds, and all else, must be as it was.
 *  2. It has the arguments, the environment and the auxiliary vector that the kernel gives it:
 *     whoever changes them in place, as strtok() of a variable's value does, is refused.  ld.so
 *     itself puts a copy of GLIBC_TUNABLES there (glibc before 2.39): that reads the same.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "watch_part.h"

enum {
	MXCSR_EVENTS = 0x3f,     /* Intel SDM volume 1, 10.2.3 */
	MXCSR_AT_START = 0x1f80, /* as Linux has it */
	X87_EVENTS = 0x3f,       /* of the status word, 8.1.3 */
	X87_AT_START = 0x37f,    /* the control word */
};

int watch_registers(struct watch *w, const struct tracee *t, const struct user_regs_struct *regs)
{
	struct user_fpregs_struct floats;
	int err = tracee_get_floats(t, &floats);

	if (err)
		return err;
	if ((floats.mxcsr & ~(unsigned)MXCSR_EVENTS) != MXCSR_AT_START ||
	    floats.cwd != X87_AT_START)
		return watch_refuse(w, "its start-up sets how floating point works");
	if (floats.ftw || (floats.swd & X87_EVENTS))
		return watch_refuse(w, "its start-up leaves something in the x87's registers");
	if (regs->gs_base || regs->fs_base != w->fs_base)
		return watch_refuse(w, "its start-up sets a segment's base");
	w->mxcsr = floats.mxcsr;
	return 0;
}

static uint64_t word_at(const unsigned char *block, uint64_t offset)
{
	uint64_t value;

	memcpy(&value, block + offset, sizeof value);
	return value;
}

/* True if the string that was at `offset` of the block is now at another address. */
static bool is_copied(const struct tracee *t, uint64_t at, const unsigned char *block, size_t size,
		      uint64_t offset)
{
	const char *old = (const char *)block + offset;
	const size_t length = offset < size ? strnlen(old, size - offset) + 1 : 0;
	char *copy = length ? malloc(length) : NULL;
	bool result = copy && !tracee_read(t, at, copy, length) && memcmp(copy, old, length) == 0;

	free(copy);
	return result;
}

/* Forget the difference of variables that are elsewhere now. */
static void follow_copies(const struct place *p, const struct tracee *t, unsigned char *before,
			  const unsigned char *now, size_t size)
{
	for (uint64_t at = p->envp - p->stack; at < p->auxv - p->stack; at += sizeof at) {
		const uint64_t was = word_at(before, at);
		const uint64_t is = word_at(now, at);

		if (was != is && is_copied(t, is, before, size, was - p->stack))
			memcpy(before + at, &is, sizeof is);
	}
}

int watch_stack(struct watch *w, const struct place *p, const struct tracee *t)
{
	const size_t size = p->stack_top - p->stack;

	w->stack = malloc(size);
	return w->stack ? tracee_read(t, p->stack, w->stack, size) : -ENOMEM;
}

int watch_stack_end(struct watch *w, const struct place *p, const struct tracee *t)
{
	const size_t size = p->stack_top - p->stack;
	unsigned char *now = malloc(size);
	int err = now ? tracee_read(t, p->stack, now, size) : -ENOMEM;

	if (!err) {
		/* Which the kernel's have been changed for meanwhile. */
		memcpy(w->stack + (p->aux[AT_RANDOM] - p->stack), w->random, sizeof w->random);
		follow_copies(p, t, w->stack, now, size);
		if (memcmp(w->stack, now, size) != 0)
			err = watch_refuse(w, "its start-up changes its arguments or environment "
					      "in place");
	}
	free(now);
	return err;
}
