/*
 * The end of what a subcommand prints on stdout.
 */
#ifndef ST_LAUNCHER_OUTPUT_H
#define ST_LAUNCHER_OUTPUT_H

/*
 * Flush stdout.  Returns status, or EXIT_FOUND with a line on stderr if not everything could be
 * written: a report on a full disk must not look complete.
 */
int output_finish(int status);

#endif
