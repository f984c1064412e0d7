/*
 * What stands in memory though nobody has put it there: registers that were once saved on the
 * stack, canaries of frames, as they are left in padding and unused members of what was built there
 * and copied, often with some of their bytes overwritten since.
 *
 * Two runs of a program tell it from data, if they have different canaries, and stacks that are a
 * number of bytes apart which no power of two divides.  Words are a of the first run and b, its
 * counterpart, of the second.
 */
#ifndef ST_IMAGE_GARBAGE_H
#define ST_IMAGE_GARBAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "place.h"

/* True if the value is an address on the stack, or below it where it may have reached. */
bool garbage_is_near_stack(const struct place *p, uint64_t value);

/* True if both point to the same place in something that the kernel has put on the stack. */
bool garbage_is_same_thing(const struct place *ap, uint64_t a, const struct place *bp, uint64_t b);

/*
 * True if the words differ only in that half of each is half a pointer into its own stack, and none
 * whose other half is in the following word, a_next or b_next.
 */
bool garbage_is_half(const struct place *ap, uint64_t a, uint64_t a_next, const struct place *bp,
		     uint64_t b, uint64_t b_next);

/* True if the words differ only where each has bytes of its own process's canary, in their order,
   at whatever byte they begin.  *a is then freed of them. */
bool garbage_is_canary(const struct place *ap, uint64_t *a, const struct place *bp, uint64_t b);

/*
 * True if the words differ only in that a pointer begins in each of them, behind its first bytes,
 * that keeps its distance to something on the stack, and that is none: it points below the stack,
 * or its other bytes are not in the following words.
 */
bool garbage_is_pointer(const struct place *ap, uint64_t a, uint64_t a_next, const struct place *bp,
			uint64_t b, uint64_t b_next);

#endif
