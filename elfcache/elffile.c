/*
 * ELF facts of a file: header, segments, interpreter, notes.
 *
 * Hazards, and what answers each:
 *  1. A file that lies.  Every table is read by elf_reader_table(), which compares its place with
 *     the size of the file and refuses absurd sizes before memory is asked for.
 *  2. No section headers.  They are never used: kernel and loader do without them, and so must
 *     whoever wants to know what these will see.
 *  3. A file that shrinks while it is read.  libelf reads and does not map it, so the result is an
 *     error and not a SIGBUS.
 *  4. A FIFO or a device under the name.  Opening could wait, or wind a tape; so the type is looked
 *     at first, and again afterwards in case the file was replaced in between.
 */
#include "elffile.h"

#include <ar.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elffile_reader.h"

enum {
	TABLE_MAX = 64 << 20, /* bytes in one table: more is nonsense, or none of our business */
	NOTES_MAX = 1 << 16,
	BUILD_ID_MAX = 256, /* bytes; 20 are usual */
};

int elf_reader_malformed(struct elf_reader *r, const char *why)
{
	r->why = why;
	return -ENOEXEC;
}

int elf_reader_failed(struct elf_reader *r, const char *why)
{
	if (errno == ENOMEM || errno == EIO)
		return -errno;
	return elf_reader_malformed(r, why);
}

Elf_Data *elf_reader_table(struct elf_reader *r, uint64_t offset, uint64_t size, Elf_Type type)
{
	errno = 0;
	if (size == 0 || size > TABLE_MAX || offset > r->size || size > r->size - offset)
		return NULL;
	return elf_getdata_rawchunk(r->elf, (int64_t)offset, size, type);
}

bool elf_reader_locate(const struct elf_reader *r, uint64_t vaddr, uint64_t *offset, uint64_t *room)
{
	for (size_t i = 0; i < r->file->segment_count; i++) {
		const struct elf_segment *s = &r->file->segments[i];

		if (s->type != PT_LOAD || vaddr < s->vaddr || vaddr - s->vaddr >= s->filesz)
			continue;
		/* No overflow: read_segments() has seen that the segment is within the file. */
		*offset = s->offset + (vaddr - s->vaddr);
		*room = s->filesz - (vaddr - s->vaddr);
		return true;
	}
	return false;
}

static int read_header(struct elf_reader *r, GElf_Ehdr *eh)
{
	errno = 0;
	if (!gelf_getehdr(r->elf, eh))
		return elf_reader_failed(r, "the ELF header is cut off");
	r->file->elf_class = eh->e_ident[EI_CLASS];
	r->file->data = eh->e_ident[EI_DATA];
	r->file->machine = eh->e_machine;
	r->file->type = eh->e_type;
	r->file->entry = eh->e_entry;
	return 0;
}

static int read_segments(struct elf_reader *r, const GElf_Ehdr *eh)
{
	size_t size = gelf_fsize(r->elf, ELF_T_PHDR, 1, EV_CURRENT);
	size_t count;

	if (eh->e_phnum == 0)
		return 0;
	if (eh->e_phentsize != size)
		return elf_reader_malformed(r, "the program headers have a wrong size");
	errno = 0;
	/* libelf cuts the number down to those that are in the file. */
	if (elf_getphdrnum(r->elf, &count))
		return elf_reader_failed(r, "the program headers lie outside the file");
	if (count == 0 || (eh->e_phnum != PN_XNUM && count != eh->e_phnum))
		return elf_reader_malformed(r, "the program headers lie outside the file");
	if (count > TABLE_MAX / sizeof *r->file->segments)
		return elf_reader_malformed(r, "far too many program headers");
	r->file->segments = calloc(count, sizeof *r->file->segments);
	if (!r->file->segments)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr ph;

		errno = 0;
		if (!gelf_getphdr(r->elf, (int)i, &ph))
			return elf_reader_failed(r, "the program headers cannot be read");
		/* A core file is often cut off by a limit, and never started. */
		if (ph.p_type == PT_LOAD && eh->e_type != ET_CORE &&
		    (ph.p_offset > r->size || ph.p_filesz > r->size - ph.p_offset))
			return elf_reader_malformed(r, "a segment lies outside the file");
		r->file->segments[i] = (struct elf_segment){
			.type = ph.p_type,
			.flags = ph.p_flags,
			.offset = ph.p_offset,
			.vaddr = ph.p_vaddr,
			.filesz = ph.p_filesz,
			.memsz = ph.p_memsz,
			.align = ph.p_align,
		};
	}
	r->file->segment_count = count;
	return 0;
}

