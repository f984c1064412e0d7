/*
 * ld.so's list of what it has loaded: struct link_map of <link.h>, the program's first.
 */
#ifndef ST_IMAGE_LOADED_H
#define ST_IMAGE_LOADED_H

#include <stdint.h>

#include "place.h"
#include "tracee.h"

enum {
	LOADED_MAX = 4096,    /* objects; more, and something is not what it is taken for */
	LOADED_DYNAMIC = 512, /* entries of a dynamic section, likewise */
};

/* The address of the first; 0 if the program's dynamic section does not have it (DT_DEBUG). */
uint64_t loaded_first(const struct place *p, const struct tracee *t);

#endif
