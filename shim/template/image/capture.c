#include "capture.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "maps.h"
#include "origin.h"
#include "survey.h"

enum {
	MERGE_GAP = 16, /* untouched pages that are stored rather than splitting a segment */
	SMALL_DATA =
		4, /* pages of an object's initialised data that are likely to be all written */
};

/* Grow an array by one; the new element is zeroed.  Null if there is no memory. */
#define GROW(list, count) \
	(grow((void **)&(list), &(count), sizeof *(list)) ? &(list)[(count)-1] : NULL)

static bool grow(void **list, size_t *count, size_t size)
{
	void *more = reallocarray(*list, *count + 1, size);

	if (!more)
		return false;
	*list = more;
	memset((char *)more + *count * size, 0, size);
	++*count;
	return true;
}

static int refuse(struct capture *c, const char *why)
{
	snprintf(c->refusal, sizeof c->refusal, "%s", why);
	return -ENOTSUP;
}

static bool is_zero(const unsigned char *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0;
}

static int add_remap(struct capture *c, const struct mapping *m)
{
	struct remap *r = GROW(c->remaps, c->remap_count);

	if (!r)
		return -ENOMEM;
	r->map = (struct image_map){.at = m->start,
				    .size = m->end - m->start,
				    .offset = m->offset,
				    .prot = (uint32_t)m->prot};
	r->dev = m->dev;
	r->ino = m->ino;
	if (m->ino) {
		r->path = strdup(m->path);
		if (!r->path)
			return -ENOMEM;
	}
	return 0;
}

/* Append pages [from, to) of a mapping to the last segment, or begin a new one. */
static int store(struct capture *c, const struct area *a, const unsigned char *data,
		 uint64_t data_pages)
{
	const struct mapping *m = &a->map;
	struct segment *s = c->segment_count ? &c->segments[c->segment_count - 1] : NULL;
	uint64_t size = m->end - m->start;
	uint64_t hole = s ? s->size - s->data_size : 0;
	unsigned char *more;

	if (!s || s->at + s->size != m->start || s->prot != m->prot ||
	    s->is_copied != a->is_copied || hole > MERGE_GAP * (uint64_t)PAGE_SIZE) {
		s = GROW(c->segments, c->segment_count);
		if (!s)
			return -ENOMEM;
		s->at = m->start;
		s->prot = m->prot;
		s->is_copied = a->is_copied;
		hole = 0;
	}
	if (data_pages) {
		more = realloc(s->data, s->data_size + hole + data_pages * PAGE_SIZE);
		if (!more)
			return -ENOMEM;
		s->data = more;
		memset(s->data + s->data_size, 0, hole);
		memcpy(s->data + s->data_size + hole, data, data_pages * PAGE_SIZE);
		s->data_size += hole + data_pages * PAGE_SIZE;
	}
	s->size += size;
	return 0;
}

/* What was never touched is zero, or the file's, and is not read so as to stay that. */
static int read_area(const struct area *a, const struct tracee *t, unsigned char *data)
{
	const struct mapping *m = &a->map;
	int err = 0;

	if (m->ino)
		return tracee_read(t, m->start, data, m->end - m->start);
	for (uint64_t i = 0; !err && i < a->pages; i++)
		if (a->states[i] != PAGE_ABSENT)
			err = tracee_read(t, m->start + i * PAGE_SIZE, data + i * PAGE_SIZE,
					  PAGE_SIZE);
	return err;
}

static int add_touch(struct capture *c, uint64_t at)
{
	struct image_touch *last = c->touch_count ? &c->touches[c->touch_count - 1] : NULL;

	if (!last || last->at + last->size != at) {
		last = GROW(c->touches, c->touch_count);
		if (!last)
			return -ENOMEM;
		last->at = at;
	}
	last->size += PAGE_SIZE;
	return 0;
}

/*
 * Which pages every process is likely to write to: five of six of the following are, as programs
 * of all sizes show.  What was zeroed data and is not zero any more, a constructor has filled, and
 * a destructor empties; and so it is with small initialised data.  Of large data it is the end: the
 * zeroed data that begins there has, first of all, the flag of the compiler's start files that
 * tells whether destructors have run.
 */