/* The rules are the kernel's, which returns ENOEXEC if one is broken. */
static int read_interpreter(struct elf_reader *r, const struct elf_segment *segment)
{
	Elf_Data *data;

	if (segment->filesz < 2 || segment->filesz > PATH_MAX)
		return elf_reader_malformed(r, "the name of the interpreter is empty or too long");
	data = elf_reader_table(r, segment->offset, segment->filesz, ELF_T_BYTE);
	if (!data)
		return elf_reader_failed(r, "the name of the interpreter lies outside the file");
	if (((const char *)data->d_buf)[data->d_size - 1] != '\0')
		return elf_reader_malformed(r, "the name of the interpreter is not terminated");
	r->file->interpreter = strdup(data->d_buf);
	return r->file->interpreter ? 0 : -ENOMEM;
}

static char *hexadecimal(const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *text = malloc(2 * n + 1);

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 15];
	}
	text[2 * n] = '\0';
	return text;
}

static int add_note(struct elffile *file, const GElf_Nhdr *nh, const char *name, const void *desc)
{
	struct elf_note *notes;
	struct elf_note *note;
	size_t len = nh->n_namesz;

	/* Room is doubled whenever it is used up, that is, when the count is a power of two. */
	if ((file->note_count & (file->note_count - 1)) == 0) {
		notes = reallocarray(file->notes, file->note_count ? 2 * file->note_count : 1,
				     sizeof *notes);
		if (!notes)
			return -ENOMEM;
		file->notes = notes;
	}
	note = &file->notes[file->note_count++];
	*note = (struct elf_note){.type = nh->n_type, .size = nh->n_descsz};
	if (len > sizeof note->owner - 1)
		len = sizeof note->owner - 1;
	memcpy(note->owner, name, strnlen(name, len));
	if (file->build_id || nh->n_type != NT_GNU_BUILD_ID || nh->n_descsz == 0 ||
	    nh->n_descsz > BUILD_ID_MAX || strcmp(note->owner, ELF_NOTE_GNU) != 0)
		return 0;
	file->build_id = hexadecimal(desc, nh->n_descsz);
	return file->build_id ? 0 : -ENOMEM;
}

