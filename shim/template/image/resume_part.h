/*
 * What the parts of the resume code share: see resume.c.
 */
#ifndef ST_IMAGE_RESUME_PART_H
#define ST_IMAGE_RESUME_PART_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

#include "format.h"

enum { AUX_MAX = 64 };

struct process {
	const struct image_table *table;
	uint64_t *stack;
	char **argv;
	char **envp;
	Elf64_auxv_t *auxv;
	Elf64_auxv_t *aux[AUX_MAX];    /* by type; null where there is none */
	uint64_t thread_stack;         /* what is asked for FIX_STACK_LIMIT; 0 before */
	uint64_t clocks[IMAGE_CLOCKS]; /* what was read of them, ns */
	uint32_t stream_kind;          /* IMAGE_STREAM_, or 0: of the one that start-up looks at */
	uint64_t stream_position;
};

static inline const void *at_offset(const struct image_table *t, uint32_t offset)
{
	return (const char *)t + offset;
}

/* resume_fresh.c: true if all that start-up depended on but files is what it was.  What it looks at
   of standard streams is noted. */
bool resume_is_fresh(struct process *p);

/* resume_map.c: look at every file, and map what is not in the image.  False if one is another, or
   a system call fails. */
bool resume_map(const struct process *p);

/* resume_fix.c: can all words be set that stand for something else here; and set them. */
bool resume_can_fix(struct process *p);
void resume_fix(struct process *p);

#endif