static int add_touches(struct capture *c, const struct area *a, const unsigned char *data)
{
	int err = 0;

	if (!(a->map.prot & PROT_WRITE))
		return 0;
	for (uint64_t i = 0; !err && i < a->pages; i++) {
		bool is_likely = a->map.ino ? a->pages <= SMALL_DATA || i == a->pages - 1
					    : !is_zero(data + i * PAGE_SIZE);

		if (a->states[i] == PAGE_OWN && is_likely)
			err = add_touch(c, a->map.start + i * PAGE_SIZE);
	}
	return err;
}

static int add_code(struct capture *c, const struct mapping *m)
{
	struct stored_code *code;

	if (!m->ino || !(m->prot & PROT_EXEC))
		return 0;
	code = GROW(c->codes, c->code_count);
	if (!code)
		return -ENOMEM;
	*code = (struct stored_code){.at = m->start,
				     .size = m->end - m->start,
				     .offset = m->offset,
				     .dev = m->dev,
				     .ino = m->ino,
				     .path = strdup(m->path)};
	return code->path ? 0 : -ENOMEM;
}

static int store_area(struct capture *c, const struct tracee *t, const struct area *a)
{
	const struct mapping *m = &a->map;
	unsigned char *data = calloc(a->pages, PAGE_SIZE);
	uint64_t end = m->ino ? a->pages : 0;
	int err = data ? read_area(a, t, data) : -ENOMEM;

	/* Beyond the end of a file there is nothing to read. */
	if (err == -EIO || err == -EFAULT)
		err = refuse(c, "it maps more of a file than there is");
	for (uint64_t i = end; !err && i < a->pages; i++)
		if (a->states[i] == PAGE_OWN && !is_zero(data + i * PAGE_SIZE))
			end = i + 1;
	if (!err)
		err = store(c, a, data, end);
	if (!err)
		err = add_touches(c, a, data);
	if (!err)
		err = add_code(c, m);
	free(data);
	return err;
}

/* A word of the image that points to the initial stack. */
static void classify_stack(const struct place *p, const struct tracee *t, uint64_t value,
			   struct image_fix *fix)
{
	static const uint32_t strings[] = {AT_RANDOM, AT_EXECFN, AT_PLATFORM, AT_BASE_PLATFORM};
	char name[4096];

	fix->arg = 0;
	if (value == p->stack || value == p->argv) {
		fix->kind = FIX_STACK;
		fix->arg = (int32_t)(value - p->stack);
		return;
	}
	fix->kind = value == p->envp ? FIX_ENVP : FIX_AUXV;
	if (value == p->envp || value == p->auxv)
		return;
	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
		if (p->aux[strings[i]] == value) {
			fix->kind = FIX_AUX;
			fix->arg = (int32_t)strings[i];
			return;
		}
	fix->kind = FIX_ARGV0;
	if (value == p->strings)
		return;
	fix->kind = FIX_PROGNAME;
	if (tracee_read_string(t, p->strings, name, sizeof name))
		name[0] = '\0';
	if (!strrchr(name, '/') || value != p->strings + (uint64_t)(strrchr(name, '/') + 1 - name))
		fix->kind = FIX_UNKNOWN;
}

/* Where the value of a variable is on the initial stack; 0 if it is not set.  name: "NAME=". */
static uint64_t value_of(const char *name, const struct place *p, const struct tracee *t)
{
	size_t size = strlen(name);
	char start[32];
	uint64_t string;

	for (uint64_t at = p->envp; !tracee_read(t, at, &string, sizeof string) && string;
	     at += sizeof string)
		if (!tracee_read(t, string, start, size) && memcmp(start, name, size) == 0)
			return string + size;
	return 0;
}

/* ld.so of glibc before 2.33 has pointers to the values of these in variables of its own, which it
   does not read again once the libraries are loaded. */
