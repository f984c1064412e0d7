/*
 * ELF files made by hand, for tests: of any class, byte order and machine, and then spoilt.
 */
#ifndef ST_TEST_UNIT_ELF_MAKER_H
#define ST_TEST_UNIT_ELF_MAKER_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ELF_HASH_GNU_EMPTY: as GNU ld makes it for a program that exports nothing. */
enum elf_hash { ELF_HASH_GNU, ELF_HASH_SYSV, ELF_HASH_NONE, ELF_HASH_GNU_EMPTY };

/* What to make.  Zero-initialised: an ET_NONE for no machine, ELF64, little-endian, no segment
   but one PT_LOAD of the whole file. */
struct elf_plan {
	bool is32;
	bool is_big;
	uint16_t machine;
	uint16_t type;
	const char *interpreter; /* null: no PT_INTERP */
	bool no_load;            /* no PT_LOAD */
	bool is_dynamic;         /* with a PT_DYNAMIC; the members below need it */
	const char *needed[24];  /* up to the first null */
	const char *soname;
	const char *rpath;
	const char *runpath;
	const char *imports[4]; /* undefined dynamic symbols */
	const char *exports[4]; /* defined ones */
	unsigned more_exports;  /* so many more, all of them named "more" */
	uint32_t dt_flags;
	uint32_t dt_flags_1;
	enum elf_hash hash;
	bool has_relocations; /* one for each import: DT_RELA in ELF64, DT_JMPREL in ELF32 */
	bool has_notes;       /* a build id of 20 bytes 00 01 02 ..., and a note of "Somebody" */
	bool has_stack;       /* a PT_GNU_STACK */
	bool has_executable_stack;
};

/* The file, and where in it things are (offsets in bytes; 0: there is none). */
struct elf_image {
	unsigned char bytes[32768];
	size_t size;
	bool is32;
	bool is_big;
	size_t load_phdr, interp_phdr, dynamic_phdr, note_phdr, stack_phdr;
	size_t interp, strtab, strtab_size, symtab, symbols, hash, relocations, dynamic, notes;
};

/* Addresses are offsets plus this: not the same, so that a missing translation shows. */
#define ELF_MAKER_BASE 0x400000

void elf_make(struct elf_image *image, const struct elf_plan *plan);

/* A plan for the usual program: x86-64, PIE, glibc, libc.so.6, imports __libc_start_main. */
struct elf_plan elf_plan_usual(void);

/* Overwrite a number in the file's byte order. */
void elf_put(struct elf_image *image, size_t at, unsigned width, uint64_t value);

/* Overwrite a member of the ELF64 header, of a program header, or of a dynamic entry. */
#define ELF_PUT_EHDR(image, member, value) \
	elf_put(image, offsetof(Elf64_Ehdr, member), sizeof((Elf64_Ehdr *)0)->member, value)
#define ELF_PUT_PHDR(image, phdr, member, value) \
	elf_put(image, (phdr) + offsetof(Elf64_Phdr, member), sizeof((Elf64_Phdr *)0)->member, \
		value)

/* Overwrite the value of the first dynamic entry with this tag (it must be there). */
void elf_put_dynamic(struct elf_image *image, int64_t tag, uint64_t value);

/* Write the file under a name in the working directory. */
void elf_write(const struct elf_image *image, const char *path);

/* The same as an anonymous file; the caller closes the descriptor. */
int elf_memory_file(const void *bytes, size_t size);

#endif
