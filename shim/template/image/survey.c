#include "survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	OBJECT_MAX = 256 * 1024, /* bytes of a file that may be stored though they are the file's */
	/* Of IMAGE_EXTRA_MAX, for the resume code, the table, the ends of pages and symbols. */
	EXTRA_SPARED = 160 * 1024,
	GAP_PAGES = 16, /* that equal the file's: worth a mapping of their own, if room is short */
};

static int refuse(struct survey *s, const char *why)
{
	snprintf(s->refusal, sizeof s->refusal, "%s", why);
	return -ENOTSUP;
}

bool survey_is_kernels(const struct mapping *m, const struct place *p)
{
	return (m->start <= p->stack && p->stack < m->end) || strncmp(m->path, "[v", 2) == 0;
}

/* Where the kernel puts nothing of its own: place.h.  Programs at fixed addresses are below 4 GiB.
 */
static bool is_placed(const struct mapping *m)
{
	return m->end <= UINT64_C(1) << 32 || (m->start >= IMAGE_LOW && m->end <= IMAGE_HIGH);
}

/*
 * Drop the pages that equal the file's from those that the process seems to own: a breakpoint that
 * was set and removed, relocations that changed nothing.
 */
static int compare_with_file(const struct area *a, const struct tracee *t)
{
	unsigned char ours[PAGE_SIZE];
	unsigned char files[PAGE_SIZE];
	struct stat st;
	int fd = open(a->map.path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_ino != a->map.ino || st.st_dev != a->map.dev)
		err = -ESTALE;
	for (uint64_t i = 0; !err && i < a->pages; i++) {
		if (a->states[i] != PAGE_OWN)
			continue;
		memset(files, 0, sizeof files);
		err = tracee_read(t, a->map.start + i * PAGE_SIZE, ours, sizeof ours);
		if (!err &&
		    pread(fd, files, sizeof files, (off_t)(a->map.offset + i * PAGE_SIZE)) < 0)
			err = -errno;
		if (!err && memcmp(ours, files, sizeof ours) == 0)
			a->states[i] = PAGE_FILE;
	}
	close(fd);
	return err;
}

static void count_own(struct area *a)
{
	a->own = 0;
	for (uint64_t i = 0; i < a->pages; i++)
		a->own += a->states[i] == PAGE_OWN;
	if (a->map.ino)
		a->stored = a->own != 0;
}

static int look_at(struct area *a, const struct mapping *m, const struct tracee *t)
{
	bool reserved = !m->ino && m->prot == PROT_NONE;
	int err;

	*a = (struct area){.map = *m, .pages = (m->end - m->start) / PAGE_SIZE};
	a->states = calloc(a->pages, 1);
	if (!a->states)
		return -ENOMEM;
	err = reserved ? 0 : pages_read(t->pid, m->start, m->end, a->states);
	for (uint64_t i = 0; !err && i < a->pages; i++)
		a->own += a->states[i] == PAGE_OWN;
	if (!err && m->ino && a->own) {
		err = compare_with_file(a, t);
		count_own(a);
	}
	a->stored = m->ino ? a->own != 0 : !reserved;
	return err;
}

/* Bytes of a file's that are not stored yet. */
static uint64_t bytes_of(const struct survey *s, const struct mapping *file)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct mapping *m = &s->areas[i].map;

		if (!s->areas[i].stored && m->ino == file->ino && m->dev == file->dev)
			bytes += m->end - m->start;
	}
	return bytes;
}

/* The file with the fewest bytes to store, null if there is none that is small enough. */
static const struct mapping *smallest_file(const struct survey *s, uint64_t *bytes)
{
	const struct mapping *smallest = NULL;

	*bytes = OBJECT_MAX + 1;
	for (size_t i = 0; i < s->count; i++) {
		const struct mapping *m = &s->areas[i].map;
		uint64_t size = m->ino && !s->areas[i].stored ? bytes_of(s, m) : *bytes;

		if (size < *bytes) {
			*bytes = size;
			smallest = m;
		}
	}
	return smallest;
}

/* Make two areas of one, of which the first has that many pages. */
static int cut(struct survey *s, size_t at, uint64_t pages)
{
	struct area *areas = reallocarray(s->areas, s->count + 1, sizeof *areas);
	uint64_t bytes = pages * PAGE_SIZE;
	struct area *first;
	struct area *rest;

	if (!areas)
		return -ENOMEM;
	s->areas = areas;
	first = &areas[at];
	rest = first + 1;
	memmove(rest, first, (s->count - at) * sizeof *areas);
	rest->states = malloc(rest->pages - pages);
	if (!rest->states) {
		memmove(first + 1, first + 2, (s->count - at - 1) * sizeof *areas);
		return -ENOMEM;
	}
	s->count++;
	rest->pages -= pages;
	memcpy(rest->states, first->states + pages, rest->pages);
	rest->map.start += bytes;
	rest->map.offset += bytes;
	first->pages = pages;
	first->map.end = rest->map.start;
	count_own(first);
	count_own(rest);
	return 0;
}

