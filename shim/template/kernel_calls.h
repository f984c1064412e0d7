/*
 * The three things the kernel engine asks of the kernel.  kernel_calls.c issues the system calls;
 * the tests link an emulation of the interface in user space instead.
 */
#ifndef ST_TEMPLATE_KERNEL_CALLS_H
#define ST_TEMPLATE_KERNEL_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "../../include/spawn_template.h"

/* The numbers to use, from SPAWN_TEMPLATE_KERNEL_NR or the build's default; never guessed. */
struct kernel_numbers {
	int create;
	int spawn;
};

/*
 * Parse "CREATE,SPAWN": two different decimal numbers from 463 to 4095: those before are other
 * calls'.  False, and *numbers unchanged, for anything else (null included).
 */
bool kernel_numbers_parse(const char *text, struct kernel_numbers *numbers);

/* The system calls.  A negative error number on failure. */
long kernel_create(const struct kernel_numbers *nr, const struct spawn_template_create_args *args,
		   size_t size);
long kernel_spawn(const struct kernel_numbers *nr, int template_fd,
		  const struct spawn_template_spawn_args *args, size_t size);

/* True if /proc/self/fd says that fd is a template: an anonymous inode "spawn_template". */
bool kernel_is_template(int fd);

#endif
