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

/*
 * True if the eight aligned bytes around p can be read, and so the rest of their page.
 *
 * rt_sigprocmask() reads the set before it looks at how, and there is no how -1.  libc itself makes
 * that call all the time: a filter of system calls that forbids it would forbid nearly everything.
 * A null set is none, and no error.
 */
static inline bool readable_pointer(const void *p)
{
	const uintptr_t word = (uintptr_t)p & ~(sizeof(sys_sigset) - 1);

	return word && sys_sigprocmask(-1, (const sys_sigset *)word, NULL) != -EFAULT;
}

#endif
