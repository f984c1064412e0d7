/*
 * The command line and the variables of the environment: shim/launcher/main.c, options.c and the
 * subcommands up to where they would do something.
 *
 * Input: words, each with its NUL.  One that begins with a character 1 sets a variable: the next
 * character says which, the rest is the value.
 */
#include "command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "message.h"

enum { WORDS = 16, SIZE_MAX_HERE = 1 << 16 };

static const char *const variables[] = {
	"SPAWN_TEMPLATE",
	"SPAWN_TEMPLATE_CACHE",
	"SPAWN_TEMPLATE_STATS",
	"SPAWN_TEMPLATE_KERNEL_NR",
	"SPAWN_TEMPLATE_LOG",
	"LD_PRELOAD",
	"SHELL",
	"PATH",
};

enum { VARIABLES = sizeof variables / sizeof variables[0] };

static unsigned lines;
static const char prefix[] = "spawn-template: ";

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

/* What is said on standard error: one line, which no terminal obeys. */
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	const unsigned char *line = data;

	if (fd != STDERR_FILENO || size < sizeof prefix ||
	    memcmp(line, prefix, sizeof prefix - 1) != 0)
		return __real_write(fd, data, size);
	FUZZ_ASSERT(line[size - 1] == '\n');
	for (size_t i = 0; i < size - 1; i++)
		FUZZ_ASSERT(line[i] >= ' ' && line[i] != 0x7f);
	lines++;
	return (ssize_t)size;
}

void options_begin(const char *short_options)
{
	static const struct option none[] = {{NULL, 0, NULL, 0}};
	char name[] = "spawn-template";
	char *argv[] = {name, NULL};

	optind = 0;
	FUZZ_ASSERT(getopt_long(1, argv, short_options, none, NULL) == -1);
}

/* Those that are set, as they stand in the environment. */
static char *definitions[VARIABLES];

/* Not by setenv(3), which keeps all that it was ever given. */
static void set(size_t which, const char *value)
{
	char *definition;

	FUZZ_ASSERT(asprintf(&definition, "%s=%s", variables[which], value) >= 0);
	FUZZ_ASSERT(putenv(definition) == 0);
	free(definitions[which]);
	definitions[which] = definition;
}

/* Standard output is not looked at. */
static void begin(void)
{
	static bool done;

	for (size_t i = 0; i < VARIABLES; i++) {
		unsetenv(variables[i]);
		free(definitions[i]);
		definitions[i] = NULL;
	}
	if (!done)
		FUZZ_ASSERT(freopen("/dev/null", "w", stdout));
	done = true;
	lines = 0;
}

static char **split(char *text, size_t size, int *argc)
{
	static char *argv[WORDS + 1];

	*argc = 1;
	argv[0] = text + size; /* empty */
	for (const char *end = text + size; text < end && *argc < WORDS; text += strlen(text) + 1) {
		if (text[0] == 1 && text[1])
			set((unsigned char)text[1] % VARIABLES, text + 2);
		else
			argv[(*argc)++] = text;
	}
	argv[*argc] = NULL;
	return argv;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	char **argv;
	int argc;
	int status;

	if (size > SIZE_MAX_HERE)
		return -1;
	begin();
	text = malloc(size + 1);
	FUZZ_ASSERT(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	argv = split(text, size, &argc);
	options_begin("+:");
	status = command_main(argc, argv);
	FUZZ_ASSERT(status == 0 || status == EXIT_FOUND || status == EXIT_USAGE ||
		    status == FUZZ_RAN);
	FUZZ_ASSERT(status != EXIT_USAGE || lines == 1 || is_verbose());
	set_verbose(false);
	free(text);
	return 0;
}
