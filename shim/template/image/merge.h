/*
 * What two runs of one program have in common.
 */
#ifndef ST_IMAGE_MERGE_H
#define ST_IMAGE_MERGE_H

#include "capture.h"

/*
 * Compare the captures of two runs that differed in their random bytes (AT_RANDOM), in
 * their arguments, their limit of the stack, and in where their initial stack lay.  What is not the
 * same in both must be explained by that: pointers into the stack, and pointers that libc has
 * mangled with its guard, become fixes of the first capture. Returns 0; -ENOTSUP with a sentence in
 * a->refusal if something cannot be explained; or another negative error number.
 */
int capture_merge(struct capture *a, const struct place *a_place, const struct capture *b,
		  const struct place *b_place);

#endif
