/*
 * What the fuzz targets share.  A target is one source file with LLVMFuzzerTestOneInput(): with the
 * option ST_FUZZ libFuzzer's main() calls it, else the one in main.c, with the files of its corpus.
 */
#ifndef ST_TEST_FUZZ_H
#define ST_TEST_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Use the input.  0; whatever is found ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* End the process, with a line on stderr, unless the condition holds. */
#define FUZZ_ASSERT(condition) \
	do { \
		if (!(condition)) \
			fuzz_fail(__FILE__, __LINE__, #condition); \
	} while (0)
__attribute__((noreturn)) void fuzz_fail(const char *file, int line, const char *what);

/* An input that is taken from its front.  Behind its end there are zeros. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* The next `bytes` <= 8 bytes as a little-endian number. */
uint64_t fuzz_number(struct fuzz_input *in, unsigned bytes);
/* The next bytes, at most `size`: *got of them. */
const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t size, size_t *got);

/*
 * A file with this content: number n < FUZZ_FILES, kept from input to input.  Of
 * fuzz_memory_file() the result is a descriptor, of fuzz_file() an absolute path; both are the
 * callee's.
 */
enum { FUZZ_FILES = 4 };
int fuzz_memory_file(const void *data, size_t size);
const char *fuzz_file(unsigned n, const void *data, size_t size);

/* A directory of this process, removed at its end. */
const char *fuzz_directory(void);

/* Read all of it, so that a sanitizer sees what may not be read. */
void fuzz_touch(const void *data, size_t size);
void fuzz_touch_string(const char *s);

#endif
