/*
 * What the selftests of the two system calls have in common: TAP output, the calls themselves, and
 * a program to start, which is the selftest's own file.
 */
#ifndef ST_TEST_KERNEL_COMMON_H
#define ST_TEST_KERNEL_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../include/spawn_template.h"

enum {
	NR_CREATE = 472,
	NR_SPAWN = 473,
	CREATE_VER0 = 72,
	SPAWN_VER0 = 80,
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define POINTER(p)    ((uint64_t)(uintptr_t)(p))

/* One TAP line.  Returns the condition. */
__attribute__((format(printf, 2, 3))) bool ok(bool condition, const char *format, ...);
/* The same for a result that should be a certain number; says what it was if not. */
__attribute__((format(printf, 3, 4))) bool same(long got, long wanted, const char *format, ...);
/* The plan.  The exit status of the selftest. */
int done(void);
/* Ends a selftest that cannot go on. */
__attribute__((noreturn, format(printf, 1, 2))) void bail(const char *format, ...);

/*
 * If the selftest has been started as the program to start, do what its arguments say, and exit.
 * Call first in main().  The first argument is one of
 *
 *   exit N       exit with status N
 *   pause        wait for a signal
 *   report       write to descriptor 1 what can be seen of oneself
 *   fds          write to descriptor 1 which descriptors are open, below 1024
 *   read FD      copy FD to descriptor 1
 *   cwd          write the working directory to descriptor 1
 *   signals      write the blocked, ignored and caught signals to descriptor 1
 */
void be_program(int argc, char **argv);

/* The path of the selftest's own file. */
const char *self_path(void);
/* Copy it, executable for all. */
void copy_self(const char *to);

/* The system calls: a result, or a negative error number. */
long sys_create(const void *args, size_t size);
long sys_spawn(int fd, const void *args, size_t size);

/* With what is right; flags are those of create. */
long create_by_path(const char *path, uint64_t flags);
long create_by_fd(int execfd, uint64_t flags);

/* A spawn: change what is to be different, and call do_spawn(). */
struct spawn {
	struct spawn_template_spawn_args args;
	int pidfd;
	char *argv[8];
	char *envp[4];
};
/* Arguments: the program's name and those given, up to a null pointer. */
void spawn_init(struct spawn *s, ...) __attribute__((sentinel));
void spawn_actions(struct spawn *s, const struct spawn_template_action *actions, size_t count);
long do_spawn(struct spawn *s, int template_fd);

/* Wait for the child of a spawn that returned `pid`; its wait status, or a negative error. */
int wait_for(struct spawn *s, long pid);
/* do_spawn() and wait_for(): the exit status, 1000 + the signal, or a negative error number. */
int run(struct spawn *s, int template_fd);

/*
 * The same with the child's descriptor 1 caught in `out`, which is terminated.  The actions given
 * come after the one for descriptor 1.
 */
int run_output(struct spawn *s, int template_fd, const struct spawn_template_action *actions,
	       size_t count, char *out, size_t size);

/* Run fn() in a fork; its return value is the result, 0 to 255. */
int in_child(int (*fn)(int fd), int fd);

#endif
