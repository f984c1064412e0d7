/*
 * What two runs of one program have in common.
 */
#ifndef ST_IMAGE_MERGE_H
#define ST_IMAGE_MERGE_H

#include "capture.h"

/* Words that differ, and nothing explains why; by address. */
struct unexplained {
	uint64_t at[IMAGE_STREAM_WORDS_MAX];
	size_t count;
};

/*
 * Compare the captures of two runs that differed in their random bytes (AT_RANDOM), in
 * their arguments, their limit of the stack, and in where their initial stack lay.  What is not the
 * same in both must be explained by that: pointers into the stack, and pointers that libc has
 * mangled with its guard, become fixes of the first capture.  Unless `unexplained` is null it gets,
 * of memory that is writable, what cannot be explained, if that is not too much.  Returns 0;
 * -ENOTSUP with a sentence in a->refusal if something else cannot be; or another negative error
 * number.
 */
int capture_merge(struct capture *a, const struct place *a_place, const struct capture *b,
		  const struct place *b_place, struct unexplained *unexplained);

#endif
