#include "exe.h"

#include <elf.h>
#include <errno.h>

#include "mem.h"
#include "sys.h"

enum {
	HEAD_SIZE = 64 + 13 * 56, /* ELF header and, in practice, every program header */
	PHDR_MAX = 32,            /* more, and the file is none of ours */
	LOAD_MAX = 16,
	DYN_CHUNK = 16, /* dynamic entries read at a time */
	DYN_CHUNKS = 16,
	NEEDED_MAX = 16, /* libraries whose names are looked at */
	SCRIPT_DEPTH = 5,
};

/* Of a segment, what is needed: the stack may be small. */
struct load {
	uint64_t vaddr;
	uint64_t filesz;
	uint64_t offset;
};

struct elf {
	int fd;
	int err; /* of a read that failed, and may not fail the next time */
	struct load load[LOAD_MAX];
	unsigned loads;
	Elf64_Phdr interp;
	Elf64_Phdr dynamic;
};

static ssize_t read_at(struct elf *elf, void *buf, size_t size, uint64_t at)
{
	ssize_t got = at > INT64_MAX ? -EINVAL : sys_pread(elf->fd, buf, size, (off_t)at);

	/* Where an offset cannot be, that is the file's fault. */
	if (got < 0 && got != -EINVAL && got != -EOVERFLOW)
		elf->err = (int)got;
	return got;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What follows the interpreter, without the blanks around it. */
static void parse_argument(struct exe *exe, const char *p, const char *end)
{
	const char *start;

	while (p < end && is_blank(*p))
		p++;
	start = p;
	while (p < end && *p != '\n' && *p != '\0')
		p++;
	exe->has_whole_line = p < end && *p == '\n';
	while (p > start && is_blank(p[-1]))
		p--;
	mem_copy(exe->argument, start, (size_t)(p - start));
	exe->argument[p - start] = '\0';
}

/*
 * The interpreter of a #! line: its first word.  The kernel cuts the line at BINPRM_BUF_SIZE; a
 * name that is cut is refused there (ENOEXEC) and so it is here.
 */
static void parse_script(struct exe *exe, const char *head, size_t len)
{
	const char *p = head + 2;
	const char *end = head + (len < EXE_INTERPRETER_MAX ? len : EXE_INTERPRETER_MAX);
	const char *start;

	exe->kind = EXE_SCRIPT;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	start = p;
	while (p < end && *p != ' ' && *p != '\t' && *p != '\n' && *p != '\0')
		p++;
	if (p == start || (size_t)(p - start) >= sizeof exe->interpreter ||
	    p == head + EXE_INTERPRETER_MAX)
		return;
	mem_copy(exe->interpreter, start, (size_t)(p - start));
	exe->interpreter[p - start] = '\0';
	parse_argument(exe, p, end);
}

static void note_segment(struct elf *elf, const Elf64_Phdr *ph)
{
	if (ph->p_type == PT_LOAD && elf->loads < LOAD_MAX)
		elf->load[elf->loads++] = (struct load){ph->p_vaddr, ph->p_filesz, ph->p_offset};
	else if (ph->p_type == PT_INTERP && elf->interp.p_type != PT_INTERP)
		elf->interp = *ph; /* the kernel uses the first */
	else if (ph->p_type == PT_DYNAMIC)
		elf->dynamic = *ph;
}

static bool read_segments(struct elf *elf, const Elf64_Ehdr *eh, const char *head, size_t len)
{
	if (eh->e_phentsize != sizeof(Elf64_Phdr) || eh->e_phnum == 0 || eh->e_phnum > PHDR_MAX)
		return false;
	for (unsigned i = 0; i < eh->e_phnum; i++) {
		uint64_t at = eh->e_phoff + i * sizeof(Elf64_Phdr);
		Elf64_Phdr ph;

		if (at < eh->e_phoff)
			return false;
		if (at + sizeof ph <= len && at + sizeof ph > at)
			mem_copy(&ph, head + at, sizeof ph);
		else if (read_at(elf, &ph, sizeof ph, at) != sizeof ph)
			return false;
		note_segment(elf, &ph);
	}
	return true;
}

/* The file offset of a virtual address, 0 if it is in no segment of the file. */
static uint64_t offset_of(const struct elf *elf, uint64_t vaddr)
{
	for (unsigned i = 0; i < elf->loads; i++) {
		const struct load *load = &elf->load[i];

		if (vaddr >= load->vaddr && vaddr - load->vaddr < load->filesz)
			return vaddr - load->vaddr + load->offset;
	}
	return 0;
}

/* Runtimes that refuse to start, or miss what they must intercept, unless they are loaded first. */
static bool is_sanitizer(const char *needed)
{
	return mem_after_prefix(needed, "libasan.so") || mem_after_prefix(needed, "libtsan.so") ||
	       mem_after_prefix(needed, "liblsan.so") || mem_after_prefix(needed, "libhwasan.so") ||
	       mem_after_prefix(needed, "libclang_rt.asan") ||
	       mem_after_prefix(needed, "libclang_rt.tsan") ||
	       mem_after_prefix(needed, "libclang_rt.msan") ||
	       mem_after_prefix(needed, "libclang_rt.lsan") ||
	       mem_after_prefix(needed, "libclang_rt.hwasan");
}

static bool needs_sanitizer(struct elf *elf)
{
	uint64_t needed[NEEDED_MAX];
	unsigned count = 0;
	uint64_t strtab = 0;
	bool more = true;

	for (unsigned chunk = 0; more && chunk < DYN_CHUNKS; chunk++) {
		Elf64_Dyn dyn[DYN_CHUNK];
		ssize_t got =
			read_at(elf, dyn, sizeof dyn, elf->dynamic.p_offset + chunk * sizeof dyn);

		if (got < (ssize_t)sizeof dyn[0])
			break;
		for (size_t i = 0; i < (size_t)got / sizeof dyn[0]; i++) {
			if (dyn[i].d_tag == DT_NULL) {
				more = false;
				break;
			}
			if (dyn[i].d_tag == DT_STRTAB)
				strtab = offset_of(elf, dyn[i].d_un.d_ptr);
			else if (dyn[i].d_tag == DT_NEEDED && count < NEEDED_MAX)
				needed[count++] = dyn[i].d_un.d_val;
		}
	}
	for (unsigned i = 0; strtab && i < count; i++) {
		char name[32];
		ssize_t got = read_at(elf, name, sizeof name - 1, strtab + needed[i]);

		if (got <= 0)
			continue;
		name[got] = '\0';
		if (is_sanitizer(name))
			return true;
	}
	return false;
}

static bool is_glibc_interpreter(const char *path)
{
	const char *base = path;

	for (const char *p = path; *p; p++)
		if (*p == '/')
			base = p + 1;
	return mem_same_string(base, "ld-linux-x86-64.so.2");
}

static enum exe_kind classify_elf64(struct exe *exe, struct elf *elf, const char *head, size_t len)
{
	Elf64_Ehdr eh;
	ssize_t got;

	if (len < sizeof eh)
		return EXE_OTHER;
	mem_copy(&eh, head, sizeof eh);
	if (eh.e_machine != EM_X86_64)
		return EXE_FOREIGN_ARCH;
	if ((eh.e_type != ET_EXEC && eh.e_type != ET_DYN) || !read_segments(elf, &eh, head, len))
		return EXE_OTHER;
	if (elf->interp.p_type != PT_INTERP)
		return EXE_STATIC;
	/* The kernel refuses an empty name. */
	if (elf->interp.p_filesz < 2)
		return EXE_OTHER;
	if (elf->interp.p_filesz > sizeof exe->interpreter)
		return EXE_FOREIGN_LIBC;
	got = read_at(elf, exe->interpreter, elf->interp.p_filesz, elf->interp.p_offset);
	if (got != (ssize_t)elf->interp.p_filesz || exe->interpreter[got - 1] != '\0') {
		exe->interpreter[0] = '\0';
		return EXE_OTHER;
	}
	if (!is_glibc_interpreter(exe->interpreter))
		return EXE_FOREIGN_LIBC;
	if (elf->dynamic.p_type == PT_DYNAMIC && needs_sanitizer(elf))
		return EXE_SANITIZER;
	return EXE_GLIBC;
}

/* A member of the ELF header that is at the same place in both classes. */
static uint16_t half_at(const char *head, size_t at)
{
	unsigned first = (unsigned char)head[at];
	unsigned second = (unsigned char)head[at + 1];

	return (uint16_t)(head[EI_DATA] == ELFDATA2MSB ? first << 8 | second : second << 8 | first);
}

/* 0 or a negative error number. */
static int classify(struct exe *exe, int fd, const char *head, size_t len)
{
	struct elf elf = {.fd = fd};

	if (len >= 2 && head[0] == '#' && head[1] == '!') {
		parse_script(exe, head, len);
		return 0;
	}
	exe->kind = EXE_OTHER;
	if (len < offsetof(Elf64_Ehdr, e_version) || !mem_equal(head, ELFMAG, SELFMAG))
		return 0;
	exe->type = half_at(head, offsetof(Elf64_Ehdr, e_type));
	exe->machine = half_at(head, offsetof(Elf64_Ehdr, e_machine));
	if (head[EI_CLASS] == ELFCLASS32)
		exe->kind = EXE_ELF32;
	else if (head[EI_CLASS] == ELFCLASS64 && head[EI_DATA] != ELFDATA2LSB)
		exe->kind = EXE_FOREIGN_ARCH;
	else if (head[EI_CLASS] == ELFCLASS64)
		exe->kind = classify_elf64(exe, &elf, head, len);
	return elf.err;
}

int exe_look(int dirfd, const char *path, struct exe *exe)
{
	char head[HEAD_SIZE];
	ssize_t got;
	int err;
	int fd;

	mem_zero(exe, sizeof *exe);
	/* O_NONBLOCK: should the file have been replaced by a FIFO since the caller looked. */
	fd = sys_openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	got = sys_pread(fd, head, sizeof head, 0);
	err = got < 0 ? (int)got : classify(exe, fd, head, (size_t)got);
	sys_close(fd);
	if (err)
		mem_zero(exe, sizeof *exe);
	return err;
}

/* Opening anything else may be noticed: by whoever waits for a reader of a FIFO, for one. */
static bool is_regular(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, 0) == 0 && S_ISREG(st.st_mode);
}

enum exe_kind exe_loaded_kind(const struct exe *exe)
{
	struct exe next = *exe;

	for (int depth = 0; next.kind == EXE_SCRIPT && depth < SCRIPT_DEPTH; depth++) {
		char interpreter[EXE_INTERPRETER_MAX];

		if (next.interpreter[0] == '\0')
			return EXE_OTHER;
		mem_copy(interpreter, next.interpreter, sizeof interpreter);
		if (!is_regular(interpreter) || exe_look(AT_FDCWD, interpreter, &next))
			return EXE_UNREADABLE;
	}
	return next.kind;
}

bool exe_rejects_preload(enum exe_kind kind)
{
	return kind == EXE_ELF32 || kind == EXE_FOREIGN_ARCH || kind == EXE_FOREIGN_LIBC ||
	       kind == EXE_SANITIZER;
}
