/*
 * Private to elffile.c and elffile_dynamic.c: a file that is being read.
 */
#ifndef ST_ELFCACHE_ELFFILE_READER_H
#define ST_ELFCACHE_ELFFILE_READER_H

#include <gelf.h>
#include <stdint.h>

#include "elffile.h"

struct elf_reader {
	Elf *elf;
	struct elffile *file; /* what is being filled */
	uint64_t size;        /* of the file, in bytes */
	const char *why;      /* set by whoever returns -ENOEXEC */
};

/* Set the reason and return -ENOEXEC. */
int elf_reader_malformed(struct elf_reader *r, const char *why);

/* The same after libelf has failed, unless it was for want of memory or a read error: then that. */
int elf_reader_failed(struct elf_reader *r, const char *why);

/*
 * Read `size` bytes at `offset`, converted to this machine's byte order.  Null, with errno ENOMEM
 * or EIO or something else, if they are not all in the file, are none, or are more than anybody
 * needs.  The memory is libelf's and lives as long as r->elf.
 */
Elf_Data *elf_reader_table(struct elf_reader *r, uint64_t offset, uint64_t size, Elf_Type type);

/*
 * Where the byte at address vaddr is in the file.  *room is the number of bytes from there to the
 * end of its segment's part of the file.  False if no PT_LOAD segment has it.
 */
bool elf_reader_locate(const struct elf_reader *r, uint64_t vaddr, uint64_t *offset,
		       uint64_t *room);

/* Take the facts of a PT_DYNAMIC segment.  Returns 0 or a negative error number. */
int elf_reader_dynamic(struct elf_reader *r, const struct elf_segment *segment);

#endif
