#include "elf_maker.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scratch.h"

struct maker {
	struct elf_image *image;
	const struct elf_plan *plan;
	size_t phdr; /* where the next program header goes */
	unsigned phdrs;
};

void elf_put(struct elf_image *image, size_t at, unsigned width, uint64_t value)
{
	SCRATCH_ASSERT(at + width <= sizeof image->bytes);
	for (unsigned i = 0; i < width; i++) {
		unsigned shift = 8 * (image->is_big ? width - 1 - i : i);

		image->bytes[at + i] = (unsigned char)(value >> shift);
	}
}

static uint64_t get(const struct elf_image *image, size_t at, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value = value << 8 | image->bytes[at + (image->is_big ? i : width - 1 - i)];
	return value;
}

/* Numbers at the end of the file. */
static void append(struct elf_image *image, unsigned width, uint64_t value)
{
	elf_put(image, image->size, width, value);
	image->size += width;
}

static unsigned word_size(const struct elf_image *image)
{
	return image->is32 ? 4 : 8;
}

/* A number of the class's size. */
static void append_word(struct elf_image *image, uint64_t value)
{
	append(image, word_size(image), value);
}

static void append_bytes(struct elf_image *image, const void *bytes, size_t n)
{
	SCRATCH_ASSERT(image->size + n <= sizeof image->bytes);
	memcpy(image->bytes + image->size, bytes, n);
	image->size += n;
}

static void align(struct elf_image *image, size_t to)
{
	image->size = (image->size + to - 1) / to * to;
}

/* Add a string to the string table, which is being written at the end of the file. */
static size_t append_string(struct elf_image *image, const char *s)
{
	size_t at = image->size - image->strtab;

	append_bytes(image, s, strlen(s) + 1);
	return at;
}

static size_t add_phdr(struct maker *m, uint32_t type, uint32_t flags, size_t at, size_t size,
		       uint64_t alignment)
{
	struct elf_image *image = m->image;
	size_t end = image->size;
	size_t phdr = m->phdr;

	image->size = phdr;
	append(image, 4, type);
	if (!image->is32)
		append(image, 4, flags);
	append_word(image, at);
	append_word(image, ELF_MAKER_BASE + at);
	append_word(image, ELF_MAKER_BASE + at);
	append_word(image, size);
	append_word(image, size);
	if (image->is32)
		append(image, 4, flags);
	append_word(image, alignment);
	m->phdr = image->size;
	m->phdrs++;
	image->size = end;
	return phdr;
}

static void append_symbol(struct elf_image *image, size_t name, uint16_t section)
{
	append(image, 4, name);
	if (!image->is32) {
		append(image, 1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC));
		append(image, 1, 0);
		append(image, 2, section);
		append_word(image, section ? ELF_MAKER_BASE : 0);
		append_word(image, 0);
		return;
	}
	append_word(image, section ? ELF_MAKER_BASE : 0);
	append_word(image, 0);
	append(image, 1, ELF32_ST_INFO(STB_GLOBAL, STT_FUNC));
	append(image, 1, 0);
	append(image, 2, section);
}

/* One bucket and so one chain, which has all exported symbols. */
static void append_hash(struct maker *m, size_t imports, size_t exports)
{
	struct elf_image *image = m->image;

	align(image, 8);
	image->hash = image->size;
	if (m->plan->hash == ELF_HASH_SYSV) {
		append(image, 4, 1);
		append(image, 4, image->symbols);
		append(image, 4, 0);
		for (size_t i = 0; i < image->symbols; i++)
			append(image, 4, 0);
		return;
	}
	if (m->plan->hash == ELF_HASH_GNU_EMPTY) {
		imports = 0;
		exports = 0;
	}
	append(image, 4, 1);
	append(image, 4, 1 + imports);
	append(image, 4, 1);
	append(image, 4, 6);
	append_word(image, ~0ULL);
	append(image, 4, exports ? 1 + imports : 0);
	for (size_t i = 0; i < exports; i++)
		append(image, 4, (i + 1) * 16 + (i + 1 == exports));
}

static void append_relocations(struct elf_image *image, size_t imports)
{
	align(image, 8);
	image->relocations = image->size;
	for (size_t i = 1; i <= imports; i++) {
		append_word(image, ELF_MAKER_BASE);
		append_word(image, image->is32 ? i << 8 | 7 : i << 32 | 7);
		if (!image->is32)
			append_word(image, 0);
	}
}

