/*
 * What an image gets for debuggers, out of any program and any library; and that it can be read
 * back: shim/template/image/sections.h, read.h.
 *
 * Input: where things are in memory; the size of the program's file in two bytes; the program; the
 * library.
 */
#include "shim/template/image/sections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "shim/template/image/read.h"

enum {
	SEGMENTS = 3,
	ROOM_MAX = 1 << 16,
	/* The image: headers, resume's code, table, strings. */
	TABLE_AT = RESUME_CODE_SIZE,
	STRINGS = 8,
	FILES_AT = (sizeof(struct image_table) + 7) / 8 * 8,
	STRINGS_AT = FILES_AT + sizeof(struct image_file),
	END = TABLE_AT + STRINGS_AT + STRINGS,
};

static void make_image(unsigned char *image, const struct sections *s)
{
	Elf64_Ehdr eh = {.e_ident = {0x7f, 'E', 'L', 'F'},
			 .e_phoff = sizeof eh,
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 1,
			 .e_shentsize = sizeof(Elf64_Shdr),
			 .e_shoff = s->headers,
			 .e_shnum = s->count,
			 .e_shstrndx = s->names};
	Elf64_Phdr ph = {.p_type = PT_LOAD, .p_filesz = END};
	struct image_table table = {.magic = IMAGE_MAGIC,
				    .version = IMAGE_VERSION,
				    .size = END - TABLE_AT,
				    .target = STRINGS_AT,
				    .files = {FILES_AT, 1}};
	struct image_file file = {.path = STRINGS_AT};

	memcpy(image, &eh, sizeof eh);
	memcpy(image + sizeof eh, &ph, sizeof ph);
	memcpy(image + TABLE_AT, &table, sizeof table);
	memcpy(image + TABLE_AT + FILES_AT, &file, sizeof file);
	memcpy(image + TABLE_AT + STRINGS_AT, "/a\0/a", 6);
	if (s->size)
		memcpy(image + END, s->data, s->size);
	sections_identify(s, image, END + s->size);
}

static void check(const struct sections *s, uint64_t room)
{
	unsigned char *image = calloc(1, END + s->size);
	struct image_view view;

	FUZZ_ASSERT(image && s->at == END && s->size <= room);
	FUZZ_ASSERT((s->count != 0) == (s->data != NULL));
	make_image(image, s);
	FUZZ_ASSERT(image_read(fuzz_memory_file(image, END + s->size), &view) == 0);
	image_read_end(&view);
	free(image);
}

/* A part of the image, somewhere in memory. */
static Elf64_Phdr segment(struct fuzz_input *in)
{
	uint64_t at = fuzz_number(in, 8);
	uint64_t offset = fuzz_number(in, 2) % END;
	uint64_t size = fuzz_number(in, 2) % (END - offset + 1);

	return (Elf64_Phdr){.p_type = PT_LOAD, .p_vaddr = at, .p_offset = offset, .p_filesz = size};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	Elf64_Phdr segments[SEGMENTS];
	struct stored_code code = {0};
	struct capture capture = {0};
	struct sections_source source = {.capture = &capture, .file_end = END};
	struct sections sections;
	struct stat st;
	size_t program_size;
	const uint8_t *program;

	source.program_at = fuzz_number(&in, 8);
	source.room = fuzz_number(&in, 4) % ROOM_MAX;
	for (int i = 0; i < SEGMENTS; i++)
		segments[i] = segment(&in);
	source.segments = segments;
	source.segment_count = SEGMENTS;
	code.at = fuzz_number(&in, 8);
	code.size = fuzz_number(&in, 4);
	code.offset = fuzz_number(&in, 4);
	program_size = fuzz_number(&in, 2);
	program = fuzz_bytes(&in, program_size, &program_size);
	source.program = fuzz_file(0, program, program_size);
	code.path = (char *)(uintptr_t)fuzz_file(1, in.at, in.left);
	FUZZ_ASSERT(stat(code.path, &st) == 0);
	code.dev = st.st_dev;
	code.ino = st.st_ino;
	capture.codes = &code;
	capture.code_count = 1;
	FUZZ_ASSERT(sections_build(&sections, &source) == 0);
	check(&sections, source.room);
	free(sections.data);
	return 0;
}
