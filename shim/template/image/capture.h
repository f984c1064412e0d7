/*
 * What is kept of a process that stands at its program's entry point.
 */
#ifndef ST_IMAGE_CAPTURE_H
#define ST_IMAGE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"
#include "place.h"
#include "tracee.h"
#include "watch.h"

/* Memory that is stored: the content of its first data_size bytes, zeros up to size. */
struct segment {
	uint64_t at;
	uint64_t size;
	uint64_t data_size; /* whole pages */
	int prot;           /* as the segment is mapped */
	bool is_copied;     /* mapped without a file; resume copies the content there */
	unsigned char *data;
};

/* Memory that resume maps from a file, or anonymous if path is null. */
struct remap {
	struct image_map map;
	char *path; /* the real path of the file, or null */
	uint64_t dev, ino;
};

/* Code that is stored though a file has it: tools look for its names in the image. */
struct stored_code {
	uint64_t at;
	uint64_t size;
	uint64_t offset; /* in the file */
	uint64_t dev, ino;
	char *path;
};

/* Not in images: a pointer into the initial stack, or what looks like one. */
#define FIX_UNKNOWN UINT32_MAX

struct capture {
	struct segment *segments;
	size_t segment_count;
	struct remap *remaps;
	size_t remap_count;
	/* Words that hold addresses of this process: all that may be such until captures of two
	   runs are merged (merge.h), those that resume sets after that. */
	struct image_fix *fixes;
	size_t fix_count;
	struct image_protect *protects;
	size_t protect_count;
	struct image_touch *touches;
	size_t touch_count;
	/* What is another where a standard stream can be sought (streams.h), and of which kinds
	   that is known: bits of IMAGE_STREAM_. */
	struct image_stream_word *stream_words;
	size_t stream_word_count;
	unsigned stream_kinds;
	struct stored_code *codes;
	size_t code_count;
	uint64_t own_bytes; /* memory that differs from its files: what had to be stored */
	char refusal[128];
};

/* 0; -ENOTSUP with c->refusal set; or a negative error number. */
int capture_take(struct capture *c, const struct place *p, const struct watch *w,
		 const struct tracee *t);
void capture_free(struct capture *c);

/* True if the capture has nothing between the addresses. */
bool capture_is_free(const struct capture *c, uint64_t from, uint64_t to);

#endif