static void forget_variables(const struct capture *c, const struct place *p, const struct tracee *t)
{
	uint64_t preload = value_of("LD_PRELOAD=", p, t);
	uint64_t path = value_of("LD_LIBRARY_PATH=", p, t);

	for (size_t i = 0; (preload || path) && i < c->segment_count; i++) {
		const struct segment *s = &c->segments[i];
		uint64_t at = s->at > p->loader ? s->at : p->loader;

		for (; at < s->at + s->data_size && at < p->loader_end; at += sizeof(uint64_t)) {
			unsigned char *word = s->data + (at - s->at);
			uint64_t value;

			memcpy(&value, word, sizeof value);
			if (value && (value == preload || value == path))
				memset(word, 0, sizeof value);
		}
	}
}

/* Words that are, or look like, addresses which another process has elsewhere. */
static int find_addresses(struct capture *c, const struct place *p, const struct watch *w,
			  const struct tracee *t, uint64_t origin, const struct segment *s)
{
	for (uint64_t offset = 0; offset < s->data_size; offset += sizeof(uint64_t)) {
		struct image_fix fix = {.at = s->at + offset};
		struct image_fix *added;
		uint64_t value;

		memcpy(&value, s->data + offset, sizeof value);
		if (value >= p->stack && value < p->stack_top) {
			classify_stack(p, t, value, &fix);
		} else if (value >= p->vdso && value < p->vdso + p->vdso_size) {
			fix.kind = FIX_VDSO;
			fix.arg = (int32_t)(value - p->vdso);
		} else if (fix.at == w->curbrk && value != 0) {
			fix.kind = FIX_BRK;
		} else if (fix.at == origin) {
			fix.kind = FIX_ORIGIN;
		} else {
			continue;
		}
		added = GROW(c->fixes, c->fix_count);
		if (!added)
			return -ENOMEM;
		*added = fix;
	}
	return 0;
}

/* What is of the process that was baked, and will be set or registered anew. */
static void scrub(struct capture *c, uint64_t at, size_t size)
{
	for (size_t i = 0; i < c->segment_count; i++) {
		struct segment *s = &c->segments[i];

		if (at >= s->at && at + size <= s->at + s->data_size)
			memset(s->data + (at - s->at), 0, size);
	}
}

int capture_take(struct capture *c, const struct place *p, const struct watch *w,
		 const struct tracee *t)
{
	const uint64_t origin = origin_find(p, t);
	struct survey survey;
	int err = survey_take(&survey, p, t);

	*c = (struct capture){.own_bytes = survey.own_bytes};
	if (err == -ENOTSUP)
		refuse(c, survey.refusal);
	for (size_t i = 0; !err && i < survey.count; i++)
		err = survey.areas[i].stored ? store_area(c, t, &survey.areas[i])
					     : add_remap(c, &survey.areas[i].map);
	survey_free(&survey);
	if (!err)
		forget_variables(c, p, t);
	for (size_t i = 0; !err && i < c->segment_count; i++)
		err = find_addresses(c, p, w, t, origin, &c->segments[i]);
	scrub(c, w->fs_base + 0x28, sizeof(uint64_t));
	scrub(c, w->tid_address, sizeof(uint32_t));
	scrub(c, w->rseq, w->rseq_size);
	return err;
}

bool capture_is_free(const struct capture *c, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < c->remap_count; i++)
		if (c->remaps[i].map.at < to && c->remaps[i].map.at + c->remaps[i].map.size > from)
			return false;
	for (size_t i = 0; i < c->segment_count; i++)
		if (c->segments[i].at < to && c->segments[i].at + c->segments[i].size > from)
			return false;
	return true;
}

void capture_free(struct capture *c)
{
	for (size_t i = 0; i < c->segment_count; i++)
		free(c->segments[i].data);
	for (size_t i = 0; i < c->remap_count; i++)
		free(c->remaps[i].path);
	for (size_t i = 0; i < c->code_count; i++)
		free(c->codes[i].path);
	free(c->segments);
	free(c->remaps);
	free(c->codes);
	free(c->fixes);
	free(c->protects);
	free(c->touches);
	free(c->stream_words);
	*c = (struct capture){0};
}
