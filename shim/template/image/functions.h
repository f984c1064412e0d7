/*
 * Addresses of the few functions and variables of ld.so and libc that a bake must know, found in
 * the dynamic symbol tables of the files that the process has mapped.
 */
#ifndef ST_IMAGE_FUNCTIONS_H
#define ST_IMAGE_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "place.h"
#include "tracee.h"

enum { FUNCTIONS_SET = 4 };

struct functions {
	uint64_t libc, libc_end; /* once it is mapped */
	uint64_t loaded; /* _dl_debug_state: all libraries are mapped, no constructor has run */
	uint64_t get_env;
	uint64_t get_env_size;           /* of its code, in bytes */
	uint64_t set_env[FUNCTIONS_SET]; /* setenv() and those like it */
	uint64_t get_random;
	uint64_t clocks[FUNCTIONS_CLOCKS];
	uint64_t short_name;       /* program_invocation_short_name, a variable */
	bool has_memory_sanitizer; /* the program has its runtime */
	uint64_t curbrk;           /* libc's __curbrk, a variable */
};

/* Stop the tracee when ld.so has mapped all libraries, and when it reads a clock. */
int functions_watch_loader(struct functions *f, const struct place *p, struct tracee *t);

/* At that stop: find libc and stop at what constructors may call.  Nothing the second time. */
int functions_watch_libc(struct functions *f, const struct place *p, struct tracee *t);

/* Where libc is mapped by now: nowhere, f->libc == 0. */
void functions_find_libc(struct functions *f, pid_t pid);

/* True if at is in the function that reads the environment for constructors. */
bool functions_reads_environment(const struct functions *f, uint64_t at);

/* True if at is the address of a function by which constructors may change the environment. */
bool functions_changes_environment(const struct functions *f, uint64_t at);

/* A dynamic symbol that is looked for, and what was found: an address of 0 if there is none. */
struct symbol {
	const char *name;
	uint64_t address;
	uint64_t size; /* in bytes */
};

/* Look for the symbols in the object that process pid has mapped at or around `at`, all in one
   reading of its table. */
void symbols_find(pid_t pid, uint64_t at, struct symbol *symbols, size_t count);

#endif
