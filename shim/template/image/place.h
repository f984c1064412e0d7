/*
 * Where a baked process has its memory.
 *
 * An image's addresses must be free in every process that is ever started from it, by construction:
 * a segment that cannot be placed kills the process after the point of no return.  The kernel puts
 * nothing of its own between the top of where a program without ASLR is linked (a few gigabytes)
 * and the lowest place for mappings, a third of the address space (legacy layout, `ulimit -s
 * unlimited`): stack, vDSO, mappings and position independent programs are all above that.  So
 * everything that can be moved is moved there: the program and ld.so before their first
 * instruction, with mremap(2), and every later mapping when it is asked for.  The program comes
 * last, so that the kernel puts the heap behind it, with terabytes of room.
 *
 *   spot's end       of the program, which has its heap behind it
 *     below that     ld.so, libraries, thread control block, ..., downwards
 *     below them     the resume code and its table
 *
 * All of it is next to each other, but for code that fills large pages, so that few pages of page
 * tables are needed, and so are the pieces of memory that ld.so allocates (behind its own data), so
 * that one segment holds them.
 */
#ifndef ST_IMAGE_PLACE_H
#define ST_IMAGE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"
#include "range.h"
#include "tracee.h"

#define IMAGE_LIBRARIES UINT64_C(0x010000000000) /* 1 TiB for libraries */

/* The vDSO's functions that read a clock. */
enum { CLOCK_GETTIME, GETTIMEOFDAY, TIME, FUNCTIONS_CLOCKS };

/* What is chosen for a process rather than left to chance: two that are given the same can be
   compared. */
struct spot {
	uint64_t end; /* IMAGE_LOW + IMAGE_LIBRARIES + random, a multiple of 2 MiB */
	int cpu;      /* ld.so remembers its CPU's number with what cpuid says */
	/* In place of the kernel's random bytes: those of AT_RANDOM, which become guards; and those
	   of getrandom(2), by which malloc marks freed memory. */
	uint64_t at_random[2];
	uint64_t stack_limit;          /* RLIMIT_STACK as the program sees it */
	uint64_t clocks[IMAGE_CLOCKS]; /* what they say at first, ns; 0 for those it may not read */
	uint64_t clock_step;           /* and how much more each time, ns */
	uint64_t blocked;              /* signals, at the beginning */
	struct {
		uint32_t mode; /* st_mode */
		int64_t size;
		int64_t position; /* as lseek(2) gives it, or -ESPIPE */
	} stream;                 /* the standard streams */
	/* How many arguments more than its name the program gets. */
	int more_arguments;
	uint64_t random;
};

/* A range of addresses. */
struct range {
	uint64_t start, end;
};

enum { PLACE_ANONYMOUS = 64 };

struct place {
	const struct spot *spot;
	uint64_t lowest;           /* of all that has been placed: the next mapping goes below */
	uint64_t arena, arena_end; /* free room behind ld.so's data */
	/* What constructors have mapped without a file; is_loaded: they run. */
	struct range anonymous[PLACE_ANONYMOUS];
	unsigned anonymous_count;
	bool is_loaded;
	uint64_t brk_start;
	uint64_t brk; /* the emulated program break */
	/* The initial stack: the block from argc to the top. */
	uint64_t stack;
	uint64_t stack_top;
	uint64_t argv, envp, auxv;
	uint64_t argc;
	uint64_t strings;     /* argv[0] */
	uint64_t env_strings; /* envp[0] */
	uint64_t guard;       /* glibc's guard of pointers */
	uint64_t canary;      /* and of frames */
	uint64_t vdso, vdso_size;
	uint64_t program; /* start of the program's first mapping, after the move */
	bool program_moved;
	uint64_t dynamic, dynamic_size; /* its PT_DYNAMIC, likewise */
	uint64_t loader, loader_end;    /* ld.so, likewise */
	/* The auxiliary vector, by type; 0 where there is none. */
	uint64_t aux[64];
};

/* Fill AT_RANDOM's bytes for a second run, each another than its counterpart of the first: by these
   garbage is told from data (garbage.h).  0 or a negative error number. */
int random_of_second_run(const uint64_t first[2], uint64_t second[2]);

/* Take the stopped tracee apart and put it there; its auxiliary vector is changed to match. */
int place_all(struct place *p, struct tracee *t, const struct spot *spot);

/* Where the library that is loaded at `base` has its variables, zeroed ones included. */
int place_variables(const struct tracee *t, uint64_t base, uint64_t *from, uint64_t *to);

/* Room for a mapping of `size` bytes, without a file. */
uint64_t place_mapping(struct place *p, uint64_t size);
/* Room for an object, which the tracee maps from its descriptor fd: so that its code can be mapped
   by large pages (code.h). */
uint64_t place_object(struct place *p, const struct tracee *t, int fd, uint64_t size);
/* Room for an anonymous one that is written to, likewise. */
uint64_t place_data(struct place *p, uint64_t size);

#endif
