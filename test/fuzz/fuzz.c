#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char directory[256];
static char paths[FUZZ_FILES][sizeof directory + 16];

void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

uint64_t fuzz_number(struct fuzz_input *in, unsigned bytes)
{
	size_t got;
	const uint8_t *at = fuzz_bytes(in, bytes, &got);
	uint64_t n = 0;

	while (got)
		n = n << 8 | at[--got];
	return n;
}

const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t size, size_t *got)
{
	const uint8_t *at = in->at;

	*got = size < in->left ? size : in->left;
	in->at += *got;
	in->left -= *got;
	return at;
}

static void fill(int fd, const void *data, size_t size)
{
	FUZZ_ASSERT(fd >= 0 && ftruncate(fd, 0) == 0);
	FUZZ_ASSERT(size == 0 || pwrite(fd, data, size, 0) == (ssize_t)size);
}

int fuzz_memory_file(const void *data, size_t size)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	fill(fd, data, size);
	return fd;
}

static void remove_all(void)
{
	for (unsigned n = 0; n < FUZZ_FILES; n++)
		if (paths[n][0])
			unlink(paths[n]);
	rmdir(directory);
}

const char *fuzz_directory(void)
{
	const char *parent = getenv("TMPDIR");

	if (directory[0])
		return directory;
	snprintf(directory, sizeof directory, "%s/spawn-template-fuzz-XXXXXX",
		 parent ? parent : "/tmp");
	FUZZ_ASSERT(mkdtemp(directory));
	atexit(remove_all);
	return directory;
}

const char *fuzz_file(unsigned n, const void *data, size_t size)
{
	static int fds[FUZZ_FILES];

	if (!paths[n][0]) {
		snprintf(paths[n], sizeof paths[n], "%s/%u", fuzz_directory(), n);
		fds[n] = open(paths[n], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	fill(fds[n], data, size);
	return paths[n];
}

void fuzz_touch(const void *data, size_t size)
{
	const volatile unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		(void)bytes[i];
}

void fuzz_touch_string(const char *s)
{
	if (s)
		fuzz_touch(s, strlen(s) + 1);
}
