/*
 * The subcommands.  Each gets its arguments, argv[0] being its name, and the options that stood
 * before it, and returns the exit status.
 */
#ifndef ST_LAUNCHER_SUBCOMMANDS_H
#define ST_LAUNCHER_SUBCOMMANDS_H

#include "options.h"
#include "sentry.h"

/* `spawn-template COMMAND`: argv is COMMAND's; line is the whole, as the kernel gave it. */
int run(const struct options *options, char **argv, const struct command_line *line);

int subcommand_env(const struct options *options, int argc, char **argv);
int subcommand_bake(const struct options *options, int argc, char **argv);
int subcommand_cache(const struct options *options, int argc, char **argv);
int subcommand_inspect(const struct options *options, int argc, char **argv);
int subcommand_doctor(const struct options *options, int argc, char **argv);
int subcommand_stats(const struct options *options, int argc, char **argv);

void print_help(void);
void print_version(void);

#endif
