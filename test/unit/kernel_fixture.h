/*
 * What the tests of the kernel engine's starts share: an engine on the emulated calls, a program
 * that may have a template, and one call to start it.
 */
#ifndef ST_TEST_KERNEL_FIXTURE_H
#define ST_TEST_KERNEL_FIXTURE_H

#include <spawn.h>
#include <stdbool.h>

#include "kernel_stub.h"
#include "scratch.h"
#include "shim/template/kernel.h"
#include "spawn_fixture.h"

/* Of the running test.  What is started is `program`, of which `entry` is known. */
extern struct kernel_engine engine;
extern struct kernel_result result;
extern struct cached entry;
extern bool changed;
extern char program[];
extern posix_spawn_file_actions_t *file_actions; /* or null */
extern posix_spawnattr_t *attributes;            /* or null */
extern char *const some_env[];

/* A checked fixture: the engine, and in a fixture_case() the helper program "tool". */
void kernel_fixture_setup(void);

/* First in a test that needs a program which may have a template. */
#define NEEDS_PROGRAM() \
	do { \
		if (!fixture_entered()) \
			return; \
	} while (0)

/* Make another program the one that is started. */
void choose_program(const char *path);

enum reason start_with(char *const argv[], char *const envp[]);
/* With the arguments "tool", option, value and with some_env. */
enum reason start(const char *option, const char *value);

/* The child of the last start ends with this status; closes its pidfd. */
void expect_exit(int status);
/* start() works, and its child's status is 0. */
void expect_start(void);
void expect_no_child(void);

#endif