static void append_dynamic(struct elf_image *image, uint64_t tag, uint64_t value)
{
	append_word(image, tag);
	append_word(image, value);
}

static void make_dynamic(struct maker *m)
{
	struct elf_image *image = m->image;
	const struct elf_plan *plan = m->plan;
	size_t needed[24];
	size_t names[8];
	size_t n_needed = 0;
	size_t imports = 0;
	size_t exports = 0;
	size_t soname;
	size_t rpath;
	size_t runpath;
	size_t more;

	image->strtab = image->size;
	append_string(image, "");
	for (; n_needed < 24 && plan->needed[n_needed]; n_needed++)
		needed[n_needed] = append_string(image, plan->needed[n_needed]);
	for (; imports < 4 && plan->imports[imports]; imports++)
		names[imports] = append_string(image, plan->imports[imports]);
	for (; exports < 4 && plan->exports[exports]; exports++)
		names[imports + exports] = append_string(image, plan->exports[exports]);
	soname = append_string(image, plan->soname ? plan->soname : "");
	rpath = append_string(image, plan->rpath ? plan->rpath : "");
	runpath = append_string(image, plan->runpath ? plan->runpath : "");
	more = append_string(image, "more");
	image->strtab_size = image->size - image->strtab;

	align(image, 8);
	image->symtab = image->size;
	image->symbols = 1 + imports + exports + plan->more_exports;
	append_symbol(image, 0, SHN_UNDEF);
	for (size_t i = 0; i < imports + exports; i++)
		append_symbol(image, names[i], i < imports ? SHN_UNDEF : 1);
	for (size_t i = 0; i < plan->more_exports; i++)
		append_symbol(image, more, 1);
	exports += plan->more_exports;
	if (plan->hash != ELF_HASH_NONE)
		append_hash(m, imports, exports);

	if (plan->has_relocations)
		append_relocations(image, imports);

	align(image, 8);
	image->dynamic = image->size;
	for (size_t i = 0; i < n_needed; i++)
		append_dynamic(image, DT_NEEDED, needed[i]);
	if (plan->soname)
		append_dynamic(image, DT_SONAME, soname);
	if (plan->rpath)
		append_dynamic(image, DT_RPATH, rpath);
	if (plan->runpath)
		append_dynamic(image, DT_RUNPATH, runpath);
	if (plan->hash != ELF_HASH_NONE)
		append_dynamic(image, plan->hash == ELF_HASH_SYSV ? DT_HASH : DT_GNU_HASH,
			       ELF_MAKER_BASE + image->hash);
	if (plan->has_relocations && !image->is32) {
		append_dynamic(image, DT_RELA, ELF_MAKER_BASE + image->relocations);
		append_dynamic(image, DT_RELASZ, imports * sizeof(Elf64_Rela));
	} else if (plan->has_relocations) {
		append_dynamic(image, DT_JMPREL, ELF_MAKER_BASE + image->relocations);
		append_dynamic(image, DT_PLTRELSZ, imports * sizeof(Elf32_Rel));
		append_dynamic(image, DT_PLTREL, DT_REL);
	}
	append_dynamic(image, DT_STRTAB, ELF_MAKER_BASE + image->strtab);
	append_dynamic(image, DT_SYMTAB, ELF_MAKER_BASE + image->symtab);
	append_dynamic(image, DT_STRSZ, image->strtab_size);
	append_dynamic(image, DT_FLAGS, plan->dt_flags);
	append_dynamic(image, DT_FLAGS_1, plan->dt_flags_1);
	append_dynamic(image, DT_NULL, 0);
	image->dynamic_phdr = add_phdr(m, PT_DYNAMIC, PF_R | PF_W, image->dynamic,
				       image->size - image->dynamic, word_size(image));
}

static void append_note(struct elf_image *image, const char *owner, uint32_t type, const void *desc,
			size_t size)
{
	append(image, 4, strlen(owner) + 1);
	append(image, 4, size);
	append(image, 4, type);
	append_bytes(image, owner, strlen(owner) + 1);
	align(image, 4);
	append_bytes(image, desc, size);
	align(image, 4);
}

