#include "place.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "code.h"
#include "maps.h"

enum { ARENA_SIZE = 16 * 4096, AUX_MAX = 64, STACK_WORDS_MAX = 1 << 20 };

static uint64_t page_up(uint64_t n)
{
	return (n + PAGE_SIZE - 1) & ~UINT64_C(4095);
}

static int read_word(const struct tracee *t, uint64_t at, uint64_t *value)
{
	return tracee_read(t, at, value, sizeof *value);
}

/* Skip a null-terminated array of pointers; *at is then behind the null. */
static int skip_array(const struct tracee *t, uint64_t *at)
{
	uint64_t word = 1;
	int err = 0;

	for (int i = 0; !err && word && i < STACK_WORDS_MAX; i++, *at += sizeof word)
		err = read_word(t, *at, &word);
	return err ? err : word ? -E2BIG : 0;
}

static int read_stack(struct place *p, const struct tracee *t)
{
	uint64_t at;
	int err;

	p->argv = p->stack + sizeof(uint64_t);
	at = p->argv;
	err = read_word(t, p->stack, &p->argc);
	if (!err)
		err = read_word(t, at, &p->strings);
	if (!err)
		err = skip_array(t, &at);
	p->envp = at;
	if (!err)
		err = read_word(t, at, &p->env_strings);
	if (!err)
		err = skip_array(t, &at);
	p->auxv = at;
	for (int i = 0; !err && i < AUX_MAX; i++, at += sizeof(Elf64_auxv_t)) {
		Elf64_auxv_t aux;

		err = tracee_read(t, at, &aux, sizeof aux);
		if (err || aux.a_type == AT_NULL)
			return err;
		if (aux.a_type < AUX_MAX)
			p->aux[aux.a_type] = aux.a_un.a_val;
	}
	return err ? err : -E2BIG;
}

static int set_aux(struct place *p, const struct tracee *t, uint64_t type, uint64_t value)
{
	for (uint64_t at = p->auxv;; at += sizeof(Elf64_auxv_t)) {
		Elf64_auxv_t aux;
		int err = tracee_read(t, at, &aux, sizeof aux);

		if (err || aux.a_type == AT_NULL)
			return err ? err : -ENOENT;
		if (aux.a_type != type)
			continue;
		p->aux[type] = value;
		aux.a_un.a_val = value;
		return tracee_write(t, at, &aux, sizeof aux);
	}
}

/* Where an object lies: its first and last mapping, holes between them included. */
struct extent {
	uint64_t start;
	uint64_t writable; /* where its first writable mapping begins: its end, if there is none */
	uint64_t end;
	uint64_t align; /* the largest p_align */
};

static void extend(struct extent *extent, uint64_t bias, const Elf64_Phdr *ph)
{
	uint64_t start = (bias + ph->p_vaddr) & ~UINT64_C(4095);

	if (start < extent->start)
		extent->start = start;
	if ((ph->p_flags & PF_W) && start < extent->writable)
		extent->writable = start;
	if (page_up(bias + ph->p_vaddr + ph->p_memsz) > extent->end)
		extent->end = page_up(bias + ph->p_vaddr + ph->p_memsz);
	/* Others the kernel ignores as well. */
	if ((ph->p_align & (ph->p_align - 1)) == 0 && ph->p_align > extent->align)
		extent->align = ph->p_align;
}

static void extent_close(struct extent *extent)
{
	if (extent->writable > extent->end)
		extent->writable = extent->end;
}

/* The extent of the object whose program headers are at `phdr`, loaded `bias` above its link
   addresses. */
static int object_extent(const struct tracee *t, uint64_t phdr, uint64_t count, uint64_t bias,
			 struct extent *extent)
{
	*extent = (struct extent){UINT64_MAX, UINT64_MAX, 0, 0};
	for (uint64_t i = 0; i < count; i++) {
		Elf64_Phdr ph;
		int err = tracee_read(t, phdr + i * sizeof ph, &ph, sizeof ph);

		if (err)
			return err;
		if (ph.p_type == PT_LOAD)
			extend(extent, bias, &ph);
	}
	extent_close(extent);
	return extent->end ? 0 : -ENOEXEC;
}

