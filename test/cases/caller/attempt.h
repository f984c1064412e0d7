/*
 * One attempt to start a program, by function name, with everything its caller sees of it printed.
 * Made in a forked child, since some attempts are meant to crash.
 */
#ifndef ST_CASES_ATTEMPT_H
#define ST_CASES_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct attempt {
	const char *label;
	const char *path; /* for fexecve(): opened with O_RDONLY; -1 is passed on */
	char *const *argv;
	char *const *envp;
	bool no_pid; /* posix_spawn() with pid == NULL */
};

/* The functions by name, in the order of the list, ended by null. */
extern const char *const attempt_functions[];

/* True if the function searches PATH. */
bool attempt_searches(const char *function);

/* Print "function label: what came of it". */
void attempt(const char *function, const struct attempt *what);

#endif
