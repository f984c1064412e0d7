/*
 * What a start-up learns of its environment and arguments.
 *
 * Hazards, and what answers each:
 *  1. Constructors ask libc for a variable: its name is written down, and its value is a condition.
 *  2. They change the environment, which is on the stack of the process that is baked: refused.
 *  3. They go through environ, or through the vectors that they are called with, by themselves.
 *     What they look for is not known; if it is not there, nothing tells afterwards that they have
 *     looked.  The words that are passed by on every way through are watched with the processor's
 *     debug registers, and who touches them but ld.so and getenv() makes the program refused: an
 *     image that depends on every variable would fit no second start.
 *  4. The same with the program's name, which they find in many ways: of it the bytes are watched,
 *     in the second run, where what comes first of it, with its directory and without, is in one
 *     word: who compares byte by byte reads no further.  And no variable lies so near to it that
 *     who reads one, many bytes at a time, touches them.  libc looks for the last slash before any
 *     constructor, and notes it.
 *  5. Debug registers may be missing, taken by somebody else, or without effect in a virtual
 *     machine.  ld.so goes through the environment in every start: if that was not seen, nothing
 *     is, and the program is refused.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "watch_part.h"

/* In the order in which they are watched. */
enum { WORD_ARGUMENT, WORD_FIRST, WORD_LAST, WORD_NAME, WORDS };

/* The first byte of argv[0] behind its last slash. */
static int find_name(const struct place *p, const struct tracee *t, uint64_t *at)
{
	char name[PATH_MAX];
	int err = tracee_read_string(t, p->strings, name, sizeof name);
	const char *slash = err ? NULL : strrchr(name, '/');

	*at = p->strings + (slash ? (uint64_t)(slash + 1 - name) : 0);
	return err;
}

int watch_vectors(struct watch *w, const struct place *p, struct tracee *t)
{
	const bool is_second = p->spot->more_arguments > 0;
	/* Of the arguments the first, or, where there is none, the null behind them: one of the
	   two runs meets who counts them, and both who goes on until there are no more.  The last
	   variable: nobody gets to the end, or comes from there, who does not pass by it. */
	uint64_t words[WORDS] = {
		[WORD_ARGUMENT] = p->argv + sizeof(uint64_t),
		[WORD_FIRST] = p->envp,
		[WORD_LAST] = p->auxv - 2 * sizeof(uint64_t),
	};
	int err = find_name(p, t, &words[WORD_NAME]);

	if (err)
		return err;
	words[WORD_NAME] &= ~UINT64_C(7);
	/* A script's interpreter has the same name each time, and more arguments. */
	if (is_second && words[WORD_NAME] != p->strings &&
	    p->argc == 1 + (uint64_t)p->spot->more_arguments)
		return watch_refuse(w, "its name is not where it can be watched");
	err = tracee_watch(t, words, is_second ? WORDS : WORD_NAME);
	return err ? watch_refuse(w, "the processor's debug registers cannot be used here: %s",
				  strerror(-err))
		   : 0;
}

/* True if libc has not yet looked for the name in argv[0], which comes before all constructors. */
static bool is_before_name(const struct place *p, const struct tracee *t, const struct functions *f)
{
	uint64_t name = 0;

	return f->short_name && tracee_read(t, f->short_name, &name, sizeof name) == 0 &&
	       (name < p->stack || name >= p->stack_top);
}

int watch_touched(struct watch *w, const struct place *p, const struct tracee *t,
		  const struct functions *f, const struct user_regs_struct *regs)
{
	/* Of the instruction after the one that did it. */
	const uint64_t at = regs->rip - 1;
	const bool is_variable = t->touched & (1U << WORD_FIRST | 1U << WORD_LAST);

	if (at >= p->loader && at < p->loader_end) {
		w->sees_vectors = true;
		return 0;
	}
	if (functions_reads_environment(f, at))
		return 0;
	if (t->touched == 1U << WORD_NAME && is_before_name(p, t, f))
		return 0;
	return watch_refuse(w, is_variable ? "its start-up goes through the environment by itself"
					   : "its start-up looks at its arguments");
}

static int note_name(struct watch *w, const struct tracee *t, uint64_t name)
{
	char text[128];
	int err = tracee_read_string(t, name, text, sizeof text);

	if (err)
		return err;
	for (unsigned i = 0; i < w->name_count; i++)
		if (strcmp(w->names[i], text) == 0)
			return 0;
	if (w->name_count == WATCH_NAMES)
		return watch_refuse(w, "its constructors read too many environment variables");
	w->names[w->name_count] = strdup(text);
	if (!w->names[w->name_count])
		return -ENOMEM;
	w->name_count++;
	return 0;
}

int watch_function(struct watch *w, const struct tracee *t, const struct functions *f,
		   const struct user_regs_struct *regs)
{
	if (functions_changes_environment(f, regs->rip))
		return watch_refuse(w, "its constructors change the environment");
	return note_name(w, t, regs->rdi);
}

int watch_vectors_end(struct watch *w)
{
	return w->sees_vectors
		       ? 0
		       : watch_refuse(w, "the processor's debug registers do not work here");
}