static int program_extent(struct place *p, const struct tracee *t, struct extent *extent)
{
	uint64_t bias = 0;

	for (uint64_t i = 0; i < p->aux[AT_PHNUM]; i++) {
		uint64_t at = p->aux[AT_PHDR] + i * sizeof(Elf64_Phdr);
		Elf64_Phdr ph;
		int err = tracee_read(t, at, &ph, sizeof ph);

		if (err)
			return err;
		if (ph.p_type == PT_PHDR)
			bias = p->aux[AT_PHDR] - ph.p_vaddr;
		/* The kernel wants PT_PHDR before it. */
		if (ph.p_type == PT_DYNAMIC) {
			p->dynamic = bias + ph.p_vaddr;
			p->dynamic_size = ph.p_memsz;
		}
	}
	return object_extent(t, p->aux[AT_PHDR], p->aux[AT_PHNUM], bias, extent);
}

/* That of a library, which is linked to begin at 0. */
static int library_extent(const struct tracee *t, uint64_t base, struct extent *extent)
{
	Elf64_Ehdr eh;
	int err = tracee_read(t, base, &eh, sizeof eh);

	return err ? err : object_extent(t, base + eh.e_phoff, eh.e_phnum, base, extent);
}

static int move_object(struct tracee *t, const struct mappings *m, const struct extent *extent,
		       uint64_t to)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct mapping *map = &m->list[i];
		uint64_t size = map->end - map->start;
		long result;
		int err;

		if (map->start < extent->start || map->end > extent->end)
			continue;
		err = tracee_syscall(t, SYS_mremap,
				     (uint64_t[6]){map->start, size, size,
						   MREMAP_MAYMOVE | MREMAP_FIXED,
						   to + (map->start - extent->start), 0},
				     &result);
		if (err || result < 0)
			return err ? err : (int)result;
	}
	return 0;
}

/* A `syscall` instruction in the vDSO, which stays where it is. */
static int find_syscall(struct place *p, struct tracee *t)
{
	unsigned char code[4 * PAGE_SIZE];
	size_t size = p->vdso_size < sizeof code ? p->vdso_size : sizeof code;
	int err = tracee_read(t, p->vdso, code, size);

	if (err)
		return err;
	for (size_t i = 0; i + 1 < size; i++)
		if (code[i] == 0x0f && code[i + 1] == 0x05) {
			t->syscall_at = p->vdso + i;
			return 0;
		}
	return -ENOEXEC;
}

/* Have rdtsc raise SIGSEGV, so that reading a clock, which is no system call, is seen. */
static int forbid_clock(struct tracee *t)
{
	long result;
	int err = tracee_syscall(t, SYS_prctl, (uint64_t[6]){PR_SET_TSC, PR_TSC_SIGSEGV}, &result);

	return err ? err : (int)result;
}

static int move_program(struct place *p, struct tracee *t, const struct mappings *m)
{
	struct code_object object;
	struct extent program;
	uint64_t to;
	int err = program_extent(p, t, &program);

	if (err)
		return err;
	p->program = program.start;
	p->brk_start = program.end;
	/* A program that is linked to fixed addresses, all below (bake.c), stays at them: there
	   natively it is as well. */
	if (program.end < IMAGE_LOW)
		return 0;
	/* The kernel has aligned it to what its segments ask for (Linux 5.10). */
	object = (struct code_object){.size = program.end - program.start,
				      .constant = program.writable - program.start,
				      .from = program.start,
				      .align = program.align};
	to = code_place(p->lowest, &object, &p->lowest);
	err = move_object(t, m, &program, to);
	if (!err)
		err = set_aux(p, t, AT_PHDR, p->aux[AT_PHDR] - program.start + to);
	if (!err)
		err = set_aux(p, t, AT_ENTRY, p->aux[AT_ENTRY] - program.start + to);
	p->brk_start += to - program.start;
	p->dynamic += to - program.start;
	p->program = to;
	p->program_moved = true;
	return err;
}

static int move_loader(struct place *p, struct tracee *t, const struct mappings *m)
{
	struct user_regs_struct regs;
	struct extent loader;
	uint64_t to;
	int err = library_extent(t, p->aux[AT_BASE], &loader);

	if (err)
		return err;
	to = place_mapping(p, loader.end - loader.start + ARENA_SIZE);
	p->arena = to + (loader.end - loader.start);
	p->arena_end = p->arena + ARENA_SIZE;
	err = move_object(t, m, &loader, to);
	if (!err)
		err = set_aux(p, t, AT_BASE, p->aux[AT_BASE] - loader.start + to);
	if (!err)
		err = tracee_get_regs(t, &regs);
	if (err)
		return err;
	regs.rip = regs.rip - loader.start + to;
	p->loader = to;
	p->loader_end = to + (loader.end - loader.start);
	return tracee_set_regs(t, &regs);
}