/* Nobody needs notes to start a program, so one that does not fit merely ends the list. */
static int read_notes(struct elf_reader *r, const struct elf_segment *segment)
{
	Elf_Data *data = elf_reader_table(r, segment->offset, segment->filesz,
					  segment->align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	GElf_Nhdr nh;
	size_t name;
	size_t desc;
	size_t at = 0;
	size_t next;

	if (!data)
		return errno == ENOMEM || errno == EIO ? -errno : 0;
	while (r->file->note_count < NOTES_MAX &&
	       (next = gelf_getnote(data, at, &nh, &name, &desc)) > at) {
		const char *bytes = data->d_buf;
		int err = add_note(r->file, &nh, bytes + name, bytes + desc);

		if (err)
			return err;
		at = next;
	}
	return 0;
}

/*
 * Of two segments of a kind the one counts that counts for the kernel (the first PT_INTERP) or for
 * the loader (the last PT_DYNAMIC).  A core file, which nobody starts, has notes only.
 */
static int read_segment_contents(struct elf_reader *r)
{
	const struct elf_segment *dynamic = NULL;
	struct elffile *file = r->file;
	int err = 0;

	for (size_t i = 0; i < file->segment_count && !err; i++) {
		const struct elf_segment *s = &file->segments[i];

		if (s->type == PT_NOTE)
			err = read_notes(r, s);
		else if (file->type == ET_CORE)
			continue;
		else if (s->type == PT_INTERP && !file->interpreter)
			err = read_interpreter(r, s);
		else if (s->type == PT_DYNAMIC)
			dynamic = s;
		else if (s->type == PT_GNU_STACK)
			file->has_executable_stack = (s->flags & PF_X) != 0;
	}
	if (!err && dynamic)
		err = elf_reader_dynamic(r, dynamic);
	return err;
}

/* Why elf_begin() found no ELF file, from the first bytes. */
static int not_elf(struct elf_reader *r, int fd)
{
	char head[SARMAG];
	ssize_t got = pread(fd, head, sizeof head, 0);

	if (got < 0)
		return -errno;
	if (got == 0)
		return elf_reader_malformed(r, "empty");
	if (got == SARMAG && (!memcmp(head, ARMAG, SARMAG) || !memcmp(head, "!<thin>\n", SARMAG)))
		return elf_reader_malformed(r, "an archive of object files");
	if (got >= 2 && !memcmp(head, "#!", 2))
		return elf_reader_malformed(r, "a #! script");
	if (got >= SELFMAG && !memcmp(head, ELFMAG, SELFMAG))
		return elf_reader_malformed(r, "ELF of an unknown class, byte order or version, "
					       "or cut off");
	return elf_reader_malformed(r, "not ELF");
}

static int read_all(struct elf_reader *r, int fd)
{
	GElf_Ehdr eh;
	int err;

	elf_version(EV_CURRENT);
	errno = 0;
	r->elf = elf_begin(fd, ELF_C_READ, NULL);
	if (!r->elf && (errno == ENOMEM || errno == EIO))
		return -errno;
	if (!r->elf || elf_kind(r->elf) != ELF_K_ELF)
		return not_elf(r, fd);
	err = read_header(r, &eh);
	if (!err)
		err = read_segments(r, &eh);
	if (!err)
		err = read_segment_contents(r);
	if (!err && eh.e_type == ET_DYN)
		r->file->is_pie = r->file->interpreter || (r->file->dt_flags_1 & DF_1_PIE);
	return err;
}

/* 0 if fd is a regular file. */
static int check_type(const struct stat *st, const char **why)
{
	if (S_ISREG(st->st_mode))
		return 0;
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	*why = "not a regular file";
	return -ENOEXEC;
}

int elffile_read_fd(int fd, struct elffile **result, const char **why)
{
	struct elf_reader r = {0};
	struct stat st;
	int err;

	err = fstat(fd, &st) ? -errno : check_type(&st, &r.why);
	if (err)
		goto out;
	r.size = (uint64_t)st.st_size;
	r.file = calloc(1, sizeof *r.file);
	err = r.file ? read_all(&r, fd) : -ENOMEM;
	elf_end(r.elf);
out:
	if (err) {
		elffile_free(r.file);
		r.file = NULL;
	}
	*result = r.file;
	if (why)
		*why = r.why;
	return err;
}

int elffile_read(const char *path, struct elffile **result, const char **why)
{
	const char *reason = NULL;
	struct stat st;
	int fd = -1;
	int err;

	*result = NULL;
	err = stat(path, &st) ? -errno : check_type(&st, &reason);
	if (!err) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		err = fd < 0 ? -errno : elffile_read_fd(fd, result, &reason);
	}
	if (fd >= 0)
		close(fd);
	if (why)
		*why = reason;
	return err;
}

void elffile_free(struct elffile *file)
{
	if (!file)
		return;
	free(file->interpreter);
	free(file->soname);
	free(file->runpath);
	free(file->build_id);
	for (size_t i = 0; i < file->needed_count; i++)
		free(file->needed[i]);
	free(file->needed);
	free(file->segments);
	free(file->notes);
	free(file);
}
