/*
 * launch MECHANISM PROGRAM [ARGUMENT...] - start a program with environ and end as it ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../old_libc.h"
#include "../lib/case.h"

static int end_as(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	return 128 + WTERMSIG(status);
}

static int by_spawn(char **argv, int search)
{
	pid_t pid;
	int ret;

	if (search)
		ret = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	else
		ret = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
	if (ret)
		fail("launch %s: %s", argv[0], error_name(ret));
	return end_as(wait_for(pid));
}

static int by_vfork(char **argv)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(argv[0], argv, environ);
		_exit(126);
	}
	return end_as(wait_for(pid));
}

static char *command(char **argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	REQUIRE(out != NULL);
	for (; *argv; argv++)
		fprintf(out, "'%s' ", *argv);
	fclose(out);
	return text;
}

static int by_popen(char **argv)
{
	FILE *stream = popen(command(argv), "r");
	char line[4096];

	REQUIRE(stream != NULL);
	while (fgets(line, sizeof line, stream))
		fputs(line, stdout);
	fflush(stdout);
	return end_as(pclose(stream));
}

static int directory_of(const char *path)
{
	/* Not O_CLOEXEC: the interpreter of a script opens it through this descriptor. */
	return open(dirname(strdup(path)), O_PATH | O_DIRECTORY);
}

/* For up to two arguments. */
static void exec_list(const char *mechanism, char **argv)
{
	char *one = argv[1];
	char *two = one ? argv[2] : NULL;

	if (strcmp(mechanism, "execl") == 0)
		execl(argv[0], argv[0], one, two, (char *)NULL);
	else if (strcmp(mechanism, "execlp") == 0)
		execlp(argv[0], argv[0], one, two, (char *)NULL);
	else if (two)
		execle(argv[0], argv[0], one, two, (char *)NULL, environ);
	else if (one)
		execle(argv[0], argv[0], one, (char *)NULL, environ);
	else
		execle(argv[0], argv[0], (char *)NULL, environ);
}

static int run(const char *mechanism, char **argv)
{
	const char *path = argv[0];

	if (strcmp(mechanism, "posix_spawn") == 0)
		return by_spawn(argv, 0);
	if (strcmp(mechanism, "posix_spawnp") == 0)
		return by_spawn(argv, 1);
	if (strcmp(mechanism, "vfork") == 0)
		return by_vfork(argv);
	if (strcmp(mechanism, "system") == 0)
		return end_as(system(command(argv)));
	if (strcmp(mechanism, "popen") == 0)
		return by_popen(argv);
	if (strcmp(mechanism, "execve") == 0)
		execve(path, argv, environ);
	else if (strcmp(mechanism, "execv") == 0)
		execv(path, argv);
	else if (strcmp(mechanism, "execvp") == 0)
		execvp(path, argv);
	else if (strcmp(mechanism, "execvpe") == 0)
		execvpe(path, argv, environ);
	else if (strncmp(mechanism, "execl", 5) == 0)
		exec_list(mechanism, argv);
	else if (strcmp(mechanism, "execveat") == 0)
		execveat(directory_of(path), basename(strdup(path)), argv, environ, 0);
	else if (strcmp(mechanism, "fexecve") == 0)
		fexecve(open(path, O_RDONLY), argv, environ);
	else
		errno = EINVAL;
	fail("launch %s %s: %s", mechanism, path, error_name(errno));
}

int main(int argc, char **argv)
{
	if (argc < 3)
		fail("usage: launch MECHANISM PROGRAM [ARGUMENT...]");
	return run(argv[1], argv + 2);
}
