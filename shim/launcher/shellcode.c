#include "shellcode.h"

#include <stdio.h>
#include <string.h>

bool shell_parse(const char *name, enum shell *shell)
{
	static const char *const posix[] = {"sh", "bash", "zsh", "dash", "ksh", "ash", "busybox"};
	const char *slash = strrchr(name, '/');

	if (slash)
		name = slash + 1;
	*shell = SHELL_FISH;
	if (strcmp(name, "fish") == 0)
		return true;
	*shell = SHELL_POSIX;
	for (size_t i = 0; i < sizeof posix / sizeof posix[0]; i++)
		if (strcmp(name, posix[i]) == 0)
			return true;
	return false;
}

/*
 * Between single quotes sh takes everything as it is; a quote itself stands outside, escaped.  In
 * fish a backslash and a quote are escaped inside; and a newline stands outside as \n, since a
 * command substitution would split the code there.
 */
static void print_quoted(enum shell shell, const char *value)
{
	putchar('\'');
	for (; *value; value++) {
		if (shell == SHELL_POSIX && *value == '\'')
			fputs("'\\''", stdout);
		else if (shell == SHELL_FISH && *value == '\n')
			fputs("'\\n'", stdout);
		else if (shell == SHELL_FISH && (*value == '\'' || *value == '\\'))
			printf("\\%c", *value);
		else
			putchar(*value);
	}
	putchar('\'');
}

void shell_print_set(enum shell shell, const char *name, const char *value)
{
	if (shell == SHELL_FISH) {
		printf("set -gx %s ", name);
		print_quoted(shell, value);
		puts(";");
	} else {
		printf("%s=", name);
		print_quoted(shell, value);
		printf("; export %s;\n", name);
	}
}

void shell_print_unset(enum shell shell, const char *name)
{
	/* fish: -e fails if the variable is not set, and a function would end with that. */
	if (shell == SHELL_FISH)
		printf("set -q %s; and set -e %s;\n", name, name);
	else
		printf("unset %s;\n", name);
}
