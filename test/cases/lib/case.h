/*
 * What the programs of test/cases share.
 *
 * A program of test/cases does not know what is right: it prints facts, one a line, and compare.sh
 * runs it without and with the preload and wants the same lines.  Where POSIX or glibc fixes the
 * outcome, the program also says so with REQUIRE().
 */
#ifndef ST_CASES_CASE_H
#define ST_CASES_CASE_H

#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Print one line on stdout at once, so that a program that dies keeps what it had found. */
void fact(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print a sentence on stderr and exit with status 1. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define REQUIRE(condition) \
	do { \
		if (!(condition)) \
			fail("%s:%d: %s does not hold", __FILE__, __LINE__, #condition); \
	} while (0)

/* The name of an error number, "0" for none.  Static string. */
const char *error_name(int error);

/* What wait(2) told, as "exit 3", "signal 11", "stopped 19"; in one of a few static buffers. */
const char *status_text(int status);

/*
 * Run function(arg) in a forked child with core dumps off and return its wait status.  What it
 * returns is its exit status.  Also a check by itself: there must be no other child.
 */
int in_child(int (*function)(void *), void *arg);

/* waitpid() of one process until it is over; fails the test if it is not our child. */
int wait_for(pid_t pid);

/* True if this process has no child, dead or alive. */
bool no_children(void);

/* The open descriptors as "0 1 2 5", without the kernel engine's templates; buf is filled. */
const char *open_descriptors(char *buf, size_t size);

/* The number of threads of this process. */
int thread_count(void);

/* A file `name` in the working directory with this content and mode; fails the test otherwise. */
void make_file(const char *name, const char *content, mode_t mode);

/* The helper program `name`, from the directory in the variable ST_CASES_BIN.  Allocated. */
char *helper(const char *name);

/* A string of n times c.  Allocated. */
char *repeated(char c, size_t n);

/* Add an action for descriptors from 20 up, after which the call is libc's to carry out.  A libc
   that has no such action (glibc before 2.34) carries out all calls. */
void leave_to_libc(posix_spawn_file_actions_t *actions);

/* An allocated array of copies of these strings, for argv and envp; a NULL ends the list. */
char **strings(const char *first, ...) __attribute__((sentinel));

#endif
