/*
 * What $ORIGIN is in the program's calls of dlopen(3): ld.so looks at /proc/self/exe when that is
 * asked for first, by a system call of its own, which would lead to the image.
 */
#ifndef ST_IMAGE_ORIGIN_H
#define ST_IMAGE_ORIGIN_H

#include <stdint.h>

#include "place.h"
#include "tracee.h"

/* The address of the word where ld.so will keep the program's directory, a string; 0 if it has been
   there already, or if nobody can tell where that is. */
uint64_t origin_find(const struct place *p, const struct tracee *t);

#endif
