/*
 * The parts of the kernel engine, for kernel.c alone.
 */
#ifndef ST_TEMPLATE_KERNEL_PARTS_H
#define ST_TEMPLATE_KERNEL_PARTS_H

#include "kernel.h"

/*
 * See that the start's entry holds a template of process pid.  REASON_NONE, or why it cannot;
 * *changed is set if the entry's template members were changed.  A reason that will be the same
 * next time is remembered in the entry's template_verdict.  (kernel_template.c)
 */
enum reason kernel_template_get(struct kernel_engine *engine, const struct kernel_start *start,
				pid_t pid, bool *changed);

/* Close the entry's template, if it still is one, and forget it. */
void kernel_template_drop(struct cached *entry, bool *changed);

/* Forget a number that is no longer, or not for this process, the template's: it stays open. */
void kernel_template_forget(struct cached *entry, bool *changed);

/*
 * Of a child that spawn_template_spawn() has just returned, with all signals blocked: true if it
 * has executed the program, or died before by a signal.  False if an action or the exec failed; it
 * has then been reaped, pidfd is closed and its SIGCHLD is taken back.  (kernel_child.c)
 */
bool kernel_child_ran(pid_t pid, int pidfd);

/* True if kernel_child_ran() can rely on the system call that it asks with. */
bool kernel_child_can_be_asked(void);

/* True if children vanish when they end, and with them what kernel_child_ran() needs to know. */
bool kernel_children_vanish(void);

#endif
