/*
 * Null pointers, empty lists and pointers to nowhere, for programs of every kind.  What is EFAULT
 * natively has to stay EFAULT.  What is left out has no meaning that could be kept:
 *  - posix_spawn() without an argv crashes, posix_spawnp() without a name lets its child crash;
 *  - execle() without a first argument takes its environment for the second one.
 *
 * The programs are given as arguments: the preload does different things with different kinds.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/case.h"
#include "attempt.h"

/* Nothing is mapped there; not even a kernel that allows page 0 maps it. */
static void *nowhere(void)
{
	return (void *)(uintptr_t)8;
}

/* A string that runs into a page that is not there. */
static char *unterminated(void)
{
	char *pages =
		mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(pages != MAP_FAILED);
	REQUIRE(munmap(pages + 4096, 4096) == 0);
	memset(pages, '/', 4096);
	return pages + 4096 - 16;
}

static void try_with(const char *function, struct attempt a, const char *label)
{
	char text[PATH_MAX];
	/* A path that is itself at stake is not looked into. */
	const char *slash = strncmp(label, "path", 4) != 0 ? strrchr(a.path, '/') : NULL;

	snprintf(text, sizeof text, "%s%s%s", label, slash ? " of " : "", slash ? slash + 1 : "");
	a.label = text;
	attempt(function, &a);
}

static void try_arguments(const char *function, const char *path)
{
	char **argv = strings("zero", "exit", "5", NULL);
	char **good = strings("A=1", NULL);
	char *empty[] = {NULL};
	char *first[] = {nowhere(), NULL};
	char *second[] = {argv[0], nowhere(), NULL};
	char *endless[] = {unterminated(), NULL};
	const struct attempt base = {.path = path, .argv = argv, .envp = good};
	struct attempt a = base;

	try_with(function, a, "all good");
	a.no_pid = true;
	try_with(function, a, "no pid");
	a = base;
	if (strcmp(function, "execle") != 0) {
		a.argv = empty;
		try_with(function, a, "empty argv");
	}
	if (strcmp(function, "execle") != 0 && !strstr(function, "spawn")) {
		a.argv = NULL;
		try_with(function, a, "null argv");
	}
	a.argv = first;
	try_with(function, a, "bad argv[0]");
	a.argv = second;
	try_with(function, a, "bad argv[1]");
	a.argv = endless;
	try_with(function, a, "unterminated argv[0]");
	if (!strstr(function, "execl")) {
		a.argv = nowhere();
		try_with(function, a, "bad argv");
	}
	a = base;
	a.envp = NULL;
	try_with(function, a, "null envp");
	a.envp = empty;
	try_with(function, a, "empty envp");
	a.envp = nowhere();
	try_with(function, a, "bad envp");
	a.envp = first;
	try_with(function, a, "bad envp[0]");
	a.envp = (char *[]){good[0], nowhere(), NULL};
	try_with(function, a, "bad envp[1]");
	a.envp = endless;
	try_with(function, a, "unterminated envp[0]");
}

static void try_paths(const char *function)
{
	char **argv = strings("zero", NULL);
	struct attempt a = {.argv = argv, .envp = environ};

	if (strstr(function, "spawnp"))
		return;
	try_with(function, a, "path null");
	a.path = nowhere();
	try_with(function, a, "path bad");
	a.path = unterminated();
	try_with(function, a, "path unterminated");
}

int main(int argc, char **argv)
{
	for (size_t i = 0; attempt_functions[i]; i++) {
		try_paths(attempt_functions[i]);
		for (int program = 1; program < argc; program++)
			try_arguments(attempt_functions[i], argv[program]);
	}
	return 0;
}
