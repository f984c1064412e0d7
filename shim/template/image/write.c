#include "write.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/user.h>
#include <unistd.h>

#include "resume.h"
#include "sections.h"
#include "survey.h"
#include "table.h"

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

/* Of the resume code and the table behind it: below all else, but for the headers. */
static uint64_t resume_address(const struct place *p, const struct table *table)
{
	return p->lowest - page_up(RESUME_CODE_SIZE + table->size);
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

/* Describe all segments, the resume code's first; the size of the file. */
static uint64_t lay_out(Elf64_Phdr *ph, size_t count, const struct place *p,
			const struct table *table, const struct capture *c)
{
	uint64_t size = RESUME_CODE_SIZE + table->size;
	uint64_t at = page_up(sizeof(Elf64_Ehdr) + count * sizeof *ph);

	/* The headers are in memory as well, for debuggers: they find the list of loaded libraries
	   by AT_PHDR and PT_DYNAMIC, as the kernel noted them, and so in core files. */
	ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
			     .p_flags = PF_R | PF_X,
			     .p_vaddr = resume_address(p, table) - at,
			     .p_filesz = at + size,
			     .p_memsz = at + size,
			     .p_align = PAGE_SIZE};
	at += page_up(size);
	for (size_t i = 0; i < c->segment_count; i++) {
		const struct segment *s = &c->segments[i];

		ph[i + 1] = (Elf64_Phdr){.p_type = PT_LOAD,
					 .p_flags = segment_flags(s->prot),
					 .p_offset = at,
					 .p_vaddr = s->at,
					 .p_filesz = s->data_size,
					 .p_memsz = s->size,
					 .p_align = PAGE_SIZE};
		at += s->data_size;
	}
	return at;
}

/*
 * All at once: file systems that keep a file's pages in larger pieces (folios) take the size of a
 * write for a hint, and to map pages of one piece, as a page fault does with those around it, and
 * to unmap them at exit, takes half the time or less.
 */
static int put_out(int fd, const struct content *file)
{
	uint64_t at = 0;

	while (at < file->size) {
		ssize_t n = pwrite(fd, file->data + at, file->size - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		at += (uint64_t)n;
	}
	return 0;
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

/* The content of all segments, in the order of the capture; ph[0] is the resume code's. */
static void put_segments(const struct content *file, const Elf64_Phdr *ph, const struct place *p,
			 const struct table *table, const struct capture *c)
{
	put_resume(file, table, resume_address(p, table) - ph[0].p_vaddr);
	for (size_t i = 0; i < c->segment_count; i++)
		put(file, ph[i + 1].p_offset, c->segments[i].data, c->segments[i].data_size);
}

static int write_image(int fd, const struct image_source *source, const struct place *p,
		       const struct table *table, const struct capture *c)
{
	size_t loads = c->segment_count + 1;
	size_t count = loads + 2;
	Elf64_Phdr *ph = calloc(count, sizeof *ph);
	struct sections_source described = {
		.program = source->program,
		.program_at = p->program,
		.capture = c,
		.segments = ph,
		.segment_count = loads,
	};
	struct sections sections = {0};
	struct content file = {0};
	int err = 0;

	if (!ph)
		return -ENOMEM;
	file.size = lay_out(ph, count, p, table, c);
	if (resume_code_size > RESUME_CODE_SIZE || ph[0].p_vaddr < IMAGE_LOW || count >= PN_XNUM)
		err = -E2BIG;
	described.file_end = file.size;
	described.room = room_behind(file.size, c);
	if (!err)
		err = sections_build(&sections, &described);
	file.size += sections.size;
	if (!err) {
		file.data = calloc(1, file.size);
		err = file.data ? 0 : -ENOMEM;
	}
	if (!err) {
		put_segments(&file, ph, p, table, c);
		qsort(ph, loads, sizeof *ph, by_address);
		describe_rest(ph + loads, source, p);
		put_headers(&file, resume_address(p, table), ph, count, &sections);
		put(&file, sections.at, sections.data, sections.size);
		sections_identify(&sections, file.data, file.size);
		err = put_out(fd, &file);
	}
	free(sections.data);
	free(file.data);
	free(ph);
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
