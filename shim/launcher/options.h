/*
 * The options that stand before COMMAND or before the name of a subcommand.
 */
#ifndef ST_LAUNCHER_OPTIONS_H
#define ST_LAUNCHER_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

enum engine { ENGINE_AUTO, ENGINE_KERNEL, ENGINE_IMAGE, ENGINE_OFF, ENGINE_COUNT };

enum request { REQUEST_COMMAND, REQUEST_HELP, REQUEST_VERSION };

struct options {
	enum request request;
	bool has_engine;
	enum engine engine;
	bool stats;             /* --stats: the table */
	const char *stats_file; /* --stats=FILE, or null */
	const char *cache_dir;  /* --cache-dir=DIR, or null */
	bool verbose;
	bool after_dashes; /* COMMAND stood behind "--": no subcommand */
};

/*
 * Read the options.  Returns 0 and the index of the first other argument in *next, or EXIT_USAGE
 * after a line on stderr.
 */
int options_parse(int argc, char **argv, struct options *options, int *next);

/*
 * What the environment says: SPAWN_TEMPLATE is a default for the engine (which options->has_engine
 * stays silent about), and all of our variables must be well-formed.  Returns 0 or EXIT_USAGE
 * after a line on stderr.
 */
int options_check_environment(const struct options *options);

/* "auto", ...; and back: false if it is none. */
const char *engine_name(enum engine engine);
bool engine_parse(const char *name, enum engine *engine);

/*
 * For the getopt_long() of a subcommand, which returned c: say what is wrong with the argument it
 * stopped at.  Always EXIT_USAGE.
 */
int options_bad(const char *subcommand, int c, char **argv, const struct option *options);

#endif
