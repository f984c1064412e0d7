#include "functions.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>

#include "maps.h"

/* A defined dynamic symbol, its last version if it has several.  st_value is 0 if there is none. */
static GElf_Sym find_symbol(Elf *elf, const char *name)
{
	GElf_Sym found = {0};
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf, scn))) {
		Elf_Data *data = elf_getdata(scn, NULL);
		GElf_Shdr shdr;
		GElf_Sym sym;

		if (!gelf_getshdr(scn, &shdr) || shdr.sh_type != SHT_DYNSYM || !data)
			continue;
		for (int i = 0; gelf_getsym(data, i, &sym); i++) {
			const char *s = elf_strptr(elf, shdr.sh_link, sym.st_name);

			if (s && sym.st_shndx != SHN_UNDEF && strcmp(s, name) == 0)
				found = sym;
		}
	}
	return found;
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

/* The symbol in a file, its value relative to the file's beginning. */
static GElf_Sym symbol_in_file(const char *path, const char *name)
{
	GElf_Sym found = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	if (elf) {
		found = find_symbol(elf, name);
		if (found.st_value)
			found.st_value -= link_base(elf);
		elf_end(elf);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

/* The lowest mapping of the file that is mapped at `at`, which has its offset 0. */
static const struct mapping *object_start(const struct mappings *m, uint64_t at)
{
	const struct mapping *map = mappings_at(m, at);

	while (map && map > m->list && map->offset != 0 && map[-1].ino == map->ino)
		map--;
	return map && map->ino && map->offset == 0 ? map : NULL;
}

uint64_t symbol_address(pid_t pid, uint64_t at, const char *name, uint64_t *size)
{
	const struct mapping *map;
	GElf_Sym symbol = {0};
	struct mappings m;

	if (mappings_read(pid, &m))
		return 0;
	map = object_start(&m, at);
	if (map) {
		symbol = symbol_in_file(map->path, name);
		if (symbol.st_value)
			symbol.st_value += map->start;
	}
	mappings_free(&m);
	if (size)
		*size = symbol.st_size;
	return symbol.st_value;
}

int functions_watch_loader(struct functions *f, const struct place *p, struct tracee *t)
{
	f->loaded = symbol_address(t->pid, p->aux[AT_BASE], "_dl_debug_state", NULL);
	return f->loaded ? tracee_add_breakpoint(t, f->loaded) : -ENOEXEC;
}

static uint64_t find_libc(pid_t pid)
{
	struct mappings m;
	uint64_t at = 0;

	if (mappings_read(pid, &m))
		return 0;
	for (size_t i = 0; i < m.count && !at; i++) {
		const char *base = strrchr(m.list[i].path, '/');

		/* libc.so.6, or libc-2.31.so as it was called until glibc 2.34. */
		if (base && (strcmp(base, "/libc.so.6") == 0 || strncmp(base, "/libc-2.", 8) == 0))
			at = m.list[i].start;
	}
	mappings_free(&m);
	return at;
}

/* libc's variable with the last part of argv[0]: a program that uses it may have it, under either
   name, in its own memory. */
static uint64_t find_short_name(const struct place *p, const struct tracee *t, uint64_t libc)
{
	static const char *const names[] = {"program_invocation_short_name", "__progname"};
	uint64_t at = symbol_address(t->pid, p->aux[AT_ENTRY], names[0], NULL);

	if (!at)
		at = symbol_address(t->pid, p->aux[AT_ENTRY], names[1], NULL);
	return at ? at : symbol_address(t->pid, libc, names[0], NULL);
}

int functions_watch_libc(struct functions *f, const struct place *p, struct tracee *t)
{
	static const char *const set_env[] = {"setenv", "unsetenv", "putenv", "clearenv"};
	uint64_t libc;
	int err;

	if (f->get_env)
		return 0;
	libc = find_libc(t->pid);
	/* ld.so reports once before it has mapped anything. */
	if (!libc)
		return 0;
	f->get_env = symbol_address(t->pid, libc, "getenv", &f->get_env_size);
	f->secure_get_env = symbol_address(t->pid, libc, "secure_getenv", NULL);
	f->short_name = find_short_name(p, t, libc);
	f->curbrk = symbol_address(t->pid, libc, "__curbrk", NULL);
	if (!f->get_env || !f->secure_get_env || !f->curbrk)
		return -ENOEXEC;
	err = tracee_add_breakpoint(t, f->get_env);
	if (!err)
		err = tracee_add_breakpoint(t, f->secure_get_env);
	for (size_t i = 0; !err && i < sizeof f->set_env / sizeof f->set_env[0]; i++) {
		f->set_env[i] = symbol_address(t->pid, libc, set_env[i], NULL);
		err = f->set_env[i] ? tracee_add_breakpoint(t, f->set_env[i]) : -ENOEXEC;
	}
	return err;
}

bool functions_reads_environment(const struct functions *f, uint64_t at)
{
	return at >= f->get_env && at - f->get_env < f->get_env_size;
}

bool functions_changes_environment(const struct functions *f, uint64_t at)
{
	for (size_t i = 0; i < sizeof f->set_env / sizeof f->set_env[0]; i++)
		if (at == f->set_env[i])
			return true;
	return false;
}
