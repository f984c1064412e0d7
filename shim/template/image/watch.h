/*
 * Running a process from its first instruction to its program's entry point, and learning from its
 * system calls whether what it has become may be kept.
 *
 * Everything that ld.so and the libraries' constructors do is seen.  What leaves a trace outside
 * the process's memory, or depends on who, when and where it runs, makes the program ineligible;
 * what depends on files, the environment and resource limits is written down, for resume to check;
 * and what signals do, for resume to do the same.
 */
#ifndef ST_IMAGE_WATCH_H
#define ST_IMAGE_WATCH_H

#include <limits.h>
#include <signal.h>
#include <stdint.h>

#include "format.h"
#include "place.h"
#include "tracee.h"

enum {
	WATCH_FILES = 256,
	WATCH_NAMES = 32,
	WATCH_LIMITS = 16,
	WATCH_BOUNDS = 64,
	WATCH_AFFINITIES = 4,
	WATCH_ACTIONS = 16,
};

/* Signals that cannot be blocked, or by which a tracee stops: as rt_sigprocmask(2) has them. */
#define WATCH_UNBLOCKABLE \
	(UINT64_C(1) << (SIGKILL - 1) | UINT64_C(1) << (SIGSTOP - 1) | \
	 UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGTRAP - 1))

struct seen_file {
	char *path; /* absolute */
	bool absent;
	int rights;         /* what it was used for, and may be: of access(2) */
	struct identity id; /* when it was first seen, unless absent */
};

struct watch {
	/* Of the thread, as registered with the kernel. */
	uint64_t fs_base, tid_address, robust_list, robust_list_size, rseq;
	uint32_t rseq_size, rseq_signature;
	uint64_t rdx;           /* at the entry point */
	uint64_t clock_gettime; /* offset in the vDSO */
	/* How often a function has read a clock. */
	unsigned clock_reads[FUNCTIONS_CLOCKS][IMAGE_CLOCKS];
	uint64_t curbrk; /* address of libc's __curbrk */
	struct seen_file files[WATCH_FILES];
	unsigned file_count;
	/* Names of environment variables that constructors asked for. */
	char *names[WATCH_NAMES];
	unsigned name_count;
	struct image_limit limits[WATCH_LIMITS];
	unsigned limit_count;
	struct image_bound bounds[WATCH_BOUNDS];
	unsigned bound_count;
	struct image_affinity affinities[WATCH_AFFINITIES];
	unsigned affinity_count;
	struct image_action actions[WATCH_ACTIONS];
	unsigned action_count;
	uint64_t opened;      /* descriptors, opened and not closed: bit N for number N */
	uint64_t mask;        /* of blocked signals, at the entry point */
	uint64_t unblocked;   /* of those that were blocked at the beginning: watch_compare() */
	unsigned char *stack; /* what the kernel has put there, as it was */
	uint64_t random[2];   /* AT_RANDOM's bytes, as constructors find them */
	uint32_t streams;     /* standard streams that it looked at: bit N for number N */
	uint32_t mxcsr;       /* at the entry point */
	bool has_stack_limit; /* libc has asked for it */
	bool uses_fstat;      /* ld.so does, not newfstatat(2) */
	bool sees_vectors;    /* ld.so was seen to go through the environment */
	/* Why the program is not eligible, "" if it is. */
	char refusal[128];
};

/*
 * Run the placed tracee to its entry point.  0; -ENOTSUP with w->refusal set if it did something
 * that cannot be kept; another negative error number if it ended or got out of hand.
 */
int watch_run(struct watch *w, struct place *p, struct tracee *t);
/* What the clocks of a spot are in the first run, and then in the second.  0 or a negative error
   number. */
int clocks_now(uint64_t clocks[IMAGE_CLOCKS]);
void clocks_of_second_run(uint64_t clocks[IMAGE_CLOCKS]);

void watch_free(struct watch *w);

/*
 * Compare what a second run has done to its signals, which began with those of its spot blocked,
 * and all else that watch_is_like() looks at: that must be the same, whatever a process begins
 * with.  0; or -ENOTSUP with w->refusal set.
 */
int watch_compare(struct watch *w, const struct watch *second, const struct spot *spot);
/* True if another run has left its signals and MXCSR so as well, used the same files and variables,
   and looked at the same streams. */
bool watch_is_like(const struct watch *w, const struct watch *other, const struct spot *spot);

#endif
