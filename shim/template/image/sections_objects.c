#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "debuglink.h"
#include "sections_part.h"

/* The same for a section of another file, which leaves room for our own. */
static uint16_t add_other(struct builder *b, const char *name, const Elf64_Shdr *shdr)
{
	if (b->count >= SECTIONS_MAX - OWN_SECTIONS ||
	    b->names_size + strlen(name) + 1 > SECTION_NAMES_MAX - OWN_NAMES)
		return 0;
	return builder_add(b, name, shdr);
}

/* Where the image file has this memory; 0 if it has not. */
static uint64_t stored_at(const struct sections_source *source, uint64_t at, uint64_t size)
{
	for (size_t i = 0; i < source->segment_count; i++) {
		const Elf64_Phdr *ph = &source->segments[i];

		if (ph->p_type == PT_LOAD && at >= ph->p_vaddr &&
		    at - ph->p_vaddr <= ph->p_filesz && size <= ph->p_filesz - (at - ph->p_vaddr))
			return ph->p_offset + (at - ph->p_vaddr);
	}
	return 0;
}

/*
 * One section of the program, as it is in the image.  What is not stored there has an offset that
 * is in no file: older profilers compute by it.
 */
static Elf64_Shdr moved(const struct sections_source *source, const GElf_Shdr *shdr, uint64_t bias)
{
	uint64_t at = shdr->sh_addr + bias;
	uint64_t offset = shdr->sh_type == SHT_NOBITS ? 0 : stored_at(source, at, shdr->sh_size);

	return (Elf64_Shdr){.sh_type = offset ? SHT_PROGBITS : SHT_NOBITS,
			    .sh_flags = shdr->sh_flags & (SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR),
			    .sh_addr = at,
			    .sh_offset = offset ? offset : source->file_end,
			    .sh_size = shdr->sh_size,
			    .sh_addralign = shdr->sh_addralign};
}

/* Sections that the image has as well: what is in memory, and in the same in every thread.  Notes
   are about the file that has them. */
static bool is_kept(const GElf_Shdr *shdr)
{
	return (shdr->sh_flags & SHF_ALLOC) && !(shdr->sh_flags & SHF_TLS) &&
	       shdr->sh_type != SHT_NOTE && shdr->sh_size != 0;
}

/*
 * Call frames, if they are not stored: gdb reads them nowhere but here.  Where there is no room for
 * them it has to guess which callers a function of the program has.
 */
static void take_frames(struct builder *b, Elf_Scn *scn, const GElf_Shdr *shdr, uint16_t section)
{
	const Elf_Data *data;

	if (!section || shdr->sh_type == SHT_NOBITS || shdr->sh_size > b->source->room)
		return;
	data = elf_rawdata(scn, NULL);
	if (!data || !data->d_buf || data->d_size != shdr->sh_size)
		return;
	free(b->frames);
	b->frames = malloc(data->d_size);
	if (!b->frames)
		return;
	memcpy(b->frames, data->d_buf, data->d_size);
	b->frames_size = data->d_size;
	b->frames_section = section;
}

static void place_program(struct builder *b, Elf *elf, uint64_t bias, struct symbol_place *places)
{
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr shdr;

	if (elf_getshdrstrndx(elf, &names))
		return;
	while ((scn = elf_nextscn(elf, scn))) {
		struct symbol_place *place;
		const char *name;
		Elf64_Shdr here;

		if (!gelf_getshdr(scn, &shdr) || !is_kept(&shdr))
			continue;
		name = elf_strptr(elf, names, shdr.sh_name);
		here = moved(b->source, &shdr, bias);
		if (!name)
			continue;
		place = &places[elf_ndxscn(scn)];
		*place = (struct symbol_place){.section = add_other(b, name, &here),
					       .is_stored = here.sh_type != SHT_NOBITS,
					       .start = here.sh_addr,
					       .end = here.sh_addr + here.sh_size};
		if (!place->is_stored && strcmp(name, ".eh_frame") == 0)
			take_frames(b, scn, &shdr, place->section);
	}
}

/*
 * Sections of a library that lie in code which is stored: its symbols belong to one section here.
 * Profilers want that to be memory, and older ones take offsets in the file from it; to gdb it is
 * not to be that of the library, which it knows.  So it has an address but no size.  It is called
 * as prelink(8) calls what it adds to programs, of which gdb expects nothing in the program itself.
 */
