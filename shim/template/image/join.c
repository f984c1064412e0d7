#include "join.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/user.h>

#include "code.h"
#include "survey.h"

enum {
	CONSTANTS_MAX = 64 * PAGE_SIZE, /* stored ones that become executable */
	/* Zeros that are stored where they were a mapping of their own: of one, of all. */
	ZEROS_MAX = 4 * PAGE_SIZE,
	ALL_ZEROS_MAX = 8 * PAGE_SIZE,
	/* What of an image's bound is for the resume code, its table and symbols. */
	SPARED = 96 * 1024,
};

static bool is_constant(uint64_t prot)
{
	return (prot & PROT_READ) && !(prot & PROT_WRITE);
}

/* Of stored memory; segments that resume writes to are writable until it is done. */
static bool can_join(const struct segment *a, const struct segment *b)
{
	const struct segment *constants = a->prot & PROT_EXEC ? b : a;

	return a->at + a->size == b->at && a->size == a->data_size && is_constant(a->prot) &&
	       is_constant(b->prot) && ((a->prot | b->prot) & PROT_EXEC) &&
	       ((constants->prot & PROT_EXEC) || constants->size <= CONSTANTS_MAX);
}

static bool append(struct segment *s, const struct segment *more)
{
	unsigned char *data = realloc(s->data, s->data_size + more->data_size);

	if (!data)
		return false;
	memcpy(data + s->data_size, more->data, more->data_size);
	s->data = data;
	s->data_size += more->data_size;
	s->size += more->size;
	s->prot |= more->prot;
	return true;
}

static int join_segments(struct capture *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->segment_count; i++) {
		struct segment *last = count ? &c->segments[count - 1] : NULL;

		if (last && can_join(last, &c->segments[i])) {
			if (!append(last, &c->segments[i]))
				return -ENOMEM;
			free(c->segments[i].data);
			c->segments[i].data = NULL;
			continue;
		}
		if (count != i) {
			c->segments[count] = c->segments[i];
			c->segments[i].data = NULL;
		}
		count++;
	}
	c->segment_count = count;
	return 0;
}

/* Bytes that may be added to an image without leaving its bound. */
static uint64_t room_left(const struct capture *c)
{
	uint64_t bound = c->own_bytes + c->own_bytes / 4 + IMAGE_EXTRA_MAX;
	uint64_t used = SPARED;

	for (size_t i = 0; i < c->segment_count; i++)
		used += c->segments[i].data_size;
	return used < bound ? bound - used : 0;
}

/* A few zeros behind data are cheaper as data. */
static int store_zeros(struct capture *c)
{
	uint64_t room = room_left(c);

	if (room > ALL_ZEROS_MAX)
		room = ALL_ZEROS_MAX;

	for (size_t i = 0; i < c->segment_count; i++) {
		struct segment *s = &c->segments[i];
		uint64_t zeros = s->size - s->data_size;
		unsigned char *data;

		if (s->is_copied || s->data_size == 0 || zeros == 0 || zeros > ZEROS_MAX ||
		    zeros > room)
			continue;
		data = realloc(s->data, s->size);
		if (!data)
			return -ENOMEM;
		memset(data + s->data_size, 0, zeros);
		s->data = data;
		s->data_size = s->size;
		room -= zeros;
	}
	return 0;
}

static bool is_next(const struct remap *a, const struct remap *b)
{
	return a->path && b->path && a->dev == b->dev && a->ino == b->ino &&
	       a->map.at + a->map.size == b->map.at &&
	       a->map.offset + a->map.size == b->map.offset && is_constant(a->map.prot) &&
	       is_constant(b->map.prot);
}

/* The constants and code of one file from number i on: how many mappings, 1 if they stay apart. */
static size_t run_length(const struct capture *c, size_t i)
{
	uint64_t size = c->remaps[i].map.size;
	uint32_t prot = c->remaps[i].map.prot;
	size_t n = 1;

	while (i + n < c->remap_count && is_next(&c->remaps[i + n - 1], &c->remaps[i + n])) {
		size += c->remaps[i + n].map.size;
		prot |= c->remaps[i + n].map.prot;
		n++;
	}
	return size <= CODE_JOIN_MAX && (prot & PROT_EXEC) ? n : 1;
}

/*
 * Of a larger object, code and constants that share a large page: no mapping has all of it, so that
 * it would be mapped in small ones.  The code gets it.
 */
static void move_boundary(struct image_map *a, struct image_map *b)
{
	uint64_t below = b->at & ~(LARGE_PAGE - 1);
	uint64_t above = (b->at + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);

	if ((b->prot & PROT_EXEC) && !(a->prot & PROT_EXEC) && below > a->at) {
		uint64_t moved = b->at - below;

		a->size -= moved;
		b->at -= moved;
		b->offset -= moved;
		b->size += moved;
	} else if ((a->prot & PROT_EXEC) && !(b->prot & PROT_EXEC) && above < b->at + b->size) {
		uint64_t moved = above - b->at;

		a->size += moved;
		b->at += moved;
		b->offset += moved;
		b->size -= moved;
	}
}

static void join_remaps(struct capture *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->remap_count;) {
		size_t n = run_length(c, i);
		struct remap joined = c->remaps[i];

		for (size_t k = 1; k < n; k++) {
			joined.map.size += c->remaps[i + k].map.size;
			joined.map.prot |= c->remaps[i + k].map.prot;
			free(c->remaps[i + k].path);
		}
		i += n;
		c->remaps[count++] = joined;
		if (count > 1 && is_next(&c->remaps[count - 2], &joined))
			move_boundary(&c->remaps[count - 2].map, &c->remaps[count - 1].map);
	}
	c->remap_count = count;
}

int capture_join(struct capture *c)
{
	int err;

	join_remaps(c);
	err = join_segments(c);
	return err ? err : store_zeros(c);
}
