#include "functions.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps.h"

/* Fill what a defined dynamic symbol was looked for; the last version of one that has several. */
static void match_symbol(const GElf_Sym *sym, const char *name, struct symbol *symbols,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(symbols[i].name, name) == 0) {
			symbols[i].address = sym->st_value;
			symbols[i].size = sym->st_size;
		}
}

/* Addresses as the file has them.  No other section is read: they are megabytes. */
static void find_in_elf(Elf *elf, struct symbol *symbols, size_t count)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		Elf_Data *data = NULL;
		GElf_Shdr shdr;
		GElf_Sym sym;

		if (gelf_getshdr(scn, &shdr) && shdr.sh_type == SHT_DYNSYM)
			data = elf_getdata(scn, NULL);
		for (int i = 0; data && gelf_getsym(data, i, &sym); i++) {
			const char *name = elf_strptr(elf, shdr.sh_link, sym.st_name);

			if (name && sym.st_shndx != SHN_UNDEF)
				match_symbol(&sym, name, symbols, count);
		}
	}
}

/* The virtual address that the file gives to its offset 0. */
static uint64_t link_base(Elf *elf)
{
	GElf_Phdr ph;

	for (int i = 0; gelf_getphdr(elf, i, &ph); i++)
		if (ph.p_type == PT_LOAD)
			return ph.p_vaddr - ph.p_offset;
	return 0;
}

/* The symbols of a file that is mapped from `start` on. */
static void find_in_file(const char *path, uint64_t start, struct symbol *symbols, size_t count)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	if (elf) {
		find_in_elf(elf, symbols, count);
		for (size_t i = 0; i < count; i++)
			if (symbols[i].address)
				symbols[i].address += start - link_base(elf);
		elf_end(elf);
	}
	if (fd >= 0)
		close(fd);
}

/* The lowest mapping of the file that is mapped at `at`, which has its offset 0. */
static const struct mapping *object_start(const struct mappings *m, uint64_t at)
{
	const struct mapping *map = mappings_at(m, at);

	while (map && map > m->list && map->offset != 0 && map[-1].ino == map->ino)
		map--;
	return map && map->ino && map->offset == 0 ? map : NULL;
}

void symbols_find(pid_t pid, uint64_t at, struct symbol *symbols, size_t count)
{
	const struct mapping *map;
	struct mappings m;

	for (size_t i = 0; i < count; i++)
		symbols[i].address = symbols[i].size = 0;
	if (mappings_read(pid, &m))
		return;
	map = object_start(&m, at);
	if (map)
		find_in_file(map->path, map->start, symbols, count);
	mappings_free(&m);
}

/* The symbols of the vDSO, which is in no file. */
static int find_in_vdso(const struct place *p, const struct tracee *t, struct symbol *symbols,
			size_t count)
{
	char *data = malloc(p->vdso_size);
	int err = data ? tracee_read(t, p->vdso, data, p->vdso_size) : -ENOMEM;
	Elf *elf = NULL;

	elf_version(EV_CURRENT);
	if (!err)
		elf = elf_memory(data, p->vdso_size);
	if (elf) {
		find_in_elf(elf, symbols, count);
		for (size_t i = 0; i < count; i++)
			if (symbols[i].address)
				symbols[i].address += p->vdso - link_base(elf);
		elf_end(elf);
	}
	free(data);
	return err;
}

/* Seconds, and what was the time at the last tick, it reads without rdtsc. */
static int watch_clocks(struct functions *f, const struct place *p, struct tracee *t)
{
	struct symbol symbols[FUNCTIONS_CLOCKS] = {
		[CLOCK_GETTIME] = {.name = "__vdso_clock_gettime"},
		[GETTIMEOFDAY] = {.name = "__vdso_gettimeofday"},
		[TIME] = {.name = "__vdso_time"},
	};
	int err = find_in_vdso(p, t, symbols, FUNCTIONS_CLOCKS);

	for (size_t i = 0; !err && i < FUNCTIONS_CLOCKS; i++) {
		f->clocks[i] = symbols[i].address;
		err = f->clocks[i] ? tracee_add_breakpoint(t, f->clocks[i]) : -ENOEXEC;
	}
	return err;
}

