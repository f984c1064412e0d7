/*
 * File actions and attributes -> the actions of spawn_template_spawn().
 *
 * The two differ in many small ways; each is answered here by another sequence of kernel actions
 * with posix_spawn()'s meaning, or by refusing, which leaves the start to libc.
 */
#ifndef ST_TEMPLATE_TRANSLATE_H
#define ST_TEMPLATE_TRANSLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../elfcache/reason.h"
#include "../../include/spawn_template.h"
#include "actions.h"

enum {
	/* The most file actions that are read.  Each becomes at most TRANSLATED_PER_ACTION.  No
	   more, since all of this is on the stack, and a thread's may be as small as 16 KiB. */
	ACTIONS_MAX = 32,
	TRANSLATED_PER_ACTION = 3,
	/* A signal mask and a set of defaults. */
	TRANSLATED_MAX = ACTIONS_MAX * TRANSLATED_PER_ACTION + 2,
};

_Static_assert(TRANSLATED_MAX <= SPAWN_TEMPLATE_MAX_ACTIONS, "every translation fits one call");

/* A translation and everything it points to.  3.5 KiB: for the stack of posix_spawn(). */
struct translation {
	size_t count;
	struct spawn_template_action actions[TRANSLATED_MAX];
	struct spawn_template_open opens[ACTIONS_MAX];
	struct spawn_template_sigset sigmask_arg;
	struct spawn_template_sigset sigdefault_arg;
	uint64_t sigmask;
	uint64_t sigdefault;
};

/*
 * Facts of the calling process that a translation depends on; filled by translate_context_here(),
 * or by a test.
 */
struct translate_context {
	/* The signal mask the child gets where the attributes ask for none: the kernel call is made
	   with signals blocked, so the caller's own mask has to be given back explicitly. */
	uint64_t caller_sigmask;
	int descriptor_limit; /* RLIMIT_NOFILE, soft */
	/* True if descriptor fd is open in the calling process. */
	bool (*is_open)(int fd);
	/* True if opening path once more has no effect that anybody could see: when a later step
	   fails, libc starts again from the beginning (translate.c, hazard 2). */
	bool (*opens_quietly)(const char *path);
	/* True if POSIX_SPAWN_RESETIDS, which make(1) sets, has nothing to do or is not set. */
	bool ids_are_reset;
};

/* Fill *context for the calling process, whose signal mask was caller_sigmask, and for *attr. */
void translate_context_here(struct translate_context *context, const struct spawn_attributes *attr,
			    uint64_t caller_sigmask);

/*
 * Translate n <= ACTIONS_MAX actions and the attributes.  REASON_NONE, or why it cannot be done:
 * REASON_FILE_ACTIONS or REASON_ATTRIBUTES.  The result points into itself and to the paths of
 * in[]: it must not be moved and must not outlive them.
 */
enum reason translate(const struct action *in, size_t n, const struct spawn_attributes *attr,
		      const struct translate_context *context, struct translation *out);

#endif
