#include "options.h"

#include <string.h>

#include "environment.h"
#include "message.h"
#include "shim/template/kernel_calls.h"

enum { OPT_ENGINE = 256, OPT_STATS, OPT_VERBOSE, OPT_CACHE_DIR, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{"engine", required_argument, NULL, OPT_ENGINE},
	{"stats", optional_argument, NULL, OPT_STATS},
	{"verbose", no_argument, NULL, OPT_VERBOSE},
	{"cache-dir", required_argument, NULL, OPT_CACHE_DIR},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static const char *const engine_names[ENGINE_COUNT] = {"auto", "kernel", "image", "off"};

const char *engine_name(enum engine engine)
{
	return engine_names[engine];
}

bool engine_parse(const char *name, enum engine *engine)
{
	for (int i = 0; i < ENGINE_COUNT; i++) {
		if (strcmp(name, engine_names[i]) == 0) {
			*engine = (enum engine)i;
			return true;
		}
	}
	return false;
}

static const char *long_name(int value, const struct option *options)
{
	for (; options->name; options++)
		if (options->val == value)
			return options->name;
	return NULL;
}

int options_bad(const char *subcommand, int c, char **argv, const struct option *options)
{
	const char *name = long_name(optopt, options);
	const char *space = *subcommand ? " " : "";

	if (c == ':' && name)
		return usage_error("%s%s--%s: needs an argument", subcommand, space, name);
	if (name)
		return usage_error("%s%s--%s: takes no argument", subcommand, space, name);
	if (optopt)
		return usage_error("%s%s-%c: unknown option; see spawn-template --help", subcommand,
				   space, optopt);
	return usage_error("%s%s%s: unknown option; see spawn-template --help", subcommand, space,
			   argv[optind - 1]);
}

static int take_engine(const char *name, struct options *options)
{
	if (!engine_parse(name, &options->engine))
		return usage_error("--engine=%s: must be auto, kernel, image or off", name);
	options->has_engine = true;
	return 0;
}

static int take_path(const char *option, const char *path, const char **into)
{
	if (!*path)
		return usage_error("%s=: the path is empty", option);
	*into = path;
	return 0;
}

static int take(int c, char **argv, struct options *options)
{
	switch (c) {
	case OPT_ENGINE:
		return take_engine(optarg, options);
	case OPT_STATS:
		if (optarg)
			return take_path("--stats", optarg, &options->stats_file);
		options->stats = true;
		return 0;
	case OPT_VERBOSE:
		options->verbose = true;
		return 0;
	case OPT_CACHE_DIR:
		return take_path("--cache-dir", optarg, &options->cache_dir);
	case OPT_HELP:
		options->request = REQUEST_HELP;
		return 0;
	case OPT_VERSION:
		options->request = REQUEST_VERSION;
		return 0;
	default:
		return options_bad("", c, argv, long_options);
	}
}

int options_parse(int argc, char **argv, struct options *options, int *next)
{
	*options = (struct options){.request = REQUEST_COMMAND};
	opterr = 0;
	for (;;) {
		int before = optind;
		/* "+": COMMAND's options are COMMAND's. */
		int c = getopt_long(argc, argv, "+:", long_options, NULL);
		int err;

		if (c < 0) {
			options->after_dashes = optind == before + 1;
			break;
		}
		err = take(c, argv, options);
		if (err)
			return err;
		if (options->request != REQUEST_COMMAND)
			break;
	}
	*next = optind;
	return 0;
}

int options_check_environment(const struct options *options)
{
	const char *engine = environment_get(VAR_ENGINE);
	const char *numbers = environment_get(VAR_KERNEL_NR);
	const char *log = environment_get(VAR_LOG);
	enum engine effective = options->engine;
	struct kernel_numbers parsed;

	if (!options->has_engine && engine && !engine_parse(engine, &effective))
		return usage_error(VAR_ENGINE "=%s: must be auto, kernel, image or off", engine);
	if (numbers && !kernel_numbers_parse(numbers, &parsed))
		return usage_error(VAR_KERNEL_NR "=%s: must be two different numbers, "
						 "CREATE,SPAWN",
				   numbers);
	if (log && log[0] != '/')
		return usage_error(VAR_LOG "=%s: must be an absolute path", log);
	return 0;
}
