/*
 * Whether memory that a caller points to can be read.
 *
 * libc hands a caller's pointers to the kernel, which answers EFAULT to a bad one; so we must not
 * trip over it.  The kernel is asked to read what is there, by calls that then fail and have no
 * effect.
 */
#ifndef ST_PRELOAD_READABLE_H
#define ST_PRELOAD_READABLE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "../../elfcache/sys.h"

/* True if the string that begins at s can be read up to its end, or for a page. */
static inline bool readable_string(const char *s)
{
	return sys_call3(SYS_access, (long)s, F_OK, 0) != -EFAULT;
}

/* True if a pointer can be read at p. */
static inline bool readable_pointer(const void *p)
{
	/* There is no process -1. */
	return sys_call3(SYS_sched_setaffinity, -1, sizeof(void *), (long)p) != -EFAULT;
}

#endif
