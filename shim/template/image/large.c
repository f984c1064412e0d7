#include "large.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/user.h>
#include <unistd.h>

#include "whole.h"

#define MADV_POPULATE_READ_CODE 22 /* Linux 5.14; EINVAL before */
#define MADV_COLLAPSE_CODE      25 /* Linux 6.1; EINVAL before */

/* Whole large pages of a file, mapped where they can be mapped as such. */
struct window {
	char *room;
	char *at;
	size_t size; /* 0: none */
};

static int open_window(struct window *w, int fd, uint64_t size)
{
	*w = (struct window){.size = size & ~(LARGE_PAGE - 1)};
	if (!w->size)
		return 0;
	w->room = mmap(NULL, w->size + LARGE_PAGE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (w->room == MAP_FAILED)
		return -errno;
	w->at = w->room + (-(uintptr_t)w->room & (LARGE_PAGE - 1));
	/* Executable, as the kernel wants what it makes large pages of (READ_ONLY_THP_FOR_FS). */
	if (mmap(w->at, w->size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0) == w->at)
		return 0;
	munmap(w->room, w->size + LARGE_PAGE);
	return -errno;
}

static void close_window(const struct window *w)
{
	if (w->size)
		munmap(w->room, w->size + LARGE_PAGE);
}

/* Have mapped what is in memory. */
static int touch_resident(const struct window *w, size_t *count)
{
	const size_t pages = w->size / PAGE_SIZE;
	unsigned char *resident = malloc(pages);
	size_t page = 0;
	int err = 0;

	if (!resident)
		return -ENOMEM;
	if (mincore(w->at, w->size, resident))
		err = -errno;
	while (!err && page < pages) {
		if (!(resident[page] & 1)) {
			page++;
			continue;
		}
		/* Not read: it may be gone with the end of the file, and that would be SIGBUS. */
		if (madvise(w->at + page * PAGE_SIZE, PAGE_SIZE, MADV_POPULATE_READ_CODE))
			err = -errno;
		++*count;
		page = (page / (LARGE_PAGE / PAGE_SIZE) + 1) * (LARGE_PAGE / PAGE_SIZE);
	}
	free(resident);
	return err;
}

/* The value of a line "NAME: N kB", 0 if it is another. */
static uint64_t field(const char *line, const char *name)
{
	size_t length = strlen(name);

	return strncmp(line, name, length) == 0 ? strtoull(line + length, NULL, 10) : 0;
}

/* How many bytes of the window are mapped by large pages (proc_pid_smaps(5)). */
static int large_bytes(const struct window *w, uint64_t *bytes)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	bool is_here = false;
	char line[512];

	if (!f)
		return -errno;
	while (fgets(line, sizeof line, f)) {
		char *end;
		uint64_t begin = strtoull(line, &end, 16);

		/* A mapping begins with its addresses, and a field with its name. */
		if (*end == '-')
			is_here = begin == (uintptr_t)w->at;
		else if (is_here)
			*bytes += (field(line, "FilePmdMapped:") + field(line, "ShmemPmdMapped:")) *
				  1024;
	}
	fclose(f);
	return 0;
}

int large_count(int fd, uint64_t size, struct large_count *count)
{
	uint64_t bytes = 0;
	struct window w;
	int err = open_window(&w, fd, size);

	*count = (struct large_count){0};
	if (err || !w.at)
		return err;
	err = touch_resident(&w, &count->resident);
	if (!err && count->resident)
		err = large_bytes(&w, &bytes);
	count->large = bytes / LARGE_PAGE;
	close_window(&w);
	return err;
}

int large_copy(int from, int to, uint64_t size, uint64_t pad, int (*begin)(void *data, char *piece),
	       void *data)
{
	const uint64_t end = pad + size;
	char *piece = malloc(LARGE_PAGE);
	int err = piece ? 0 : -ENOMEM;

	for (uint64_t at = 0; !err && at < end; at += LARGE_PAGE) {
		uint64_t skip = at ? 0 : pad;
		uint64_t length = end - at < LARGE_PAGE ? end - at : LARGE_PAGE;

		err = whole_read(from, piece + skip, length - skip, at + skip - pad);
		if (!err && skip) {
			memset(piece, 0, skip);
			err = begin(data, piece);
		}
		if (!err)
			err = whole_write(to, piece, length, at);
	}
	free(piece);
	return err;
}

void large_collapse(int fd, uint64_t size)
{
	struct window w;

	if (open_window(&w, fd, size))
		return;
	if (w.size)
		madvise(w.at, w.size, MADV_COLLAPSE_CODE);
	close_window(&w);
}

int large_try(int dirfd)
{
	static const char name[] = ".large";
	char *page = calloc(1, LARGE_PAGE);
	struct large_count count = {0};
	int err = page ? 0 : -ENOMEM;
	int fd = -1;

	if (!err) {
		fd = openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		err = fd < 0 ? -errno : whole_write(fd, page, LARGE_PAGE, 0);
	}
	if (!err) {
		large_collapse(fd, LARGE_PAGE);
		err = large_count(fd, LARGE_PAGE, &count);
	}
	if (fd >= 0) {
		unlinkat(dirfd, name, 0);
		close(fd);
	}
	free(page);
	return err ? err : count.large == 1;
}
