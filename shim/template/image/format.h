/*
 * A template image: what stands in the file.
 *
 * The file is an ELF executable (ET_EXEC, no interpreter) whose PT_LOAD segments are the pages that
 * differ from their files, each at the address it was baked at, and one segment more: the resume
 * code at its start and, RESUME_CODE_SIZE further on, the table below.  Everything in the table is
 * an offset from its beginning or a fixed address; there is nothing in it of the process that was
 * baked but what freshness needs.
 *
 * Behind all segments, where no start looks, stand the sections and symbols that debuggers and
 * profilers look for (sections.h).
 */
#ifndef ST_IMAGE_FORMAT_H
#define ST_IMAGE_FORMAT_H

#include <stdint.h>

#include "../../../elfcache/identity.h"

enum {
	IMAGE_VERSION = 15,
#ifdef ST_COVERAGE
	RESUME_CODE_SIZE = 0x10000,
#else
	RESUME_CODE_SIZE = 0x2000, /* room for the resume code, whole pages */
#endif
};

#define IMAGE_MAGIC UINT64_C(0x74616c706d657473) /* "stemplat" */

/* What a word of the image must be set to at resume. */
enum fix_kind {
	FIX_STACK,       /* the initial stack pointer (where argc is) + arg, which is signed */
	FIX_ENVP,        /* the environment array */
	FIX_AUXV,        /* the auxiliary vector */
	FIX_ARGV0,       /* the string argv[0] */
	FIX_PROGNAME,    /* what follows the last slash of argv[0] */
	FIX_AUX,         /* the value of auxiliary vector entry arg */
	FIX_VDSO,        /* the vDSO + arg */
	FIX_BRK,         /* the program break */
	FIX_GUARD,       /* the guard of mangled pointers */
	FIX_ARGC,        /* argc in half number arg (0: the lower) of what the image has there */
	FIX_STACK_LIMIT, /* the size of a thread's stack, from RLIMIT_STACK */
	FIX_CLOCK,   /* the time of clock arg & 0xff, in unit arg >> 8 & 0xff, in the half arg >> 16
			of   what the image has there, or all of it */
	FIX_MANGLED, /* what the image has there, mangled with the guard */
	FIX_ORIGIN,  /* the string that $ORIGIN is for the program */
};

/* In which form a time is kept. */
enum clock_unit {
	CLOCK_UNIT_S,
	CLOCK_UNIT_MS,
	CLOCK_UNIT_US,
	CLOCK_UNIT_NS,
	CLOCK_UNIT_NS_OF_S,   /* of a timespec */
	CLOCK_UNIT_US_OF_S,   /* of a timeval */
	CLOCK_UNIT_US_DOUBLE, /* node's */
	CLOCK_UNITS,
};

enum { CLOCK_WHOLE, CLOCK_LOW_HALF, CLOCK_HIGH_HALF };

/* The clocks that start-up may read: CLOCK_REALTIME, CLOCK_MONOTONIC and their coarse ones. */
enum { IMAGE_CLOCKS = 7 };

static inline uint64_t image_clock_value(uint64_t ns, unsigned unit)
{
	switch (unit) {
	case CLOCK_UNIT_S:
		return ns / 1000000000;
	case CLOCK_UNIT_MS:
		return ns / 1000000;
	case CLOCK_UNIT_US:
		return ns / 1000;
	case CLOCK_UNIT_NS:
		return ns;
	case CLOCK_UNIT_NS_OF_S:
		return ns % 1000000000;
	case CLOCK_UNIT_US_OF_S:
		return ns % 1000000000 / 1000;
	default: {
		const uint64_t number = ns / 1000;
		const double us = (double)number;
		uint64_t word;

		__builtin_memcpy(&word, &us, sizeof word);
		return word;
	}
	}
}

struct image_fix {
	uint64_t at;
	uint32_t kind;
	int32_t arg;
};

/* A file that the image depends on. */
struct image_file {
	struct identity id;
	uint32_t path;    /* offset of its name, absolute */
	uint32_t map;     /* index of its first mapping */
	uint32_t maps;    /* their number, may be 0 */
	uint32_t absent;  /* 1: there must be no such file; id is unused */
	uint32_t copy;    /* its copy in the list of copies, from 1 on; 0: there is none */
	uint32_t is_link; /* 1: the symbolic link itself is meant */
};

/* A copy of a file (code.h), to map in its place if it is there. */
struct image_copy {
	struct identity id;
	uint32_t path;
	uint32_t map;
	uint32_t maps;
	uint32_t reserved;
};

/* Pages that resume maps. */
struct image_map {
	uint64_t at;
	uint64_t size;
	uint64_t offset;
	uint32_t prot;
	uint32_t reserved;
};

