/*
 * The spawn-template command.
 */
#include <stddef.h>
#include <string.h>

#include "descriptors.h"
#include "message.h"
#include "output.h"
#include "subcommands.h"

enum {
	TAKES_ENGINE = 1 << 0,
	TAKES_CACHE_DIR = 1 << 1,
};

static const struct subcommand {
	const char *name;
	int (*run)(const struct options *options, int argc, char **argv);
	int takes; /* which options may stand before its name, beside --verbose */
} subcommands[] = {
	{"env", subcommand_env, TAKES_ENGINE | TAKES_CACHE_DIR},
	{"bake", subcommand_bake, TAKES_CACHE_DIR},
	{"cache", subcommand_cache, TAKES_CACHE_DIR},
	{"inspect", subcommand_inspect, 0},
	{"doctor", subcommand_doctor, TAKES_ENGINE | TAKES_CACHE_DIR},
	{"stats", subcommand_stats, 0},
};

static const struct subcommand *find_subcommand(const char *name)
{
	for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++)
		if (strcmp(name, subcommands[i].name) == 0)
			return &subcommands[i];
	return NULL;
}

/* The first option that stands before a subcommand that has no use for it. */
static const char *misplaced(const struct options *options, int takes)
{
	if (options->stats || options->stats_file)
		return "--stats";
	if (options->has_engine && !(takes & TAKES_ENGINE))
		return "--engine";
	if (options->cache_dir && !(takes & TAKES_CACHE_DIR))
		return "--cache-dir";
	return NULL;
}

static int run_subcommand(const struct subcommand *subcommand, const struct options *options,
			  int argc, char **argv)
{
	const char *option = misplaced(options, subcommand->takes);

	if (option)
		return usage_error("%s %s: not an option of this subcommand; a program of that "
				   "name is run by: spawn-template %s -- %s ...",
				   option, subcommand->name, option, subcommand->name);
	return subcommand->run(options, argc, argv);
}

int main(int argc, char **argv)
{
	const struct command_line line = {argc, argv};
	const struct subcommand *subcommand;
	struct options options;
	int next;
	int status;

	descriptors_reserve();
	status = options_parse(argc, argv, &options, &next);
	if (status)
		return status;
	set_verbose(options.verbose);
	if (options.request == REQUEST_HELP) {
		print_help();
		return output_finish(0);
	}
	if (options.request == REQUEST_VERSION) {
		print_version();
		return output_finish(0);
	}
	if (next >= argc)
		return usage_error("no COMMAND given; see spawn-template --help");
	subcommand = options.after_dashes ? NULL : find_subcommand(argv[next]);
	if (subcommand)
		return run_subcommand(subcommand, &options, argc - next, argv + next);
	return run(&options, argv + next, &line);
}
