#include "write.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/user.h>
#include <unistd.h>

#include "resume.h"
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

static int put(int fd, const void *data, size_t size, uint64_t at)
{
	const unsigned char *p = data;

	while (size) {
		ssize_t n = pwrite(fd, p, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

static int put_headers(int fd, const struct place *p, const Elf64_Phdr *ph, size_t count)
{
	Elf64_Ehdr eh = {
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = p->base + IMAGE_RESUME,
		.e_phoff = sizeof eh,
		.e_ehsize = sizeof eh,
		.e_phentsize = sizeof *ph,
		.e_phnum = (Elf64_Half)count,
	};
	int err;

	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	eh.e_ident[EI_VERSION] = EV_CURRENT;
	err = put(fd, &eh, sizeof eh, 0);
	return err ? err : put(fd, ph, count * sizeof *ph, sizeof eh);
}

/* The resume code and, behind it, the table: one segment, so that one fault brings in both. */
static int put_resume(int fd, const struct place *p, const struct table *table, Elf64_Phdr *ph,
		      uint64_t at)
{
	uint64_t size = RESUME_CODE_SIZE + table->size;
	int err;

	if (resume_code_size > RESUME_CODE_SIZE || size > IMAGE_LIBRARIES)
		return -E2BIG;
	*ph = (Elf64_Phdr){.p_type = PT_LOAD,
			   .p_flags = PF_R | PF_X,
			   .p_offset = at,
			   .p_vaddr = p->base + IMAGE_RESUME,
			   .p_filesz = size,
			   .p_memsz = size,
			   .p_align = PAGE_SIZE};
	err = put(fd, resume_code, resume_code_size, at);
	return err ? err : put(fd, table->data, table->size, at + RESUME_CODE_SIZE);
}

static int by_address(const void *a, const void *b)
{
	const Elf64_Phdr *p = a;
	const Elf64_Phdr *q = b;

	return p->p_vaddr < q->p_vaddr ? -1 : p->p_vaddr > q->p_vaddr;
}

static int put_segments(int fd, const struct capture *c, Elf64_Phdr *ph, uint64_t *at)
{
	int err = 0;

	for (size_t i = 0; !err && i < c->segment_count; i++) {
		const struct segment *s = &c->segments[i];

		ph[i] = (Elf64_Phdr){.p_type = PT_LOAD,
				     .p_flags = segment_flags(s->prot),
				     .p_offset = *at,
				     .p_vaddr = s->at,
				     .p_filesz = s->data_size,
				     .p_memsz = s->size,
				     .p_align = PAGE_SIZE};
		err = put(fd, s->data, s->data_size, *at);
		*at += s->data_size;
	}
	return err;
}

int image_write(int fd, const struct image_source *source, const struct place *p,
		const struct watch *w, const struct capture *c, char why[128])
{
	size_t count = c->segment_count + 2;
	Elf64_Phdr *ph = calloc(count, sizeof *ph);
	uint64_t at = page_up(sizeof(Elf64_Ehdr) + count * sizeof *ph);
	struct table table = {0};
	int err = ph ? table_build(&table, source, p, w, c, why) : -ENOMEM;

	if (!err && count >= PN_XNUM)
		err = -E2BIG;
	if (!err)
		err = put_resume(fd, p, &table, &ph[0], at);
	at += page_up(RESUME_CODE_SIZE + table.size);
	if (!err)
		err = put_segments(fd, c, ph + 1, &at);
	if (!err) {
		qsort(ph, count - 1, sizeof *ph, by_address);
		ph[count - 1] = (Elf64_Phdr){
			.p_type = PT_GNU_STACK, .p_flags = source->stack_flags, .p_align = 16};
		err = put_headers(fd, p, ph, count);
	}
	/* The last page is whole, so that no access to the segment is beyond the file. */
	if (!err && ftruncate(fd, (off_t)at) < 0)
		err = -errno;
	free(table.data);
	free(ph);
	return err;
}
