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

enum { MERGE_GAP = 16 /* untouched pages that are stored rather than splitting a segment */ };

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

/* Memory of the kernel's making, which every process has of its own. */
static bool is_kernels(const struct mapping *m, const struct place *p)
{
	return (m->start <= p->stack && p->stack < m->end) || strncmp(m->path, "[v", 2) == 0;
}

/* Where the kernel puts nothing of its own: place.h.  Programs at fixed addresses are below 4 GiB.
 */
static bool is_placed(const struct mapping *m)
{
	return m->end <= UINT64_C(1) << 32 || (m->start >= IMAGE_LOW && m->end <= IMAGE_HIGH);
}

static bool is_zero(const unsigned char *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0;
}

/*
 * Drop the pages that equal the file's from those that the process seems to own: a breakpoint that
 * was set and removed, relocations that changed nothing.
 */
static int compare_with_file(const struct mapping *m, const unsigned char *data,
			     unsigned char *states)
{
	unsigned char page[PAGE_SIZE];
	struct stat st;
	int fd = open(m->path, O_RDONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_ino != m->ino || st.st_dev != m->dev)
		err = -ESTALE;
	for (uint64_t i = 0; !err && i < (m->end - m->start) / PAGE_SIZE; i++) {
		ssize_t got;

		if (states[i] != PAGE_OWN)
			continue;
		memset(page, 0, sizeof page);
		got = pread(fd, page, sizeof page, (off_t)(m->offset + i * PAGE_SIZE));
		if (got < 0)
			err = -errno;
		else if (memcmp(page, data + i * PAGE_SIZE, PAGE_SIZE) == 0)
			states[i] = PAGE_FILE;
	}
	close(fd);
	return err;
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
static int store(struct capture *c, const struct mapping *m, const unsigned char *data,
		 uint64_t data_pages)
{
	struct segment *s = c->segment_count ? &c->segments[c->segment_count - 1] : NULL;
	uint64_t size = m->end - m->start;
	uint64_t hole = s ? s->size - s->data_size : 0;
	unsigned char *more;

	if (!s || s->at + s->size != m->start || s->prot != m->prot ||
	    hole > MERGE_GAP * (uint64_t)PAGE_SIZE) {
		s = GROW(c->segments, c->segment_count);
		if (!s)
			return -ENOMEM;
		s->at = m->start;
		s->prot = m->prot;
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

static int take_mapping(struct capture *c, const struct tracee *t, const struct mapping *m)
{
	uint64_t pages = (m->end - m->start) / PAGE_SIZE;
	unsigned char *states = calloc(pages, 1);
	unsigned char *data = calloc(pages, PAGE_SIZE);
	uint64_t end = 0;
	uint64_t own = 0;
	int err = states && data ? pages_read(t->pid, m->start, m->end, states) : -ENOMEM;

	/* What was never touched is zero, or the file's, and is not read so as to stay that. */
	for (uint64_t i = 0; !err && i < pages; i++)
		if (states[i] != PAGE_ABSENT || m->ino)
			err = tracee_read(t, m->start + i * PAGE_SIZE, data + i * PAGE_SIZE,
					  PAGE_SIZE);
	/* Beyond the end of a file there is nothing to read. */
	if (err == -EIO)
		err = refuse(c, "it maps more of a file than there is");
	if (!err && m->ino)
		err = compare_with_file(m, data, states);
	for (uint64_t i = 0; !err && i < pages; i++) {
		own += states[i] == PAGE_OWN;
		if (m->ino || (states[i] == PAGE_OWN && !is_zero(data + i * PAGE_SIZE)))
			end = i + 1;
	}
	c->own_bytes += own * PAGE_SIZE;
	if (!err && own == 0 && m->ino)
		err = add_remap(c, m);
	else if (!err)
		err = store(c, m, data, end);
	free(states);
	free(data);
	return err;
}

/* A word of the image that points to the initial stack. */
static int classify_stack(const struct place *p, const struct tracee *t, uint64_t value,
			  struct image_fix *fix)
{
	static const uint32_t strings[] = {AT_RANDOM, AT_EXECFN, AT_PLATFORM, AT_BASE_PLATFORM};
	char name[4096];
	uint64_t argv0;
	size_t i;

	fix->arg = 0;
	if (value == p->stack || value == p->argv) {
		fix->kind = FIX_STACK;
		fix->arg = (uint32_t)(value - p->stack);
		return 0;
	}
	fix->kind = value == p->envp ? FIX_ENVP : FIX_AUXV;
	if (value == p->envp || value == p->auxv)
		return 0;
	for (i = 0; i < sizeof strings / sizeof strings[0]; i++)
		if (p->aux[strings[i]] == value) {
			fix->kind = FIX_AUX;
			fix->arg = strings[i];
			return 0;
		}
	if (tracee_read(t, p->argv, &argv0, sizeof argv0))
		return -EFAULT;
	for (i = 0; i < sizeof name - 1; i++)
		if (tracee_read(t, argv0 + i, &name[i], 1) || !name[i])
			break;
	name[i] = '\0';
	fix->kind = FIX_ARGV0;
	if (value == argv0)
		return 0;
	fix->kind = FIX_PROGNAME;
	return strrchr(name, '/') && value == argv0 + (uint64_t)(strrchr(name, '/') + 1 - name)
		       ? 0
		       : -ENOTSUP;
}

static int find_fixes(struct capture *c, const struct place *p, const struct watch *w,
		      const struct tracee *t, struct segment *s)
{
	size_t before = c->fix_count;

	for (uint64_t offset = 0; offset < s->data_size; offset += sizeof(uint64_t)) {
		struct image_fix fix = {.at = s->at + offset};
		struct image_fix *added;
		uint64_t value;

		memcpy(&value, s->data + offset, sizeof value);
		if (value >= p->stack && value < p->stack_top) {
			if (classify_stack(p, t, value, &fix))
				return refuse(c, "it keeps a pointer into its initial stack");
		} else if (value >= p->vdso && value < p->vdso + p->vdso_size) {
			fix.kind = FIX_VDSO;
			fix.arg = (uint32_t)(value - p->vdso);
		} else if (fix.at == w->curbrk && value != 0) {
			fix.kind = FIX_BRK;
		} else {
			continue;
		}
		added = GROW(c->fixes, c->fix_count);
		if (!added)
			return -ENOMEM;
		*added = fix;
		/* It is of the process that was baked. */
		memset(s->data + offset, 0, sizeof value);
	}
	if (c->fix_count != before && !(s->prot & PROT_WRITE)) {
		struct image_protect *protect = GROW(c->protects, c->protect_count);

		if (!protect)
			return -ENOMEM;
		*protect = (struct image_protect){s->at, s->size, (uint64_t)s->prot};
		s->prot |= PROT_WRITE;
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
	struct mappings m;
	int err = mappings_read(t->pid, &m);

	*c = (struct capture){0};
	for (size_t i = 0; !err && i < m.count; i++) {
		const struct mapping *map = &m.list[i];

		if (is_kernels(map, p))
			continue;
		if (!is_placed(map))
			err = refuse(c, "it has memory where another process may have its own");
		else if (map->shared)
			err = refuse(c, "it has shared memory");
		else if (!map->ino && map->prot == PROT_NONE)
			err = add_remap(c, map);
		else
			err = take_mapping(c, t, map);
	}
	mappings_free(&m);
	for (size_t i = 0; !err && i < c->segment_count; i++)
		err = find_fixes(c, p, w, t, &c->segments[i]);
	scrub(c, w->fs_base + 0x28, sizeof(uint64_t));
	scrub(c, w->tid_address, sizeof(uint32_t));
	scrub(c, w->rseq, w->rseq_size);
	return err;
}

void capture_free(struct capture *c)
{
	for (size_t i = 0; i < c->segment_count; i++)
		free(c->segments[i].data);
	for (size_t i = 0; i < c->remap_count; i++)
		free(c->remaps[i].path);
	free(c->segments);
	free(c->remaps);
	free(c->fixes);
	free(c->protects);
	*c = (struct capture){0};
}

static bool same_segments(const struct capture *a, const struct capture *b)
{
	if (a->segment_count != b->segment_count)
		return false;
	for (size_t i = 0; i < a->segment_count; i++) {
		const struct segment *s = &a->segments[i];
		const struct segment *t = &b->segments[i];

		if (s->at != t->at || s->size != t->size || s->data_size != t->data_size ||
		    s->prot != t->prot || memcmp(s->data, t->data, s->data_size) != 0)
			return false;
	}
	return true;
}

static bool same_remaps(const struct capture *a, const struct capture *b)
{
	if (a->remap_count != b->remap_count)
		return false;
	for (size_t i = 0; i < a->remap_count; i++)
		if (memcmp(&a->remaps[i].map, &b->remaps[i].map, sizeof a->remaps[i].map) != 0 ||
		    a->remaps[i].dev != b->remaps[i].dev || a->remaps[i].ino != b->remaps[i].ino)
			return false;
	return true;
}

bool capture_equal(const struct capture *a, const struct capture *b)
{
	return same_segments(a, b) && same_remaps(a, b) && a->fix_count == b->fix_count &&
	       (a->fix_count == 0 ||
		memcmp(a->fixes, b->fixes, a->fix_count * sizeof *a->fixes) == 0);
}
