#include "write.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/user.h>

#include "resume.h"
#include "sections.h"
#include "survey.h"
#include "table.h"
#include "whole.h"

static uint64_t page_up(uint64_t n)
{
	return (n + PAGE_SIZE - 1) & ~UINT64_C(4095);
}

static uint32_t segment_flags(int prot)
{
	return (uint32_t)(((prot & PROT_READ) ? PF_R : 0) | ((prot & PROT_WRITE) ? PF_W : 0) |
			  ((prot & PROT_EXEC) ? PF_X : 0));
}

/* The file as it is built in memory. */
struct content {
	unsigned char *data;
	uint64_t size;
};

static void put(const struct content *file, uint64_t at, const void *data, uint64_t size)
{
	if (size)
		memcpy(file->data + at, data, size);
}

static void put_headers(const struct content *file, uint64_t entry, const Elf64_Phdr *ph,
			size_t count, const struct sections *sections)
{
	Elf64_Ehdr eh = {
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = entry,
		.e_phoff = sizeof eh,
		.e_ehsize = sizeof eh,
		.e_phentsize = sizeof *ph,
		.e_phnum = (Elf64_Half)count,
		.e_shoff = sections->headers,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = sections->count,
		.e_shstrndx = sections->names,
	};

	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_ident[EI_VERSION] = EV_CURRENT;
	put(file, 0, &eh, sizeof eh);
	put(file, sizeof eh, ph, count * sizeof *ph);
}

/* Where everything stands in the file and in memory. */
struct layout {
	uint64_t headers;  /* bytes of the file's headers, whole pages */
	uint64_t resume;   /* address of the resume code, the table behind it */
	size_t host;       /* the segment that the resume code stands before, or NO_HOST */
	uint64_t *offsets; /* of the segments, in the file */
	uint64_t size;     /* of the file */
	Elf64_Phdr *ph;    /* those to load, the resume code's first, and two more */
	size_t loads;
};

enum { NO_HOST = -1 };

/* True if nothing is there when resume has mapped everything, copies of code as well. */
static bool is_free(const struct capture *c, const struct table *table, uint64_t from, uint64_t to)
{
	const struct image_table *head = (const void *)table->data;
	const struct image_map *maps = (const void *)(table->data + head->maps.at);

	for (uint32_t i = 0; i < head->maps.count; i++)
		if (maps[i].at < to && maps[i].at + maps[i].size > from)
			return false;
	return capture_is_free(c, from, to);
}

/*
 * The resume code and the table behind it go right before code that is stored: then one mapping,
 * and mostly one page fault, is enough for both.  If there is no room, below all else.
 */
static void place_resume(struct layout *l, const struct place *p, const struct table *table,
			 const struct capture *c)
{
	uint64_t size = page_up(RESUME_CODE_SIZE + table->size);

	l->host = (size_t)NO_HOST;
	l->resume = p->lowest - size;
	for (size_t i = 0; i < c->segment_count; i++) {
		const struct segment *s = &c->segments[i];
		uint64_t from = s->at - size - l->headers;

		if (s->prot != (PROT_READ | PROT_EXEC) || s->size != s->data_size ||
		    s->at < IMAGE_LOW || from < IMAGE_LOW || !is_free(c, table, from, s->at))
			continue;
		l->host = i;
		l->resume = s->at - size;
		return;
	}
}

/* Both in one segment, so that one fault brings them in. */
static void put_resume(const struct content *file, const struct table *table, uint64_t at)
{
	put(file, at, resume_code, resume_code_size);
	put(file, at + RESUME_CODE_SIZE, table->data, table->size);
}

static int by_address(const void *a, const void *b)
{
	const Elf64_Phdr *p = a;
	const Elf64_Phdr *q = b;

	return p->p_vaddr < q->p_vaddr ? -1 : p->p_vaddr > q->p_vaddr;
}

/* What of a segment is at its place in the file: the table has what is copied. */
static uint64_t file_size(const struct segment *s)
{
	return s->is_copied ? 0 : s->data_size;
}