int functions_watch_loader(struct functions *f, const struct place *p, struct tracee *t)
{
	struct symbol loaded = {.name = "_dl_debug_state"};
	int err;

	symbols_find(t->pid, p->aux[AT_BASE], &loaded, 1);
	f->loaded = loaded.address;
	err = f->loaded ? tracee_add_breakpoint(t, f->loaded) : -ENOEXEC;
	return err ? err : watch_clocks(f, p, t);
}

void functions_find_libc(struct functions *f, pid_t pid)
{
	struct mappings m;

	if (mappings_read(pid, &m))
		return;
	for (size_t i = 0; i < m.count; i++) {
		const char *base = strrchr(m.list[i].path, '/');

		/* libc.so.6, or libc-2.31.so as it was called until glibc 2.34. */
		if (!base || (strcmp(base, "/libc.so.6") != 0 && strncmp(base, "/libc-2.", 8) != 0))
			continue;
		if (!f->libc)
			f->libc = m.list[i].start;
		f->libc_end = m.list[i].end;
	}
	mappings_free(&m);
}

/* What is looked for in the program: libc's variable with the last part of argv[0], which one that
   uses it may have, under either name, in its own memory; and MemorySanitizer's runtime, which is
   in no library. */
static void find_in_program(struct functions *f, const struct place *p, const struct tracee *t)
{
	struct symbol names[] = {{.name = "program_invocation_short_name"},
				 {.name = "__progname"},
				 {.name = "__msan_init"}};

	symbols_find(t->pid, p->aux[AT_ENTRY], names, 3);
	if (names[0].address || names[1].address)
		f->short_name = names[0].address ? names[0].address : names[1].address;
	f->has_memory_sanitizer = names[2].address != 0;
}

/* All that is watched in libc, in the order of its table. */
enum {
	GET_ENV,
	SECURE_GET_ENV,
	GET_RANDOM,
	SHORT_NAME,
	CURBRK,
	SET_ENV,
	SYMBOLS = SET_ENV + FUNCTIONS_SET
};

int functions_watch_libc(struct functions *f, const struct place *p, struct tracee *t)
{
	struct symbol symbols[SYMBOLS] = {
		[GET_ENV] = {.name = "getenv"},
		[SECURE_GET_ENV] = {.name = "secure_getenv"},
		[GET_RANDOM] = {.name = "getrandom"},
		[SHORT_NAME] = {.name = "program_invocation_short_name"},
		[CURBRK] = {.name = "__curbrk"},
		[SET_ENV] = {.name = "setenv"},
		{.name = "unsetenv"},
		{.name = "putenv"},
		{.name = "clearenv"},
	};
	int err = 0;

	if (f->get_env)
		return 0;
	functions_find_libc(f, t->pid);
	/* ld.so reports once before it has mapped anything. */
	if (!f->libc)
		return 0;
	symbols_find(t->pid, f->libc, symbols, SYMBOLS);
	for (size_t i = 0; i < SYMBOLS; i++)
		if (!symbols[i].address && i != SHORT_NAME)
			return -ENOEXEC;
	f->get_env = symbols[GET_ENV].address;
	f->get_env_size = symbols[GET_ENV].size;
	f->get_random = symbols[GET_RANDOM].address;
	f->short_name = symbols[SHORT_NAME].address;
	find_in_program(f, p, t);
	f->curbrk = symbols[CURBRK].address;
	err = tracee_add_breakpoint(t, f->get_env);
	if (!err)
		err = tracee_add_breakpoint(t, symbols[SECURE_GET_ENV].address);
	if (!err)
		err = tracee_add_breakpoint(t, f->get_random);
	for (size_t i = 0; !err && i < FUNCTIONS_SET; i++) {
		f->set_env[i] = symbols[SET_ENV + i].address;
		err = tracee_add_breakpoint(t, f->set_env[i]);
	}
	return err;
}

bool functions_reads_environment(const struct functions *f, uint64_t at)
{
	return at >= f->get_env && at - f->get_env < f->get_env_size;
}

bool functions_changes_environment(const struct functions *f, uint64_t at)
{
	for (size_t i = 0; i < FUNCTIONS_SET; i++)
		if (at == f->set_env[i])
			return true;
	return false;
}
