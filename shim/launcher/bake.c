#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "subcommands.h"

static const struct option no_options[] = {{NULL, 0, NULL, 0}};

int subcommand_bake(const struct options *options, int argc, char **argv)
{
	int c;

	(void)options;
	optind = 0;
	c = getopt_long(argc, argv, "+:", no_options, NULL);
	if (c >= 0)
		return options_bad("bake", c, argv, no_options);
	if (optind >= argc)
		return usage_error("bake: no PROGRAM given");
	for (int i = optind; i < argc; i++)
		if (!*argv[i] || (strchr(argv[i], '/') && access(argv[i], X_OK)))
			return usage_error("bake %s: not an executable file", argv[i]);
	return usage_error("bake: needs the image engine, which this version does not have");
}
