/*
 * What the tests of the kernel engine share: this libc's functions, helper programs that tell what
 * they were started with, and a place for programs that may have a template.
 */
#ifndef ST_TEST_SPAWN_FIXTURE_H
#define ST_TEST_SPAWN_FIXTURE_H

#include <check.h>
#include <stdbool.h>
#include <sys/types.h>

#include "shim/template/actions.h"
#include "shim/template/kernel.h"

const struct file_actions_builders *fixture_builders(void);
const struct attribute_getters *fixture_getters(void);

/*
 * The test programs are their own helpers.  main() begins with this; if it is true, *status is the
 * exit status.  As a helper a test program understands
 *   --report FILE   write what this process looks like to FILE
 *   --exit N        end with status N
 *   --name FILE     write AT_EXECFN, /proc/self/comm and the arguments to FILE
 */
bool fixture_is_helper(int argc, char *argv[], int *status);

/* Two texts that --report wrote must be equal: whether also in the signals that libc keeps for
   itself is for internal to say. */
void fixture_same_report(const char *a, const char *b, bool internal);

/* The content of a file, allocated; "" if it cannot be read. */
char *fixture_read(const char *path);

/* True if pid ended by exit(status); waits for it. */
bool fixture_exited(pid_t pid, int status);

/*
 * A test case whose tests run where the kernel engine gives templates to programs in
 * fixture_program(), which are not the user's to write.  As root: as an ordinary user, and the
 * programs are root's.  Otherwise: as root of a user namespace with a file system of its own below
 * /usr.  Each test has its own directories; all are removed when the case is over.
 */
TCase *fixture_case(Suite *suite, const char *name, double timeout);

/* False, with a line on stderr, if the machine allows neither: then the test cannot run. */
bool fixture_entered(void);

/* Paths in static memory.  The second is a directory that the test may write to. */
const char *fixture_program(const char *name);
const char *fixture_scratch(const char *name);

/* Be, for a moment, somebody who may change programs; and not any more. */
void fixture_modify_begin(void);
void fixture_modify_end(void);

/* Make a helper program: a copy of this very program.  The file must not exist. */
void fixture_copy_helper(const char *path);
/* The same at fixture_program(name). */
void fixture_install(const char *name);
/* The same by way of rename(2): what stood there is replaced. */
void fixture_replace(const char *name);

/* An engine with the functions of this libc and with numbers; and what is known of a path. */
void fixture_engine(struct kernel_engine *engine);
struct cached fixture_entry(const char *path);

#endif
