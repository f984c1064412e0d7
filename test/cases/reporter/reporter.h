/*
 * The reporter prints, as lines "key: value", everything that a program can see of how it was
 * started and of the state that libc and the kernel gave it.  Two starts that are meant to be the
 * same must give the same text, so what differs from one start to the next by nature (process ids,
 * addresses, inode numbers of pipes, times) is printed as a relation or as "set".
 */
#ifndef ST_CASES_REPORTER_H
#define ST_CASES_REPORTER_H

#include <stddef.h>

/* State of libc as main() found it, before anything here changed it. */
struct start_state {
	int error; /* errno */
	int argc;
	char **argv;
	char **envp;
	int constructor_argc; /* what a constructor of the program was given */
	char **constructor_argv;
	char **constructor_envp;
	int constructor_error; /* errno in it */
};

/*
 * Add a line.  Collected in static memory and written by report_flush(), since stdio's own state
 * is one of the things to be reported.  Bytes that are not printable are written as \xNN.
 */
void report(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));
void report_flush(void);

/* Read a file of /proc into buf, terminated; the length, 0 if it cannot be read. */
size_t read_file(const char *path, char *buf, size_t size);

/* The value behind "Name:" in a text like /proc/self/status, without the line's end, in buf. */
const char *status_field(const char *text, const char *name, char *buf, size_t size);

void report_start(const struct start_state *state);
void report_arguments(const struct start_state *state);
void report_auxv(void);
void report_descriptors(void);
void report_signals(void);
void report_process(void);
void report_credentials(void);
void report_limits(void);
void report_kernel_state(void);
void report_malloc(void);
void report_stack(void);
void report_linking(void);
void report_threads(void);
void report_runtime(void);
void report_clock(void);
void report_stdio(void);

#endif
