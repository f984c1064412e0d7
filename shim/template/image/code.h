/*
 * Copies of programs and libraries, from which images map code.
 *
 * The page cache holds most files in single pages, and then each piece of code that a process
 * touches costs it a page fault for 64 KiB around it, and as much again at its end.  A file that
 * was written in large pieces is held in large pieces (folios), where the file system can do that:
 * ext4 since Linux 6.16, XFS since 6.6, tmpfs by MADV_COLLAPSE since 6.1.  One of 2 MiB that is
 * mapped at a multiple of 2 MiB takes one page fault, one entry in the page tables, one in the TLB.
 * So the files whose code images map are copied once for all images of a directory, shifted so that
 * this is possible; where the kernel cannot do any of it, a copy is as good as its file.
 *
 *   0       ELF headers, for profilers, which find code by its place in the file it is mapped from
 *   pad     the file
 *   behind  section headers
 *
 * A copy is a file DIRECTORY/KEY/NAME as images are, KEY of identity, path and pad; NAME is the
 * file's own.  An image names its copies with their identity, and maps the file itself where there
 * is none any more (resume_map.c).  Copies that lose their large pages are renewed (renew.h).
 */
#ifndef ST_IMAGE_CODE_H
#define ST_IMAGE_CODE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../elfcache/identity.h"
#include "format.h"
#include "large.h"

enum {
	/* What an object has of code and constants, to be copied at all, and which part is code. */
	CODE_MIN = 256 * 1024,
	CODE_PART_MIN = 16,
	/* An object's code is worth a large page of its own if it fills half of one. */
	CODE_PAGE_MIN = LARGE_PAGE / 2,
	/* Constants are mapped together with the code, and executable, in objects up to that many
	   bytes, as linkers did before binutils 2.31 (ld -z noseparate-code); in larger ones, where
	   they share a large page with it. */
	CODE_JOIN_MAX = 4 << 20,
};

/* A directory of copies. */
struct code_store {
	int dirfd;           /* -1: none are made */
	uint64_t limit;      /* bytes that all of them may have */
	char path[PATH_MAX]; /* absolute */
};

struct code_copy {
	struct identity id;
	char path[PATH_MAX]; /* absolute */
};

/*
 * Open the directory `code` beside the directory images, and make it if there is none; limit is in
 * bytes.  Without it, or a limit, s->dirfd is -1.
 */
void code_store_open(struct code_store *s, int images, uint64_t limit);
void code_store_close(struct code_store *s);
/* The bytes of all copies beside the directory images. */
uint64_t code_store_bytes(int images);

/*
 * The copy of the file `path`, whose identity is id, behind `pad` bytes: a multiple of the page
 * size below LARGE_PAGE.  Made if there is none.  0; -ESTALE if the file is another by now; -ENOSPC
 * if it is too large; or another negative error number.
 */
int code_copy(const struct code_store *s, const struct identity *id, const char *path, uint64_t pad,
	      struct code_copy *copy);

/* How far above a multiple of LARGE_PAGE the file's first byte is when it is mapped so, or 0 where
   that does not matter; UINT64_MAX if no copy is worth while. */
uint64_t code_pad(const struct image_map *maps, size_t count);

/* An object to be placed. */
struct code_object {
	uint64_t size;     /* bytes */
	uint64_t constant; /* how many at its beginning are not writable */
	uint64_t from;     /* where it is */
	uint64_t align;    /* it may be moved by multiples of that: a power of two; 0: of pages */
};

/* Where to place it below `end`.  *lowest is where the next one has to end. */
uint64_t code_place(uint64_t end, const struct code_object *o, uint64_t *lowest);

/* True if the large page in which the mapping begins is to be mapped from its beginning. */
bool code_fills_page(const struct image_map *map, uint64_t pad);

#endif
