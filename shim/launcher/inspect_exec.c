#include <string.h>
#include <unistd.h>

#include "begin.h"
#include "helper.h"
#include "inspect.h"
#include "memory.h"
#include "message.h"
#include "subcommands.h"

/* argv with the option that speaks of the environment behind its first word. */
static char **with_environment(int argc, char **argv)
{
	static char option[] = "--" INSPECT_ENVIRONMENT_OPTION;
	char **more = memory_resize(NULL, (size_t)argc + 2, sizeof *more);

	more[0] = argv[0];
	more[1] = option;
	memcpy(more + 2, argv + 1, (size_t)argc * sizeof *more);
	return more;
}

/*
 * `inspect` is a program of its own, because of libelf.  As argv[0] it gets the name of the
 * subcommand.
 */
int subcommand_inspect(const struct options *options, int argc, char **argv)
{
	char helper[PATH_MAX];
	char preload[PATH_MAX];
	struct environment env;
	bool broken;
	int err;

	if (!helper_find(ST_INSPECT_NAME, helper)) {
		say("inspect: %s is missing; is spawn-template installed completely?", helper);
		return EXIT_FOUND;
	}
	/* Without the library there are no sessions, nor the environment of one. */
	if (begin_find_preload(preload, &broken)) {
		err = helper_exec(helper, argv, environ);
	} else {
		/* Where the session would be makes no difference to an image. */
		err = begin_environment(options, "/", preload, &env);
		if (!err)
			err = helper_execute(helper, with_environment(argc, argv), environ,
					     env.vars);
	}
	say("inspect: %s cannot be started: %s", helper, strerror(-err));
	return EXIT_FOUND;
}