/* Where the first long run of the file's own pages begins and ends; false if there is none. */
static bool find_gap(const struct area *a, uint64_t *from, uint64_t *to)
{
	for (uint64_t i = 0; i < a->pages; i = *to + 1) {
		*from = *to = i;
		while (*to < a->pages && a->states[*to] != PAGE_OWN)
			++*to;
		if (*to - *from >= GAP_PAGES)
			return true;
	}
	return false;
}

/* Map what equals the file from there, though it lies between pages that do not. */
static int cut_gaps(struct survey *s)
{
	uint64_t from;
	uint64_t to;
	int err = 0;

	for (size_t i = 0; !err && i < s->count; i++) {
		const struct area *a = &s->areas[i];

		if (!a->stored || !a->map.ino || !find_gap(a, &from, &to))
			continue;
		/* What follows is looked at in its turn. */
		if (from)
			err = cut(s, i, from);
		else if (to < a->pages)
			err = cut(s, i, to);
	}
	return err;
}

/*
 * What constructors have mapped without a file is to have none in the processes either: mremap(2)
 * makes it larger, and madvise(2) gives it back, to become zero.
 */
static int mark_copied(struct survey *s, const struct range *range)
{
	int err = 0;

	for (size_t i = 0; !err && i < s->count; i++) {
		struct area *a = &s->areas[i];

		if (a->map.ino || !a->stored || !(a->map.prot & PROT_WRITE) ||
		    a->map.end <= range->start || a->map.start >= range->end)
			continue;
		/* What follows is looked at in its turn. */
		if (a->map.start < range->start)
			err = cut(s, i, (range->start - a->map.start) / PAGE_SIZE);
		else if (a->map.end > range->end)
			err = cut(s, i, (range->end - a->map.start) / PAGE_SIZE);
		if (!err && s->areas[i].map.start >= range->start)
			s->areas[i].is_copied = true;
	}
	return err;
}

/* Pages of a stored area that are in the image: of memory without a file not the end that nobody
   has touched. */
static uint64_t stored_pages(const struct area *a)
{
	uint64_t pages = a->pages;

	while (!a->map.ino && pages && a->states[pages - 1] != PAGE_OWN)
		pages--;
	return pages;
}

/* Bytes that are stored only because they lie among others that differ. */
static uint64_t filling(const struct survey *s)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct area *a = &s->areas[i];

		if (a->stored && !a->is_copied)
			bytes += (stored_pages(a) - a->own) * PAGE_SIZE;
	}
	return bytes;
}

/* Store small objects, the smallest first, as long as there is room. */
static int store_small(struct survey *s)
{
	uint64_t room = s->own_bytes / 4 + IMAGE_EXTRA_MAX - EXTRA_SPARED;
	const struct mapping *file;
	uint64_t bytes;
	int err = filling(s) > room ? cut_gaps(s) : 0;

	if (err)
		return err;
	bytes = filling(s);
	room -= bytes < room ? bytes : room;
	while ((file = smallest_file(s, &bytes)) && bytes <= room) {
		room -= bytes;
		for (size_t i = 0; i < s->count; i++)
			if (s->areas[i].map.ino == file->ino && s->areas[i].map.dev == file->dev)
				s->areas[i].stored = true;
	}
	return 0;
}

int survey_take(struct survey *s, const struct place *p, const struct tracee *t)
{
	struct mappings maps;
	int err = mappings_read(t->pid, &maps);

	*s = (struct survey){.maps = maps};
	if (err)
		return err;
	s->areas = calloc(s->maps.count, sizeof *s->areas);
	if (!s->areas)
		return -ENOMEM;
	for (size_t i = 0; !err && i < s->maps.count; i++) {
		const struct mapping *m = &s->maps.list[i];

		if (survey_is_kernels(m, p))
			continue;
		if (!is_placed(m))
			return refuse(s, "it has memory where another process may have its own");
		err = look_at(&s->areas[s->count], m, t);
		s->own_bytes += s->areas[s->count].own * PAGE_SIZE;
		s->count++;
	}
	for (unsigned i = 0; !err && i < p->anonymous_count; i++)
		err = mark_copied(s, &p->anonymous[i]);
	return err ? err : store_small(s);
}

void survey_free(struct survey *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->areas[i].states);
	free(s->areas);
	mappings_free(&s->maps);
	*s = (struct survey){0};
}
