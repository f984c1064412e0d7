/*
 * What time it is to a start-up.
 *
 * The clocks stand still; in the second run they are at another time, years later, by another
 * number of them for each clock, and advance whenever they are read.  A word of memory that has the
 * first of these times, in both runs, gets that of the process that is started; what was made of
 * them in any other way, the time between two as well, is another result each time, and refused
 * (merge.c). A start-up that waits for time to pass goes on for too long.
 *
 * Seconds and coarse times are read from memory, without rdtsc, so that the functions of the vDSO
 * are stopped at, and answered in its place.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "watch_part.h"

#define NS_OF_S    UINT64_C(1000000000)
#define NS_OF_YEAR (UINT64_C(365) * 24 * 3600 * NS_OF_S)

int clocks_now(uint64_t clocks[IMAGE_CLOCKS])
{
	static const clockid_t known[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_REALTIME_COARSE,
					  CLOCK_MONOTONIC_COARSE};

	memset(clocks, 0, IMAGE_CLOCKS * sizeof clocks[0]);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct timespec now;

		if (clock_gettime(known[i], &now) < 0)
			return -errno;
		clocks[known[i]] = (uint64_t)now.tv_sec * NS_OF_S + (uint64_t)now.tv_nsec;
	}
	return 0;
}

/* True if whoever takes the rest of a time by a small number gets two of them, in any unit. */
static bool are_apart(uint64_t first, uint64_t second)
{
	static const unsigned divisors[] = {2, 3, 5, 7};

	for (unsigned unit = 0; unit < CLOCK_UNIT_US_DOUBLE; unit++)
		for (size_t i = 0; i < sizeof divisors / sizeof divisors[0]; i++)
			if (image_clock_value(first, unit) % divisors[i] ==
			    image_clock_value(second, unit) % divisors[i])
				return false;
	return true;
}

void clocks_of_second_run(uint64_t clocks[IMAGE_CLOCKS])
{
	for (unsigned i = 0; i < IMAGE_CLOCKS; i++) {
		uint64_t later = clocks[i] + ((uint64_t)i + 1) * NS_OF_YEAR;

		while (clocks[i] && !are_apart(clocks[i], later))
			later += 1234567891;
		clocks[i] = clocks[i] ? later : 0;
	}
}

static int no_clock(struct watch *w)
{
	return watch_refuse(w, "its start-up reads a clock");
}

static int write_parts(const struct tracee *t, uint64_t at, uint64_t ns, enum clock_unit rest)
{
	const uint64_t parts[2] = {
		image_clock_value(ns, CLOCK_UNIT_S),
		image_clock_value(ns, rest),
	};

	return at ? tracee_write(t, at, parts, sizeof parts) : 0;
}

/* What this function says of a clock: to the one that reads it twice there may be no difference. */
static uint64_t read_clock(struct watch *w, const struct spot *spot, unsigned function,
			   unsigned clock)
{
	return spot->clocks[clock] + spot->clock_step * w->clock_reads[function][clock]++;
}

int watch_clock(struct watch *w, const struct place *p, const struct tracee *t,
		const struct functions *f, const struct user_regs_struct *regs)
{
	const struct spot *spot = p->spot;
	struct user_regs_struct after = *regs;
	int err = tracee_read(t, regs->rsp, &after.rip, sizeof after.rip);

	if (err)
		return err;
	w->clock_gettime = f->clocks[CLOCK_GETTIME] - p->vdso;
	after.rsp += sizeof after.rip;
	after.rax = 0;
	if (regs->rip == f->clocks[CLOCK_GETTIME]) {
		const uint32_t clock = (uint32_t)regs->rdi;

		if (clock >= IMAGE_CLOCKS || !spot->clocks[clock])
			return no_clock(w);
		err = write_parts(t, regs->rsi, read_clock(w, spot, CLOCK_GETTIME, clock),
				  CLOCK_UNIT_NS_OF_S);
	} else if (regs->rip == f->clocks[GETTIMEOFDAY]) {
		if (regs->rsi)
			return no_clock(w);
		err = write_parts(t, regs->rdi, read_clock(w, spot, GETTIMEOFDAY, CLOCK_REALTIME),
				  CLOCK_UNIT_US_OF_S);
	} else {
		after.rax = image_clock_value(read_clock(w, spot, TIME, CLOCK_REALTIME_COARSE),
					      CLOCK_UNIT_S);
		if (regs->rdi)
			err = tracee_write(t, regs->rdi, &after.rax, sizeof after.rax);
	}
	return err ? err : tracee_set_regs(t, &after);
}
