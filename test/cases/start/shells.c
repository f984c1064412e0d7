/* The functions that go through /bin/sh. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/case.h"
#include "start.h"

/* 'word', with every ' in it as '\''. */
static void add_quoted(FILE *out, const char *word)
{
	fputs(" '", out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			putc(*word, out);
	}
	putc('\'', out);
}

char *shell_command(const struct job *job, const char *prefix)
{
	char *command = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&command, &size);

	REQUIRE(out != NULL);
	fputs(prefix, out);
	add_quoted(out, job->path);
	for (size_t i = 1; job->argv[i]; i++)
		add_quoted(out, job->argv[i]);
	REQUIRE(fclose(out) == 0);
	return command;
}

static int run_system(const struct job *job, int *error)
{
	char *command = shell_command(job, "");
	int status;

	errno = EXDEV;
	status = system(command);
	*error = errno;
	free(command);
	return status;
}

/* The shell's own exec, behind a command that keeps it from going there at once. */
static int run_system_twice(const struct job *job, int *error)
{
	char *command = shell_command(job, ":; (exit 3); echo $?; exec");
	int status;

	errno = EXDEV;
	status = system(command);
	*error = errno;
	free(command);
	return status;
}

static int run_popen_read(const struct job *job, int *error)
{
	char *command = shell_command(job, "");
	char line[1 << 15];
	FILE *stream;
	int saved;
	int status;

	errno = EXDEV;
	stream = popen(command, "r");
	*error = errno;
	free(command);
	if (!stream)
		return -1;
	saved = errno;
	while (fgets(line, sizeof line, stream))
		printf("read: %s", line);
	fflush(stdout);
	errno = saved;
	status = pclose(stream);
	return status;
}

static int run_popen_write(const struct job *job, int *error)
{
	char *command = shell_command(job, "");
	FILE *stream;
	int status;

	errno = EXDEV;
	stream = popen(command, "we");
	*error = errno;
	free(command);
	if (!stream)
		return -1;
	fputs("written to it\nin two lines\n", stream);
	status = pclose(stream);
	return status;
}

const struct mechanism shell_mechanisms[] = {
	{"system", run_system},
	{"system_exec", run_system_twice},
	{"popen_read", run_popen_read},
	{"popen_write", run_popen_write},
	{NULL, NULL},
};
