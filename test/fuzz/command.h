/*
 * Between options.c and options_stub.c.
 */
#ifndef ST_TEST_FUZZ_COMMAND_H
#define ST_TEST_FUZZ_COMMAND_H

enum { FUZZ_RAN = 100 }; /* exit status of what was asked for rightly */

/* main() of shim/launcher/main.c and inspect_main.c. */
int command_main(int argc, char **argv);
int inspect_main(int argc, char **argv);

/* Let getopt_long(3) begin anew, as in a new process, at argv[1]. */
void options_begin(const char *short_options);

#endif
