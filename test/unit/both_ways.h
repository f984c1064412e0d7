/*
 * File actions and attributes, carried out by libc's posix_spawn(), by child_start(), and
 * translated by kernel_stub.c.  The child must look the same each way, or fail alike.
 */
#ifndef ST_TEST_BOTH_WAYS_H
#define ST_TEST_BOTH_WAYS_H

#include <spawn.h>

#include "scratch.h"
#include "shim/template/child.h"
#include "shim/template/translate.h"
#include "spawn_fixture.h"

/* Of the running test. */
extern posix_spawn_file_actions_t fa;
extern posix_spawnattr_t attr;

/*
 * A test case with both objects empty, in a directory with "file" (ten bytes), "dir", "dir/sub" and
 * "loop", a symbolic link to itself.  Descriptor 10 is "file" at offset 4 and inherited; 11 is
 * "file" and 12 is "dir", both with FD_CLOEXEC; 13 and above are not open.
 */
TCase *both_ways_case(Suite *suite, const char *name);

/* All ways; posix_spawn() must return err, and the emulated call end with the status for it. */
void compare(int err);

/* The same without the kernel's: libc and child_start(), down to the signals that are libc's own.
   Nothing is compared where child_start() leaves it to libc, or is not meant to be like this one.
 */
void compare_child(int err);

/* child_start() of a program, null: the helper; with this fallback, null: none. */
extern const char *child_fallback;
int start_child_of(const char *path, struct child_result *result);

/* What posix_spawn() returns. */
int error_by_libc(void);

/* Translate the objects as they are. */
enum reason translate_these(struct translation *t);

#define ADD(kind, ...) ck_assert_int_eq(posix_spawn_file_actions_add##kind(&fa, __VA_ARGS__), 0)

#endif
