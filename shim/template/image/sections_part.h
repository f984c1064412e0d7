/*
 * Private to sections.c and sections_objects.c: sections that are being gathered.
 */
#ifndef ST_IMAGE_SECTIONS_PART_H
#define ST_IMAGE_SECTIONS_PART_H

#include "sections.h"
#include "symbols.h"

enum {
	SECTIONS_MAX = 256,
	SECTION_NAMES_MAX = 16 * 1024,
	OWN_SECTIONS = 5, /* those that are not of another file */
	OWN_NAMES = 128,  /* bytes for the names of those */
};

struct builder {
	const struct sections_source *source;
	Elf64_Shdr list[SECTIONS_MAX]; /* the first is the null section */
	size_t count;
	char names[SECTION_NAMES_MAX];
	size_t names_size;
	struct symbols symbols;
	/* Of the program: */
	uint64_t dev, ino;
	unsigned char *link; /* what .gnu_debuglink has, or null */
	size_t link_size;
	unsigned char *frames; /* what .eh_frame has, if no segment does; or null */
	size_t frames_size;
	uint16_t frames_section;
};

/* Add a section; its number, or 0 if there is no room. */
uint16_t builder_add(struct builder *b, const char *name, const Elf64_Shdr *shdr);

/* Add what there is of the program and of libraries.  0 or -ENOMEM; free b's memory in any case. */
int builder_add_objects(struct builder *b);

#endif
