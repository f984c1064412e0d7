/*
 * Large pages of the processor (2 MiB) in which the page cache holds a file.
 */
#ifndef ST_IMAGE_LARGE_H
#define ST_IMAGE_LARGE_H

#include <stddef.h>
#include <stdint.h>

#define LARGE_PAGE UINT64_C(0x200000)

/* Pieces of a large page, aligned in the file. */
struct large_count {
	size_t resident; /* of which at least something is in memory */
	size_t large;    /* of these, one large page each */
};

/*
 * Count what is in memory of a file that can be read and executed from fd, and has `size` bytes.
 * Nothing is brought there by that.  0 or a negative error number.
 */
int large_count(int fd, uint64_t size, struct large_count *count);

/*
 * Copy `size` bytes of a file, to `pad` bytes behind the beginning of another, which is empty: in
 * pieces of a large page, each with one write, by which the file system makes it one folio.  If pad
 * is not 0, which is less than a piece, begin(data, piece) fills it in, zeros, when the first piece
 * is in memory.  0 or a negative error number: -ESTALE if it has fewer bytes, or what begin()
 * returns.
 */
int large_copy(int from, int to, uint64_t size, uint64_t pad, int (*begin)(void *data, char *piece),
	       void *data);

/* Ask for large pages where the file system does not make them of large writes: in memory (tmpfs,
   Linux 6.1).  It is no matter if there are none. */
void large_collapse(int fd, uint64_t size);

/* 1 if a large page that is written to a new file in that directory is kept as one, 0 if not, or a
   negative error number.  Nothing is left. */
int large_try(int dirfd);

#endif
