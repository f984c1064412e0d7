/*
 * The environment as the preload reads it, and rewrites it for a program that must not see it.
 *
 * No setenv(), putenv() or getenv(): the first two may move environ under the feet of a vfork()
 * parent, all three may be somebody else's.
 */
#ifndef ST_PRELOAD_ENVIRONMENT_H
#define ST_PRELOAD_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "readable.h"

enum choice { CHOICE_AUTO, CHOICE_KERNEL, CHOICE_IMAGE, CHOICE_OFF };

/* The variables of the calling process at the moment of a call.  Null where not set. */
struct settings {
	enum choice choice;    /* SPAWN_TEMPLATE; anything malformed is auto */
	const char *cache;     /* SPAWN_TEMPLATE_CACHE */
	const char *kernel_nr; /* SPAWN_TEMPLATE_KERNEL_NR */
	const char *log;       /* SPAWN_TEMPLATE_LOG */
	const char *path;      /* PATH */
	const char *preload;   /* LD_PRELOAD */
	struct reader reader;  /* that has read it, for whoever goes through it once more */
};

/*
 * Read from environ each time: a program may change it at any moment, as with setenv().  They point
 * into it, so they are of this call only.  If another thread changes it meanwhile they may be those
 * of before or after, or miss some; natively a search of PATH has the same risk.
 */
void settings_read(struct settings *settings);

/* An environment for cachedir_candidate(): what it asks for, and can be read. */
enum { ENVIRONMENT_OF_CACHE = 8 };
void environment_of_cache(char *out[ENVIRONMENT_OF_CACHE]);

/* The process's environ; null if it has none. */
char **environment_get(void);

/* What it takes to write an environment without us. */
struct strip_plan {
	size_t count;      /* variables, without the terminating null */
	size_t position;   /* of LD_PRELOAD */
	const char *value; /* what it is now */
	size_t value_size; /* bytes for the new "LD_PRELOAD=...", with its NUL */
};

/*
 * False if LD_PRELOAD names us by a path that leads nowhere: in another root directory, or as a
 * user who may not read it.  ld.so would say so on standard error.
 */
bool environment_leads_to_us(const struct settings *settings);

/*
 * True if envp names us in LD_PRELOAD and can be rewritten, with what that takes in *plan.  False
 * also for an environment too large for the stack of an unknown thread, and for one that cannot
 * be read.
 */
bool environment_plan_strip(char *const envp[], struct strip_plan *plan);

/*
 * Write envp into out[plan->count + 1] with LD_PRELOAD as it would be without us: other libraries
 * in their order, the variable gone if there is none.  value has plan->value_size bytes; the result
 * points to it and to envp's strings.
 */
void environment_strip(char *const envp[], const struct strip_plan *plan, char *out[], char *value);

#endif
