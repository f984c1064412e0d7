/*
 * start MECHANISM [SETUP] - start the reporter through one mechanism, after making the caller's
 * state unusual enough for a lost property to show; then say what the caller sees.
 */
#ifndef ST_CASES_START_H
#define ST_CASES_START_H

#include <stdbool.h>
#include <sys/types.h>

struct job {
	const char *path;      /* absolute */
	const char *directory; /* of it */
	const char *name;      /* behind the last slash */
	char **argv;           /* argv[0] is none of the above */
	char **envp;           /* environ with one more variable at its end */
	bool rich;
};

/* Start the job and wait for it: its wait status, or -1 with an error number in *error. */
typedef int mechanism_function(const struct job *job, int *error);

struct mechanism {
	const char *name;
	mechanism_function *run;
};

extern const struct mechanism spawn_mechanisms[];
extern const struct mechanism exec_mechanisms[];
extern const struct mechanism shell_mechanisms[];

/*
 * Change everything of this process that its children inherit: descriptors, signals, limits,
 * scheduling, personality, seccomp ...
 */
void setup_rich(void);

/* Enter one state by its name (states.c); false if there is none.  Exits with 77 where the machine
   does not allow it. */
bool setup_state(const char *name);

/* Change what exec keeps but fork() does not: pending signals, timers.  For the child. */
void setup_rich_child(void);

/* The command line of the job for a shell.  Allocated. */
char *shell_command(const struct job *job, const char *prefix);

#endif
