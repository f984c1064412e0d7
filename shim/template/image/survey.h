/*
 * What memory a baked process has, and what of it an image stores.
 *
 * Memory that differs from its file must be stored, and what equals it can be mapped from there.
 * But to open, map and close a file costs every start some microseconds, so the smallest objects
 * are stored whole, as far as an image's size is bounded by what differs.  Large ones never are:
 * they share the page cache with everybody, and tools can name their code.
 */
#ifndef ST_IMAGE_SURVEY_H
#define ST_IMAGE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maps.h"
#include "place.h"
#include "tracee.h"

/* An image is to be at most 1.25 times the memory that differs, plus this. */
enum { IMAGE_EXTRA_MAX = 512 * 1024 };

/* Memory of the kernel's making, which every process has of its own. */
bool survey_is_kernels(const struct mapping *m, const struct place *p);

/* A mapping that is kept, in one way or the other. */
struct area {
	struct mapping map; /* its path belongs to the survey */
	uint64_t pages;
	unsigned char *states; /* PAGE_ABSENT, ..., a byte a page */
	uint64_t own;   /* pages that differ from the file, or are not zero for want of one */
	bool stored;    /* in the image; else mapped at resume */
	bool is_copied; /* stored, and of no file in the process either */
};

struct survey {
	struct mappings maps;
	struct area *areas;
	size_t count;
	uint64_t own_bytes;
	char refusal[128];
};

/* 0; -ENOTSUP with s->refusal set; or a negative error number.  survey_free() in any case. */
int survey_take(struct survey *s, const struct place *p, const struct tracee *t);
void survey_free(struct survey *s);

#endif
