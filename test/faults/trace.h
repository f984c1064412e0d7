/*
 * System calls that fail on purpose: what strace's --inject does, for one call in a tree of
 * processes, quickly enough to try each of them with each error.
 */
#ifndef ST_FAULTS_TRACE_H
#define ST_FAULTS_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

/* In place of an error number: the process is killed when it makes the call. */
enum { TRACE_KILL = -1 };

/* getpgid(2) of these: from here on calls are counted, and from here on they are not. */
enum { TRACE_MARK_ON = 0x7e570001, TRACE_MARK_OFF = 0x7e570002 };

/* A call that was made to fail. */
struct trace_hit {
	long nr;
	int depth;   /* of the process: 0 for the first */
	bool resume; /* by an image, before it is the program again */
};

enum { TRACE_LOG_MAX = 4096 };

struct trace {
	int depth; /* processes below that are let go when they begin */
	/*
	 * Count only between marks, which a child inherits; and in a process that has executed
	 * something only what the resume code of an image does.  Else count all calls behind
	 * the first exec.
	 */
	bool marks;
	unsigned long number; /* of the call that is to fail; 0 for none */
	int error;

	unsigned long counted;
	struct trace_hit hit;  /* nr is -1 if there was none */
	struct trace_hit *log; /* null, or to be filled: [number - 1], TRACE_LOG_MAX of them */
	int status;            /* of the first process, as wait(2) has it */
};

/* To be called in the first process, a child of the tracer, when it is ready. */
void trace_me(void);

/* Trace it until it and all others are gone. */
void trace_run(struct trace *trace, pid_t first);

/* The name of a system call; a static string. */
const char *trace_name(long nr);

#endif