/* Memory whose protection resume sets when it is done. */
struct image_protect {
	uint64_t at;
	uint64_t size;
	uint64_t prot;
};

/* Whole pages that every process is likely to write to. */
struct image_touch {
	uint64_t at;
	uint64_t size;
};

/* Memory without a file that is not zero: whole pages, as they stand in the table. */
struct image_content {
	uint64_t at;
	uint32_t size;
	uint32_t data; /* offset */
};

enum { IMAGE_VARIABLES_MAX = 64 }; /* resume has a bit of each in a word */

/* An environment variable that must have the value it had: "NAME=value", or "NAME" alone if it must
   not be set. */
struct image_variable {
	uint32_t text; /* offset */
	uint32_t name_len;
};

/* A resource limit that start-up code looked at. */
struct image_limit {
	uint64_t resource;
	uint64_t soft;
	uint64_t hard;
};

/* Whether a capability is in the bounding set, which libcap looks at to find the highest one
   (prctl(2), PR_CAPBSET_READ). */
struct image_bound {
	uint32_t capability;
	int32_t answer; /* 0, 1 or a negative error number */
};

/* The processors that it may run on, as sched_getaffinity(2) gave them. */
struct image_affinity {
	uint32_t size;  /* of the set that was asked for, bytes */
	int32_t result; /* of the set that was given, or a negative error number */
	uint64_t set[16];
};

/* What is done with a signal, as libpthread.so sets it before glibc 2.34: rt_sigaction(2), with
   `action` as the kernel has it. */
struct image_action {
	uint64_t signal;
	struct {
		uint64_t handler, flags, restorer, mask;
	} action;
};

/* Standard streams that can be sought: devices, as /dev/null, at their beginning; regular files,
   not beyond their end. */
enum { IMAGE_STREAM_DEVICE = 1, IMAGE_STREAM_FILE = 2 };

/* A word that is another where the stream is of this kind: the value, or the position in it. */
struct image_stream_word {
	uint64_t at;
	uint64_t value;
	uint32_t kind; /* IMAGE_STREAM_ */
	uint32_t is_position;
};

enum { IMAGE_STREAM_WORDS_MAX = 16 }; /* of each kind */

struct image_array {
	uint32_t at; /* offset */
	uint32_t count;
};

struct image_table {
	uint64_t magic;
	uint32_t version;
	uint32_t size; /* of table and strings, bytes */
	/* Where to go on, and with what. */
	uint64_t entry;
	uint64_t rdx; /* the function that ld.so wants called at exit (x86-64 psABI, 3.4.1) */
	/* Registers and registrations of the thread. */
	uint64_t mxcsr;
	uint64_t fs_base;
	uint64_t tid_address;
	uint64_t robust_list;
	uint64_t robust_list_size;
	uint64_t rseq;
	uint32_t rseq_size;
	uint32_t rseq_signature;
	uint64_t stack_guard; /* address of the canary, in the thread control block */
	/* Entries of the auxiliary vector that describe the target and not the image. */
	uint64_t at_phdr, at_phent, at_phnum, at_base, at_entry;
	/* Offset of the target's path, for AT_EXECFN and for starting natively.  Behind its NUL
	   stands what /proc/self/exe is natively: the program, without symbolic links. */
	uint32_t target;
	/* Offset of that program's directory. */
	uint32_t origin;
	/* A #! script: the number of arguments that the kernel has put before its path. */
	uint32_t script_args;
	uint32_t uid;
	uint32_t gid;
	uint16_t uses_fstat;       /* 1: ld.so looks at what it has opened with fstat(2) */
	uint8_t streams;           /* that start-up looks at: bit N for number N; they are pipes, */
	uint8_t stream_kinds;      /* terminals or sockets, or of these kinds (IMAGE_STREAM_) */
	struct image_array files;  /* image_file */
	struct image_array copies; /* image_copy */
	struct image_array maps;   /* image_map */
	uint32_t bare_map, bare_maps;  /* those of no file: index of the first, number */
	struct image_array fixes;      /* image_fix */
	struct image_array protects;   /* image_protect */
	struct image_array variables;  /* image_variable */
	struct image_array limits;     /* image_limit */
	struct image_array touches;    /* image_touch */
	struct image_array contents;   /* image_content */
	struct image_array bounds;     /* image_bound */
	struct image_array affinities; /* image_affinity */
	struct image_array actions;    /* image_action */
	struct image_array stream_words;
	uint64_t clock_gettime; /* in the vDSO */
	uint64_t unblocked;     /* signals that start-up unblocks, as rt_sigprocmask(2) has them */
	uint64_t own_bytes; /* memory that was not as in its file, or zero: the least to store */
	uint64_t vdso_size; /* of the vDSO it was baked with: another kernel has another */
};

#endif
