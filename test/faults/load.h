/*
 * What the parts of `load` share: the targets, and what is counted.
 */
#ifndef ST_FAULTS_LOAD_H
#define ST_FAULTS_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LOAD_TARGETS = 8, LOAD_CALLERS_MAX = 256, LOAD_PATH_MAX = 512 };

/* How a target is replaced. */
enum load_kind {
	LOAD_STABLE,   /* not at all */
	LOAD_RENAMED,  /* by a new file */
	LOAD_IN_PLACE, /* by writing into the file */
	LOAD_LIBRARY,  /* its library is, by a new file */
	LOAD_SCRIPT,   /* a script, by a new file */
};

/* In shared memory.  What is there is a version between done and begun. */
struct load_target {
	_Atomic unsigned begun;
	_Atomic unsigned done;
	enum load_kind kind;
	char name[16];
	char path[LOAD_PATH_MAX];
	char replaced[LOAD_PATH_MAX]; /* the file that is replaced: path, or its library */
};

struct load_memory {
	long early;  /* bytes of a caller after a quarter of all starts, resident */
	long late;   /* and after its last */
	long leaked; /* descriptors, children: none */
};

struct load {
	struct load_target targets[LOAD_TARGETS];
	unsigned long wanted;        /* starts */
	_Atomic unsigned long taken; /* numbers given to starts so far */
	_Atomic unsigned long done;  /* starts whose program has run and was right */
	_Atomic unsigned long busy;  /* not started: the file was just open for writing (ETXTBSY) */
	_Atomic unsigned long wrong; /* each is described on stderr */
	_Atomic unsigned long passed; /* starts during which no target was replaced */
	_Atomic bool stop;
	struct load_memory memory[LOAD_CALLERS_MAX];
};

/* Make all targets, below the directory; base has the compiled ones. */
void load_targets_make(struct load *load, const char *directory, const char *base);

/* Replace targets, one every few milliseconds, until load->stop. */
void load_targets_replace(struct load *load, const char *base, unsigned pause_ms);

/* Be caller number n, of that many threads: start targets until all starts are done. */
void load_call(struct load *load, unsigned n, unsigned threads);

#endif
