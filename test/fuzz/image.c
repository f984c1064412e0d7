/*
 * Reading an image back: shim/template/image/read.h.  Input: the file, but for what stands between
 * its first bytes and the end of resume's code, which nobody reads: zeros are put there.
 */
#include "shim/template/image/read.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "fuzz.h"

enum { FRONT = 256, SIZE_LIMIT = 1 << 16 };

static void touch_array(const struct image_table *t, const struct image_array *array,
			size_t element)
{
	if (array->count)
		fuzz_touch((const char *)t + array->at, array->count * element);
}

static void touch_table(const struct image_view *v)
{
	const struct image_table *t = v->table;
	const struct image_variable *variables = (const void *)((const char *)t + t->variables.at);

	fuzz_touch(t, t->size);
	/* Two strings: the path, and what /proc/self/exe is. */
	fuzz_touch_string(image_target(v));
	fuzz_touch_string(image_target(v) + strlen(image_target(v)) + 1);
	for (uint32_t i = 0; i < t->files.count; i++) {
		const struct image_file *f = image_file(v, i);

		fuzz_touch_string(image_file_path(v, f));
		FUZZ_ASSERT((uint64_t)f->map + f->maps <= t->maps.count);
		FUZZ_ASSERT(f->copy <= t->copies.count);
	}
	for (uint32_t i = 0; i < t->copies.count; i++) {
		const struct image_copy *copy = image_copy(v, i);

		fuzz_touch_string(image_copy_path(v, copy));
		FUZZ_ASSERT((uint64_t)copy->map + copy->maps <= t->maps.count);
	}
	FUZZ_ASSERT((uint64_t)t->bare_map + t->bare_maps <= t->maps.count);
	touch_array(t, &t->maps, sizeof(struct image_map));
	touch_array(t, &t->fixes, sizeof(struct image_fix));
	touch_array(t, &t->protects, sizeof(struct image_protect));
	touch_array(t, &t->limits, sizeof(struct image_limit));
	touch_array(t, &t->touches, sizeof(struct image_touch));
	touch_array(t, &t->contents, sizeof(struct image_content));
	touch_array(t, &t->bounds, sizeof(struct image_bound));
	touch_array(t, &t->affinities, sizeof(struct image_affinity));
	touch_array(t, &t->actions, sizeof(struct image_action));
	for (uint32_t i = 0; i < t->variables.count; i++) {
		const char *text = (const char *)t + variables[i].text;

		fuzz_touch_string(text);
		FUZZ_ASSERT(variables[i].name_len <= strlen(text));
	}
}

static void touch_sections(const struct image_view *v)
{
	const Elf64_Ehdr *eh = (const void *)v->data;
	const Elf64_Shdr *list = (const void *)(v->data + eh->e_shoff);

	for (size_t i = 0; i < eh->e_shnum; i++) {
		const Elf64_Shdr *s = &list[i];
		const Elf64_Sym *symbols;

		fuzz_touch_string((const char *)v->data + list[eh->e_shstrndx].sh_offset +
				  s->sh_name);
		if (s->sh_type != SHT_NOBITS)
			fuzz_touch(v->data + s->sh_offset, s->sh_size);
		if (s->sh_type != SHT_SYMTAB)
			continue;
		symbols = (const void *)(v->data + s->sh_offset);
		for (size_t n = 0; n < s->sh_size / sizeof *symbols; n++)
			fuzz_touch_string((const char *)v->data + list[s->sh_link].sh_offset +
					  symbols[n].st_name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t file[RESUME_CODE_SIZE + SIZE_LIMIT];
	struct image_view view;
	int err;

	if (size > SIZE_LIMIT)
		return -1;
	if (size)
		memcpy(file, data, size < FRONT ? size : FRONT);
	if (size > FRONT) {
		memcpy(file + RESUME_CODE_SIZE, data + FRONT, size - FRONT);
		size += RESUME_CODE_SIZE - FRONT;
	}
	err = image_read(fuzz_memory_file(file, size), &view);
	FUZZ_ASSERT(err == 0 || err == -EINVAL);
	if (!err) {
		touch_table(&view);
		touch_sections(&view);
		fuzz_touch_string(image_stale_file(&view));
		image_read_end(&view);
	}
	FUZZ_ASSERT(!view.data && !view.table);
	return 0;
}
