/*
 * What the unit tests share: a Check program that gives every test a directory of its own.
 */
#ifndef ST_TEST_UNIT_SCRATCH_H
#define ST_TEST_UNIT_SCRATCH_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A test case whose tests each run in a new, empty directory.  All of them are removed when the
 * case is over, however it ended.  timeout: seconds for one test.
 */
TCase *scratch_case(Suite *suite, const char *name, double timeout);

/* True in a build with AddressSanitizer, which needs terabytes of addresses. */
#if defined(__SANITIZE_ADDRESS__)
#define SCRATCH_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SCRATCH_HAS_ASAN 1
#endif
#endif
#ifndef SCRATCH_HAS_ASAN
#define SCRATCH_HAS_ASAN 0
#endif

/* ck_assert() for loops: that one writes to a file each time, even if nothing is wrong. */
#define SCRATCH_ASSERT(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg("%s", #condition); \
	} while (0)

/* Run a suite; the exit status of main(). */
int scratch_run(Suite *suite);

/* Write a new file; replaces an old one of that name by another inode. */
void scratch_file(const char *path, const void *data, size_t size, mode_t mode);

/* The absolute path of a name in the test's directory; static buffer, four calls deep. */
const char *scratch_path(const char *name);

/* The number of open descriptors of this process. */
unsigned scratch_descriptors(void);

/*
 * Makes a system call fail with `error` in this process, its children and what they execute, by a
 * filter (seccomp(2)): where its fourth argument has one of `bits` set, or none of them if !set;
 * with no bits and !set, whatever it is given.  0, or -1 and errno.
 */
int scratch_forbid(unsigned call, int error, uint32_t bits, bool set);

/* From now on this process can open no descriptor (EMFILE); or, with false, as many as it may. */
void scratch_forbid_descriptors(bool forbid);

/* A small generator of repeatable noise (xorshift64*). */
struct noise {
	uint64_t state; /* not 0 */
};
uint64_t noise_next(struct noise *noise);

#endif
