/*
 * What tools look for in an image: gdb(1) when it attaches or reads a core file, perf-report(1)
 * when it names code.  To them the image is the program, and nobody tells them otherwise.
 *
 * It gets a section table, which describes the program's sections where they are in the image, and
 * a symbol table:
 *  - of the program, so that tools name its functions;
 *  - of each library whose code is stored, as profilers look for names in the file that is mapped.
 *  - The program's call frames, if they are not stored with its code.
 *  - A build id of the image's own.  With the program's, tools would mistake one for the other,
 *    which has other addresses; without one, profilers would take any file for it.
 *  - A link to the program, whose debugging information gdb then uses, moved to where sections of
 *    the same names are.
 *
 * All of it stands behind the last segment, so that a start does not see it.
 */
#ifndef ST_IMAGE_SECTIONS_H
#define ST_IMAGE_SECTIONS_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include "capture.h"

struct sections_source {
	const char *program; /* its path */
	uint64_t program_at; /* where it begins in memory */
	const struct capture *capture;
	/* The segments of the image, in any order, and the end of what stands in the file for them.
	 */
	const Elf64_Phdr *segments;
	size_t segment_count;
	uint64_t file_end;
	uint64_t room; /* bytes that all of it may have: symbols are left out until it fits */
};

struct sections {
	unsigned char *data; /* what comes next in the file, at `at`; free() it; may be null */
	uint64_t at;
	uint64_t size;
	uint64_t headers; /* where in the file the section headers are */
	uint16_t count;
	uint16_t names;    /* number of the section with the sections' names */
	uint64_t build_id; /* where in the file it is to be put */
};

/*
 * Build them.  0 or -ENOMEM.  They are all empty, which no start minds, if the program is not to be
 * read or there is no room.
 */
int sections_build(struct sections *s, const struct sections_source *source);

/* Give the file, of which `size` bytes stand at data, its build id: it depends on all of them. */
void sections_identify(const struct sections *s, unsigned char *data, uint64_t size);

#endif
