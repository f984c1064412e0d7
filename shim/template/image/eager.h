/*
 * Binding all functions before an image is taken.
 *
 * With LD_BIND_NOW ld.so resolves every function when it loads an object, and not when it is first
 * called: work that an image saves its processes.  But it also remembers to do so for whatever the
 * program loads later with dlopen(3), and that must not show.  The flag that it remembers is
 * private to ld.so; it is found by comparing a process that was started with the variable with one
 * that was not, and set back.
 */
#ifndef ST_IMAGE_EAGER_H
#define ST_IMAGE_EAGER_H

#include "capture.h"
#include "place.h"
#include "tracee.h"

/*
 * The address of the flag, from two processes that stand at their entry point at the same place.
 * 0 if it cannot be told beyond doubt: if anything else in ld.so's read-only state differs.
 */
uint64_t eager_find_flag(const struct place *lazy_place, const struct tracee *lazy,
			 const struct place *eager_place, const struct tracee *eager);

/* Set the flag in what was captured to "lazy". */
int eager_restore(struct capture *c, uint64_t flag);

#endif
