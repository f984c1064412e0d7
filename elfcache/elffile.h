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
	char *interpreter; /* the first PT_INTERP, or null */
	char *soname;      /* DT_SONAME, or null */
	char *runpath;     /* DT_RUNPATH, else DT_RPATH, or null */
	char *build_id;    /* the first NT_GNU_BUILD_ID in lower-case hexadecimal, or null */
	char **needed;     /* DT_NEEDED in order */
	size_t needed_count;
	struct elf_segment *segments;
	size_t segment_count;
	struct elf_note *notes;
	size_t note_count;
	uint64_t dt_flags;   /* DT_FLAGS */
	uint64_t dt_flags_1; /* DT_FLAGS_1 */
	bool has_dynamic;    /* a PT_DYNAMIC segment */
	bool is_pie;         /* ET_DYN with DF_1_PIE, or with an interpreter */
	/* Asked for: PT_GNU_STACK with PF_X.  Without a PT_GNU_STACK the kernel and the loader of
	   the machine decide, and this is false. */
	bool has_executable_stack;
	bool imports_libc_start_main; /* an undefined dynamic symbol __libc_start_main */
};

/*
 * Read the facts of a file.  Returns 0 and *result, which the caller frees; -ENOEXEC if it is not
 * ELF or is malformed, with a static phrase in *why (why may be null): "an archive of object
 * files", "a segment lies outside the file", ...; or a negative error number if it cannot be read,
 * which is -EISDIR for a directory.  Unless successful *result is null; unless -ENOEXEC *why is.
 *
 * Only what the kernel and the loader use is looked at: the ELF header, the program headers, and
 * the dynamic segment.  Section headers are not, so an object file has no more than its header,
 * and a core file has segments and notes.  Notes are a convenience: the list ends at one that is
 * malformed.
 *
 * elffile_read() follows symbolic links and never waits: a FIFO or a device is not opened.
 * elffile_read_fd() needs a descriptor open for reading, neither closes it nor moves its offset.
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
