/*
 * Code for a shell to evaluate.
 */
#ifndef ST_LAUNCHER_SHELLCODE_H
#define ST_LAUNCHER_SHELLCODE_H

#include <stdbool.h>

/* sh, bash and zsh read the same code. */
enum shell { SHELL_POSIX, SHELL_FISH };

/* The shell of this name (its base name counts): false if it is none that we write for. */
bool shell_parse(const char *name, enum shell *shell);

/*
 * Print a statement that sets and exports a variable, resp. unsets it.  Values may be any bytes:
 * quoted so that the shell sees exactly these.
 */
void shell_print_set(enum shell shell, const char *name, const char *value);
void shell_print_unset(enum shell shell, const char *name);

#endif
