#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "self.h"
#include "subcommands.h"

/* Where it is, seen from the directory of the command: installed, or in the build tree. */
static const char *const places[] = {ST_LIBEXECDIR_FROM_BINDIR, "../libexec/spawn-template"};

/*
 * `inspect` is a program of its own, so that nobody who runs a COMMAND pays for loading libelf.
 * As argv[0] it gets the name of the subcommand.
 */
int subcommand_inspect(const struct options *options, int argc, char **argv)
{
	char path[PATH_MAX];

	(void)options;
	(void)argc;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (self_relative(places[i], ST_INSPECT_NAME, path))
			execv(path, argv);
	execv(ST_LIBEXECDIR "/" ST_INSPECT_NAME, argv);
	say("inspect: %s cannot be started: %s; is spawn-template installed completely?",
	    ST_LIBEXECDIR "/" ST_INSPECT_NAME, strerror(errno));
	return EXIT_FOUND;
}
