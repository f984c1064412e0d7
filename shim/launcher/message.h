/*
 * What the command says on stderr: single lines that begin "spawn-template: ".
 */
#ifndef ST_LAUNCHER_MESSAGE_H
#define ST_LAUNCHER_MESSAGE_H

#include <stdbool.h>

/* Exit statuses of the command itself; those of a started COMMAND are passed on. */
enum {
	EXIT_FOUND = 1, /* cache verify, doctor, inspect: something is not as it should be */
	EXIT_USAGE = 2, /* unknown, malformed or impossible arguments */
	EXIT_NOT_STARTED = 126, /* COMMAND is there and cannot be executed */
	EXIT_NOT_FOUND = 127,
	EXIT_SIGNAL = 128, /* plus the number of the signal that ended COMMAND */
};

/*
 * Print one line.  Control characters in it (a path may hold any) become "?".  Written with one
 * write(2), without stdio, so that it may be used in a fork()ed child.
 */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

/* The same, but only after --verbose. */
__attribute__((format(printf, 1, 2))) void say_verbose(const char *format, ...);

/* The same as say(), and returns EXIT_USAGE. */
__attribute__((format(printf, 1, 2))) int usage_error(const char *format, ...);

void set_verbose(bool on);
bool is_verbose(void);

#endif
