/*
 * show - what the tests start: prints how it was asked for, and its arguments.
 *
 *   show exit N      ends with status N and prints nothing
 *   show kill N      ends by signal N
 *   show env         prints its environment
 *   show fds         prints its open descriptors
 *   show loaded      says whether the preload is in its address space
 *   show pid         prints its process id
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../lib/case.h"

static void show_environment(void)
{
	for (char **e = environ; *e; e++)
		fact("%s", *e);
}

static void show_loaded(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];
	bool loaded = false;

	while (maps && fgets(line, sizeof line, maps))
		loaded |= strstr(line, "libspawn_template_preload") != NULL;
	if (maps)
		fclose(maps);
	fact("preload: %s", loaded ? "loaded" : "not loaded");
}

static void show_arguments(int argc, char **argv)
{
	fact("started as %s, %d arguments", (const char *)getauxval(AT_EXECFN), argc);
	for (int i = 0; i < argc; i++)
		fact("argument %d: %s", i, argv[i]);
}

int main(int argc, char **argv)
{
	const char *what = argc >= 2 ? argv[1] : "";
	int number = argc >= 3 ? atoi(argv[2]) : 0;
	char buf[4096];

	if (strcmp(what, "exit") == 0)
		return number;
	if (strcmp(what, "kill") == 0)
		raise(number);
	else if (strcmp(what, "env") == 0)
		show_environment();
	else if (strcmp(what, "fds") == 0)
		fact("%s", open_descriptors(buf, sizeof buf));
	else if (strcmp(what, "loaded") == 0)
		show_loaded();
	else if (strcmp(what, "pid") == 0)
		fact("%d", (int)getpid());
	else
		show_arguments(argc, argv);
	return 0;
}