static void make_notes(struct maker *m)
{
	struct elf_image *image = m->image;
	unsigned char id[20];

	for (unsigned i = 0; i < sizeof id; i++)
		id[i] = (unsigned char)i;
	align(image, 4);
	image->notes = image->size;
	append_note(image, "Somebody", 0x77, "abc", 3);
	append_note(image, "GNU", NT_GNU_BUILD_ID, id, sizeof id);
	append_note(image, "An owner with a very long name", 1, "", 0);
	image->note_phdr = add_phdr(m, PT_NOTE, PF_R, image->notes, image->size - image->notes, 4);
}

static void make_header(const struct maker *m)
{
	struct elf_image *image = m->image;
	const struct elf_plan *plan = m->plan;
	size_t end = image->size;
	size_t header = plan->is32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);

	memcpy(image->bytes, ELFMAG, SELFMAG);
	image->bytes[EI_CLASS] = plan->is32 ? ELFCLASS32 : ELFCLASS64;
	image->bytes[EI_DATA] = plan->is_big ? ELFDATA2MSB : ELFDATA2LSB;
	image->bytes[EI_VERSION] = EV_CURRENT;
	image->size = EI_NIDENT;
	append(image, 2, plan->type);
	append(image, 2, plan->machine);
	append(image, 4, EV_CURRENT);
	append_word(image, ELF_MAKER_BASE + 0x123);
	append_word(image, m->phdrs ? header : 0);
	append_word(image, 0);
	append(image, 4, 0);
	append(image, 2, header);
	append(image, 2, plan->is32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr));
	append(image, 2, m->phdrs);
	append(image, 2, 0);
	append(image, 2, 0);
	append(image, 2, 0);
	SCRATCH_ASSERT(image->size == header);
	image->size = end;
}

void elf_make(struct elf_image *image, const struct elf_plan *plan)
{
	struct maker m = {.image = image, .plan = plan};

	memset(image, 0, sizeof *image);
	image->is32 = plan->is32;
	image->is_big = plan->is_big;
	m.phdr = plan->is32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
	/* Room for six program headers. */
	image->size = m.phdr + 6 * (plan->is32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr));
	if (plan->interpreter) {
		image->interp = image->size;
		append_bytes(image, plan->interpreter, strlen(plan->interpreter) + 1);
		image->interp_phdr = add_phdr(&m, PT_INTERP, PF_R, image->interp,
					      image->size - image->interp, 1);
	}
	if (plan->is_dynamic)
		make_dynamic(&m);
	if (plan->has_notes)
		make_notes(&m);
	if (plan->has_stack)
		image->stack_phdr =
			add_phdr(&m, PT_GNU_STACK,
				 PF_R | PF_W | (plan->has_executable_stack ? PF_X : 0U), 0, 0, 16);
	align(image, 8);
	if (!plan->no_load)
		image->load_phdr = add_phdr(&m, PT_LOAD, PF_R | PF_X, 0, image->size, 0x1000);
	make_header(&m);
}

struct elf_plan elf_plan_usual(void)
{
	return (struct elf_plan){
		.machine = EM_X86_64,
		.type = ET_DYN,
		.interpreter = "/lib64/ld-linux-x86-64.so.2",
		.is_dynamic = true,
		.needed = {"libm.so.6", "libc.so.6"},
		.imports = {"puts", "__libc_start_main"},
		.exports = {"main", "_start"},
		.dt_flags = DF_BIND_NOW,
		.dt_flags_1 = DF_1_NOW | DF_1_PIE,
		.has_notes = true,
		.has_stack = true,
	};
}

void elf_put_dynamic(struct elf_image *image, int64_t tag, uint64_t value)
{
	unsigned width = word_size(image);

	for (size_t at = image->dynamic;; at += 2UL * width) {
		uint64_t here = get(image, at, width);

		ck_assert_msg(here != DT_NULL, "no dynamic entry %lld", (long long)tag);
		if (here == (uint64_t)tag) {
			elf_put(image, at + width, width, value);
			return;
		}
	}
}

void elf_write(const struct elf_image *image, const char *path)
{
	scratch_file(path, image->bytes, image->size, 0755);
}

int elf_memory_file(const void *bytes, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	SCRATCH_ASSERT(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	return fd;
}
