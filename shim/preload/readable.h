/*
 * Whether memory that a caller points to can be read.
 *
 * libc hands a caller's pointers to the kernel, which answers EFAULT to a bad one; so we must not
 * trip over it.  The kernel is asked to read what is there, by calls that then fail and have no
 * effect.
 *
 * What can be read may be gone a moment later, if another thread unmaps it: there is no way to read
 * memory that costs as little and cannot fail.  Freeing alone does no harm: a heap keeps its pages,
 * or nearly all of them, and what is found in freed memory is asked about as well.
 */
#ifndef ST_PRELOAD_READABLE_H
#define ST_PRELOAD_READABLE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "../../elfcache/sys.h"

/* True if the string that begins at s can be read up to its end, or for a page. */
static inline bool readable_string(const char *s)
{
	return sys_call3(SYS_access, (long)s, F_OK, 0) != -EFAULT;
}

/* Reads what may not be there: each page is asked for once, as long as they come in runs.  New if
   all of it is zero. */
struct reader {
	uintptr_t pages[8]; /* their numbers plus 1; 0 is none */
	unsigned next;
};

/* True if what is at p can be read, a string or a pointer, up to the end of its page. */
bool reader_can(struct reader *r, const void *p);

/* True if all of the string can be read. */
bool reader_can_string(struct reader *r, const char *s);

/* Read *p, once: it may be another the next time.  False if it cannot be read. */
bool reader_pointer(struct reader *r, char *const *p, char **value);

/* True in a signal handler that runs on an alternate stack: there may be some 4 KiB left. */
bool stack_is_alternate(void);

/*
 * True if an array of that many pointers may be put on the stack, and some KiB beside it: a small
 * one always, a large one if it is no alternate signal stack, and the stack goes on that far.
 */
bool stack_takes(size_t pointers);

#endif