static void place_library(struct builder *b, Elf *elf, uint64_t bias,
			  const struct stored_code *code, struct symbol_place *places)
{
	uint64_t offset = stored_at(b->source, code->at, code->size);
	Elf64_Shdr here = {.sh_type = SHT_PROGBITS,
			   .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
			   .sh_addr = code->at,
			   .sh_offset = offset,
			   .sh_addralign = 16};
	struct symbol_place place = {
		.is_stored = true, .start = code->at, .end = code->at + code->size};
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	if (offset)
		place.section = add_other(b, ".gnu.liblist", &here);
	while (place.section && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) && (shdr.sh_flags & SHF_EXECINSTR) &&
		    shdr.sh_addr + bias >= place.start && shdr.sh_addr + bias < place.end)
			places[elf_ndxscn(scn)] = place;
}

/* By how much the object is above its link addresses if its first segment begins at `at`. */
static uint64_t bias_of_start(Elf *elf, uint64_t at)
{
	uint64_t lowest = UINT64_MAX;
	GElf_Phdr ph;

	for (int i = 0; gelf_getphdr(elf, i, &ph); i++)
		if (ph.p_type == PT_LOAD && ph.p_vaddr < lowest)
			lowest = ph.p_vaddr;
	return at - (lowest & ~UINT64_C(4095));
}

/* The same if the pages from `offset` on are at `at`, to be executed. */
static uint64_t bias_of_code(Elf *elf, const struct stored_code *code)
{
	GElf_Phdr ph;

	for (int i = 0; gelf_getphdr(elf, i, &ph); i++)
		if (ph.p_type == PT_LOAD && (ph.p_flags & PF_X) &&
		    code->offset >= (ph.p_offset & ~UINT64_C(4095)) &&
		    code->offset < ph.p_offset + ph.p_filesz)
			return code->at - code->offset - (ph.p_vaddr - ph.p_offset);
	return 0;
}

/* Add an object that was opened: the program if code is null. */
static int add_object(struct builder *b, Elf *elf, const struct stored_code *code)
{
	struct symbol_rule rule = {.is_library = code != NULL};
	struct symbol_place *places;
	size_t count;
	int err;

	if (elf_kind(elf) != ELF_K_ELF || gelf_getclass(elf) != ELFCLASS64 ||
	    elf_getshdrnum(elf, &count) || count == 0)
		return 0;
	places = calloc(count, sizeof *places);
	if (!places)
		return -ENOMEM;
	rule.places = places;
	rule.place_count = count;
	if (code) {
		rule.bias = bias_of_code(elf, code);
		place_library(b, elf, rule.bias, code, places);
	} else {
		rule.bias = bias_of_start(elf, b->source->program_at);
		place_program(b, elf, rule.bias, places);
	}
	err = symbols_add(&b->symbols, elf, &rule);
	free(places);
	return err;
}

static bool has_debugging_information(Elf *elf)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *name = NULL;

		if (gelf_getshdr(scn, &shdr))
			name = elf_strptr(elf, names, shdr.sh_name);
		if (name && !strcmp(name, ".debug_info"))
			return true;
	}
	return false;
}

static int add_program(struct builder *b)
{
	int fd = open(b->source->program, O_RDONLY | O_CLOEXEC);
	char *path = realpath(b->source->program, NULL);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	struct stat st;
	int err = 0;

	if (elf && path && !fstat(fd, &st)) {
		b->dev = st.st_dev;
		b->ino = st.st_ino;
		err = add_object(b, elf, NULL);
		/* All of the file must be read for it. */
		if (has_debugging_information(elf))
			b->link = debuglink_make(fd, path, &b->link_size);
	}
	elf_end(elf);
	free(path);
	if (fd >= 0)
		close(fd);
	return err;
}

static int add_library(struct builder *b, const struct stored_code *code)
{
	int fd = open(code->path, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ, NULL);
	struct stat st;
	int err = 0;

	if (elf && !fstat(fd, &st) && st.st_dev == code->dev && st.st_ino == code->ino)
		err = add_object(b, elf, code);
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return err;
}

int builder_add_objects(struct builder *b)
{
	const struct capture *c = b->source->capture;
	int err;

	elf_version(EV_CURRENT);
	b->count = 1;
	b->names_size = 1;
	err = add_program(b);
	for (size_t i = 0; !err && i < c->code_count; i++)
		if (c->codes[i].dev != b->dev || c->codes[i].ino != b->ino)
			err = add_library(b, &c->codes[i]);
	return err;
}
