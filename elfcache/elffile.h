/*
 * Everything worth knowing of an ELF file, read with libelf.  For the command and the service;
 * the preload has exe.h.
 */
#ifndef ST_ELFCACHE_ELFFILE_H
#define ST_ELFCACHE_ELFFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_segment {
	uint32_t type;  /* PT_LOAD, ... */
	uint32_t flags; /* PF_R, PF_W, PF_X */
	uint64_t offset, vaddr, filesz, memsz, align;
};

struct elf_note {
	char owner[16]; /* "GNU", ...; cut if longer */
	uint32_t type;
	uint32_t size; /* of the descriptor, in bytes */
};

/* Facts of one file.  All memory is owned by the struct; elffile_free() releases it. */
struct elffile {
	uint8_t elf_class; /* ELFCLASS32, ELFCLASS64 */
	uint8_t data;      /* ELFDATA2LSB, ELFDATA2MSB */
	uint16_t machine;  /* EM_X86_64, ... */
	uint16_t type;     /* ET_EXEC, ET_DYN, ... */
	uint64_t entry;
	char *interpreter; /* PT_INTERP, or null */
	char *soname;      /* DT_SONAME, or null */
	char *runpath;     /* DT_RUNPATH, else DT_RPATH, or null */
	char *build_id;    /* NT_GNU_BUILD_ID in lower-case hexadecimal, or null */
	char **needed;     /* DT_NEEDED in order */
	size_t needed_count;
	struct elf_segment *segments;
	size_t segment_count;
	struct elf_note *notes;
	size_t note_count;
	uint64_t dt_flags;   /* DT_FLAGS */
	uint64_t dt_flags_1; /* DT_FLAGS_1 */
	bool has_dynamic;
	bool is_pie; /* ET_DYN with DF_1_PIE, or with an interpreter */
	bool has_executable_stack;
	bool imports_libc_start_main; /* an undefined dynamic symbol __libc_start_main */
};

/*
 * Read the facts of a file.  Returns 0 and *result; -ENOEXEC if it is not ELF or is malformed, with
 * a static sentence in *why (why may be null); or a negative error number if it cannot be read.
 */
int elffile_read(const char *path, struct elffile **result, const char **why);
int elffile_read_fd(int fd, struct elffile **result, const char **why);
void elffile_free(struct elffile *file);

/* Names for reports: "x86-64", "DYN", "LOAD", "r-x".  Static strings, or buf filled. */
const char *elf_machine_name(uint16_t machine);
const char *elf_type_name(uint16_t type);
const char *elf_segment_type_name(uint32_t type, char buf[16]);
const char *elf_segment_flags_name(uint32_t flags, char buf[4]);

#endif
