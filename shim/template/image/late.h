/*
 * Functions that must not be bound before they are called.
 *
 * An image has its functions bound (eager.h), which natively happens when each is first called.
 * Mostly nobody can tell.  But what is not defined then may be by then, in a library that main()
 * loads; and what a library chooses by a function of its own (STT_GNU_IFUNC) may depend on what
 * main() has set.
 */
#ifndef ST_IMAGE_LATE_H
#define ST_IMAGE_LATE_H

#include <stdbool.h>

#include "place.h"
#include "tracee.h"

/* True if there is such a function in the process, which stands at its entry point with all of them
   bound; or if that cannot be told. */
bool late_matters(const struct place *p, const struct tracee *t);

#endif
