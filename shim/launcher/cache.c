#include <string.h>

#include "cache_scan.h"
#include "message.h"
#include "subcommands.h"

enum { OPT_JSON = 256, OPT_CACHE_DIR };

static const struct option long_options[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{"cache-dir", required_argument, NULL, OPT_CACHE_DIR},
	{NULL, 0, NULL, 0},
};

static const struct verb {
	const char *name;
	int (*run)(struct cache_scan *scan, bool json);
} verbs[] = {
	{"ls", cache_ls},
	{"clear", cache_clear},
	{"verify", cache_verify},
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

/* Returns null, after a line on stderr, if the arguments are not right. */
static const struct verb *parse_verb(int argc, char **argv)
{
	const struct verb *verb = optind < argc ? find_verb(argv[optind]) : NULL;

	if (optind >= argc)
		say("cache: say what to do: ls, clear or verify");
	else if (!verb)
		say("cache %s: must be ls, clear or verify", argv[optind]);
	else if (optind + 1 < argc)
		say("cache %s %s: one word too many", argv[optind], argv[optind + 1]);
	return optind + 1 == argc ? verb : NULL;
}

static int parse_options(int argc, char **argv, struct options *options, bool *json)
{
	int c;

	*json = false;
	optind = 0;
	while ((c = getopt_long(argc, argv, ":", long_options, NULL)) >= 0) {
		if (c == OPT_JSON)
			*json = true;
		else if (c == OPT_CACHE_DIR && *optarg)
			options->cache_dir = optarg;
		else if (c == OPT_CACHE_DIR)
			return usage_error("--cache-dir=: the path is empty");
		else
			return options_bad("cache", c, argv, long_options);
	}
	return 0;
}

int subcommand_cache(const struct options *options, int argc, char **argv)
{
	struct options own = *options;
	const struct verb *verb;
	struct cache_scan scan;
	bool json;
	int status = parse_options(argc, argv, &own, &json);

	if (status)
		return status;
	verb = parse_verb(argc, argv);
	if (!verb)
		return EXIT_USAGE;
	status = cache_scan(&own, &scan);
	if (status)
		return status;
	status = verb->run(&scan, json);
	cache_scan_free(&scan);
	return status;
}
