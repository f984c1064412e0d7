#include "sections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sections_part.h"

enum { ALIGNMENT = 8, BUILD_ID_SIZE = 16 };

static const char note_name[] = ".note.gnu.build-id";
static const char link_name[] = ".gnu_debuglink";

/* An ELF note (gabi, "Note Section") with a build id. */
struct build_id_note {
	Elf64_Nhdr header;
	char owner[4];
	unsigned char id[BUILD_ID_SIZE];
};

static uint64_t align(uint64_t n)
{
	return (n + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

uint16_t builder_add(struct builder *b, const char *name, const Elf64_Shdr *shdr)
{
	size_t size = strlen(name) + 1;

	if (b->count == SECTIONS_MAX || size > sizeof b->names - b->names_size)
		return 0;
	memcpy(b->names + b->names_size, name, size);
	b->list[b->count] = *shdr;
	b->list[b->count].sh_name = (Elf64_Word)b->names_size;
	b->names_size += size;
	return (uint16_t)b->count++;
}

/* Append to the file; where it is then. */
static uint64_t put(struct sections *s, const void *data, uint64_t size)
{
	uint64_t at = s->at + s->size;

	if (size)
		memcpy(s->data + s->size, data, size);
	s->size += align(size);
	return at;
}

/* A section that is no memory of the program, with its content. */
static uint16_t put_section(struct sections *s, struct builder *b, const char *name,
			    Elf64_Shdr shdr, const void *data)
{
	shdr.sh_offset = put(s, data, shdr.sh_size);
	return builder_add(b, name, &shdr);
}

static void put_note(struct sections *s, struct builder *b)
{
	static const struct build_id_note note = {
		.header = {.n_namesz = sizeof note.owner,
			   .n_descsz = sizeof note.id,
			   .n_type = NT_GNU_BUILD_ID},
		.owner = ELF_NOTE_GNU,
	};

	s->build_id = s->at + s->size + offsetof(struct build_id_note, id);
	put_section(s, b, note_name,
		    (Elf64_Shdr){.sh_type = SHT_NOTE, .sh_size = sizeof note, .sh_addralign = 4},
		    &note);
}

static void put_symbols(struct sections *s, struct builder *b, const struct symbol_table *t)
{
	/* The strings come next. */
	Elf64_Shdr symbols = {.sh_type = SHT_SYMTAB,
			      .sh_size = t->count * sizeof *t->list,
			      .sh_link = (Elf64_Word)b->count + 1,
			      .sh_info = (Elf64_Word)t->locals,
			      .sh_entsize = sizeof *t->list,
			      .sh_addralign = ALIGNMENT};
	Elf64_Shdr strings = {.sh_type = SHT_STRTAB, .sh_size = t->strings_size, .sh_addralign = 1};

	put_section(s, b, ".symtab", symbols, t->list);
	put_section(s, b, ".strtab", strings, t->strings);
}

static void put_names(struct sections *s, struct builder *b)
{
	Elf64_Shdr shdr = {.sh_type = SHT_STRTAB, .sh_addralign = 1};

	s->names = builder_add(b, ".shstrtab", &shdr);
	b->list[s->names].sh_size = b->names_size;
	b->list[s->names].sh_offset = put(s, b->names, b->names_size);
}

/* Bytes of all but frames and symbols, at most. */
static uint64_t least_size(const struct builder *b)
{
	return (b->count + OWN_SECTIONS) * sizeof b->list[0] + sizeof(struct build_id_note) +
	       align(b->link_size) + align(b->names_size + OWN_NAMES) +
	       (uint64_t)OWN_SECTIONS * ALIGNMENT;
}

/* Say of the program's section that its content is here; but what no segment of the image has, gdb
   will not have for memory. */
static void put_frames(struct sections *s, struct builder *b)
{
	Elf64_Shdr *shdr = &b->list[b->frames_section];

	shdr->sh_type = SHT_PROGBITS;
	shdr->sh_flags = 0;
	shdr->sh_offset = put(s, b->frames, b->frames_size);
}

static void put_link(struct sections *s, struct builder *b)
{
	Elf64_Shdr shdr = {.sh_type = SHT_PROGBITS, .sh_size = b->link_size, .sh_addralign = 4};

	put_section(s, b, link_name, shdr, b->link);
}

static void put_all(struct sections *s, struct builder *b, const struct symbol_table *table)
{
	put_note(s, b);
	if (b->link)
		put_link(s, b);
	if (b->frames)
		put_frames(s, b);
	if (table->count)
		put_symbols(s, b, table);
	put_names(s, b);
	s->headers = put(s, b->list, b->count * sizeof b->list[0]);
	s->count = (uint16_t)b->count;
}

/* Frames come before symbols, which gdb finds in the program as well. */
static int fit(struct sections *s, struct builder *b)
{
	uint64_t size = least_size(b);
	struct symbol_table table;
	int err;

	if (b->count == 1 || size > b->source->room)
		return 0;
	if (align(b->frames_size) <= b->source->room - size) {
		size += align(b->frames_size);
	} else {
		free(b->frames);
		b->frames = NULL;
	}
	err = symbols_table(&b->symbols, b->source->room - size, &table);
	size += table.count * sizeof *table.list + table.strings_size;
	if (!err)
		s->data = calloc(1, size);
	if (s->data)
		put_all(s, b, &table);
	free(table.list);
	free(table.strings);
	return s->data ? 0 : -ENOMEM;
}

int sections_build(struct sections *s, const struct sections_source *source)
{
	struct builder *b = calloc(1, sizeof *b);
	int err;

	*s = (struct sections){.at = source->file_end};
	if (!b)
		return -ENOMEM;
	b->source = source;
	err = builder_add_objects(b);
	if (!err)
		err = fit(s, b);
	symbols_free(&b->symbols);
	free(b->link);
	free(b->frames);
	free(b);
	return err;
}

void sections_identify(const struct sections *s, unsigned char *data, uint64_t size)
{
	/* Two sums of all words; the multipliers are primes. */
	uint64_t id[2] = {UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xc2b2ae3d27d4eb4f)};
	uint64_t word;

	if (!s->count)
		return;
	for (uint64_t at = 0; at + sizeof word <= size; at += sizeof word) {
		memcpy(&word, data + at, sizeof word);
		id[0] = (id[0] ^ word) * UINT64_C(0x9e3779b185ebca87);
		id[0] ^= id[0] >> 32;
		id[1] = (id[1] + word) * UINT64_C(0xc2b2ae3d27d4eb4f);
		id[1] ^= id[1] >> 29;
	}
	memcpy(data + s->build_id, id, sizeof id);
}
