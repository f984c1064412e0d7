/*
 * Whether memory that a caller points to can be read.
 */
#ifndef ST_PRELOAD_READABLE_H
#define ST_PRELOAD_READABLE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../elfcache/sys.h"

/*
 * True if the word that contains *p can be read.  libc hands a caller's pointers to the kernel,
 * which answers EFAULT to a bad one; so we must not trip over it.  The kernel is asked to read a
 * signal set there, and to refuse what to do with it.
 */
static inline bool readable(const void *p)
{
	uintptr_t word = (uintptr_t)p & ~(uintptr_t)(sizeof(sys_sigset) - 1);

	/* A null set is not looked at. */
	return word != 0 && sys_sigprocmask(-1, (const sys_sigset *)word, NULL) != -EFAULT;
}

#endif