int random_of_second_run(const uint64_t first[2], uint64_t second[2])
{
	unsigned char bytes[16];
	unsigned char others[sizeof bytes];

	if (getrandom(others, sizeof others, 0) != sizeof others)
		return -EIO;
	memcpy(bytes, first, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] ^= (unsigned char)(1 + others[i] % 255);
	memcpy(second, bytes, sizeof bytes);
	return 0;
}

int place_all(struct place *p, struct tracee *t, const struct spot *spot)
{
	struct user_regs_struct regs;
	const struct mapping *vdso;
	struct mappings m;
	int err;

	*p = (struct place){.spot = spot,
			    .guard = spot->at_random[1],
			    /* The lowest byte stays zero, to stop string functions that overrun. */
			    .canary = spot->at_random[0] & ~UINT64_C(0xff),
			    .lowest = spot->end};
	err = tracee_get_regs(t, &regs);
	if (err)
		return err;
	p->stack = regs.rsp;
	err = read_stack(p, t);
	if (err)
		return err;
	err = mappings_read(t->pid, &m);
	if (err)
		return err;
	vdso = mappings_named(&m, "[vdso]");
	if (!vdso || vdso->start != p->aux[AT_SYSINFO_EHDR] || !mappings_at(&m, p->stack)) {
		err = -ENOEXEC;
		goto out;
	}
	p->vdso = vdso->start;
	p->vdso_size = vdso->end - vdso->start;
	p->stack_top = mappings_at(&m, p->stack)->end;
	err = find_syscall(p, t);
	if (!err)
		err = move_program(p, t, &m);
	if (!err)
		err = move_loader(p, t, &m);
	if (!err)
		err = forbid_clock(t);
	if (!err)
		err = tracee_write(t, p->aux[AT_RANDOM], spot->at_random, sizeof spot->at_random);
	p->brk = p->brk_start;
out:
	mappings_free(&m);
	return err;
}

int place_variables(const struct tracee *t, uint64_t base, uint64_t *from, uint64_t *to)
{
	struct extent extent;
	int err = library_extent(t, base, &extent);

	if (err)
		return err;
	*from = extent.writable;
	*to = extent.end;
	return 0;
}

/* Each is mostly right below the one before.  What there is no more room for, is as ld.so's. */
static void note_anonymous(struct place *p, uint64_t start, uint64_t end)
{
	struct range *last = p->anonymous + p->anonymous_count;

	if (p->anonymous_count && last[-1].start == end) {
		last[-1].start = start;
	} else if (p->anonymous_count < PLACE_ANONYMOUS) {
		*last = (struct range){start, end};
		p->anonymous_count++;
	}
}

uint64_t place_mapping(struct place *p, uint64_t size)
{
	p->lowest -= page_up(size);
	if (p->is_loaded)
		note_anonymous(p, p->lowest, p->lowest + page_up(size));
	return p->lowest;
}

/* How many bytes at the beginning of the object that can be read from fd are never written to. */
static uint64_t constant_bytes(int fd)
{
	struct extent extent = {UINT64_MAX, UINT64_MAX, 0, 0};
	Elf64_Phdr ph[16];
	Elf64_Ehdr eh;
	ssize_t size;

	if (pread(fd, &eh, sizeof eh, 0) != sizeof eh || memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0 ||
	    eh.e_phentsize != sizeof *ph || eh.e_phnum > sizeof ph / sizeof *ph)
		return 0;
	size = (ssize_t)(eh.e_phnum * sizeof *ph);
	if (pread(fd, ph, (size_t)size, (off_t)eh.e_phoff) != size)
		return 0;
	for (size_t i = 0; i < eh.e_phnum; i++)
		if (ph[i].p_type == PT_LOAD)
			extend(&extent, 0, &ph[i]);
	extent_close(&extent);
	return extent.end ? extent.writable - extent.start : 0;
}

uint64_t place_object(struct place *p, const struct tracee *t, int fd, uint64_t size)
{
	struct code_object object = {.size = page_up(size)};
	char path[48];
	int own;

	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)t->pid, fd);
	own = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (own >= 0) {
		object.constant = constant_bytes(own);
		close(own);
	}
	/* ld.so aligns it by itself, in what it has asked for. */
	return code_place(p->lowest, &object, &p->lowest);
}

uint64_t place_data(struct place *p, uint64_t size)
{
	uint64_t at = p->arena;

	/* The arena is ld.so's. */
	if (p->is_loaded || page_up(size) > p->arena_end - p->arena)
		return place_mapping(p, size);
	p->arena += page_up(size);
	return at;
}