/* Describe all segments, the resume code's first. */
static void lay_out(struct layout *l, const struct place *p, const struct table *table,
		    const struct capture *c)
{
	uint64_t size = RESUME_CODE_SIZE + table->size;

	l->headers = page_up(sizeof(Elf64_Ehdr) + (c->segment_count + 3) * sizeof *l->ph);
	place_resume(l, p, table, c);
	/* The headers are in memory as well, for debuggers: they find the list of loaded libraries
	   by AT_PHDR and PT_DYNAMIC, as the kernel noted them, and so in core files. */
	l->ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
				.p_flags = PF_R | PF_X,
				.p_vaddr = l->resume - l->headers,
				.p_filesz = l->headers + size,
				.p_memsz = l->headers + size,
				.p_align = PAGE_SIZE};
	l->loads = 1;
	l->size = l->headers + page_up(size);
	if (l->host != (size_t)NO_HOST) {
		l->offsets[l->host] = l->size;
		l->size += c->segments[l->host].data_size;
		l->ph[0].p_filesz = l->ph[0].p_memsz = l->size;
	}
	for (size_t i = 0; i < c->segment_count; i++) {
		const struct segment *s = &c->segments[i];

		if (i == l->host)
			continue;
		l->ph[l->loads++] = (Elf64_Phdr){.p_type = PT_LOAD,
						 .p_flags = segment_flags(s->prot),
						 .p_offset = l->size,
						 .p_vaddr = s->at,
						 .p_filesz = file_size(s),
						 .p_memsz = s->size,
						 .p_align = PAGE_SIZE};
		l->offsets[i] = l->size;
		l->size += file_size(s);
	}
}

/*
 * All at once: file systems that keep a file's pages in larger pieces (folios) take the size of a
 * write for a hint, and to map pages of one piece, as a page fault does with those around it, and
 * to unmap them at exit, takes half the time or less.
 */
static int put_out(int fd, const struct content *file)
{
	return whole_write(fd, file->data, file->size, 0);
}

/* Bytes that the image may have beyond these. */
static uint64_t room_behind(uint64_t size, const struct capture *c)
{
	uint64_t bound = c->own_bytes + c->own_bytes / 4 + IMAGE_EXTRA_MAX;

	return bound > size ? bound - size : 0;
}

/* The segments that are not for the kernel to load. */
static void describe_rest(Elf64_Phdr *ph, const struct image_source *source, const struct place *p)
{
	ph[0] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = source->stack_flags, .p_align = 16};
	ph[1] = (Elf64_Phdr){.p_type = PT_DYNAMIC,
			     .p_flags = PF_R | PF_W,
			     .p_vaddr = p->dynamic,
			     .p_memsz = p->dynamic_size,
			     .p_align = 8};
}

static void put_segments(const struct content *file, const struct layout *l,
			 const struct table *table, const struct capture *c)
{
	put_resume(file, table, l->headers);
	for (size_t i = 0; i < c->segment_count; i++)
		put(file, l->offsets[i], c->segments[i].data, file_size(&c->segments[i]));
}

static int write_image(int fd, const struct image_source *source, const struct place *p,
		       const struct table *table, const struct capture *c)
{
	struct layout l = {
		.ph = calloc(c->segment_count + 3, sizeof *l.ph),
		.offsets = calloc(c->segment_count + 1, sizeof *l.offsets),
	};
	struct sections_source described = {
		.program = source->program,
		.program_at = p->program,
		.capture = c,
		.segments = l.ph,
	};
	struct sections sections = {0};
	struct content file = {0};
	int err = l.ph && l.offsets ? 0 : -ENOMEM;

	if (!err)
		lay_out(&l, p, table, c);
	if (!err && (resume_code_size > RESUME_CODE_SIZE || l.ph[0].p_vaddr < IMAGE_LOW ||
		     c->segment_count + 3 >= PN_XNUM))
		err = -E2BIG;
	described.segment_count = l.loads;
	described.file_end = l.size;
	described.room = room_behind(l.size, c);
	if (!err)
		err = sections_build(&sections, &described);
	file.size = l.size + sections.size;
	if (!err) {
		file.data = calloc(1, file.size);
		err = file.data ? 0 : -ENOMEM;
	}
	if (!err) {
		put_segments(&file, &l, table, c);
		qsort(l.ph, l.loads, sizeof *l.ph, by_address);
		describe_rest(l.ph + l.loads, source, p);
		put_headers(&file, l.resume, l.ph, l.loads + 2, &sections);
		put(&file, sections.at, sections.data, sections.size);
		sections_identify(&sections, file.data, file.size);
		err = put_out(fd, &file);
	}
	free(sections.data);
	free(file.data);
	free(l.offsets);
	free(l.ph);
	return err;
}

int image_write(int fd, const struct image_source *source, const struct place *p,
		const struct watch *w, const struct capture *c, char why[128])
{
	struct table table = {0};
	int err = table_build(&table, source, p, w, c, why);

	if (!err)
		err = write_image(fd, source, p, &table, c);
	free(table.data);
	return err;
}
