/*
 * spawn_template_create() and spawn_template_spawn() in user space.
 *
 * kernel_stub.c takes the place of shim/template/kernel_calls.c at link time.  It checks every rule
 * of the interface and gives its errors; a template is a memfd that holds what is known of it.  It
 * uses raw system calls only, so that it works in a preload as well.
 *
 * What it cannot do: keep a template's file from being opened for writing (ETXTBSY); compare the
 * credentials object (it compares pid and effective user id); read a program that its user may
 * execute but not read (it takes that for ELF); tell EFAULT.  An OPEN action needs a free
 * descriptor number here, not only the one it installs at.
 */
#ifndef ST_TEST_KERNEL_STUB_H
#define ST_TEST_KERNEL_STUB_H

#include <stdbool.h>

/* What sits behind the numbers. */
enum stub_mode {
	STUB_TEMPLATES = 0, /* the calls, as they should be */
	STUB_ABSENT,        /* nothing: ENOSYS */
	STUB_FORBIDDEN,     /* a seccomp filter: EPERM */
	STUB_SUCCEEDS,      /* another call, which returns 0 */
	STUB_LAX,          /* another call, which wants no null pointer: flags mean nothing to it */
	STUB_NO_TEMPLATES, /* another call, which refuses alike and then returns a descriptor */
};

struct kernel_stub {
	enum stub_mode mode;
	/* If not 0: the error number that the next *_errors calls give (1 if that is 0). */
	int create_error;
	unsigned create_errors;
	int spawn_error;
	unsigned spawn_errors;
	/* Called before a create that is meant, resp. each spawn: to interfere just then. */
	void (*before_create)(void);
	void (*before_spawn)(void);
	/* Counters. */
	unsigned create_calls;
	unsigned spawn_calls;
	unsigned children;
};

extern struct kernel_stub kernel_stub;

#endif
