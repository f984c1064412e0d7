/* The ELF reader: elfcache/elffile.h. */
#include "elfcache/elffile.h"

#include <errno.h>
#include <string.h>

#include "fuzz.h"

static void use(const struct elffile *f)
{
	char buf[16];

	fuzz_touch_string(f->interpreter);
	fuzz_touch_string(f->soname);
	fuzz_touch_string(f->runpath);
	fuzz_touch_string(f->build_id);
	for (size_t i = 0; i < f->needed_count; i++) {
		FUZZ_ASSERT(f->needed[i]);
		fuzz_touch_string(f->needed[i]);
	}
	fuzz_touch(f->segments, f->segment_count * sizeof *f->segments);
	for (size_t i = 0; i < f->segment_count; i++) {
		fuzz_touch_string(elf_segment_type_name(f->segments[i].type, buf));
		fuzz_touch_string(elf_segment_flags_name(f->segments[i].flags, buf));
	}
	for (size_t i = 0; i < f->note_count; i++)
		FUZZ_ASSERT(memchr(f->notes[i].owner, '\0', sizeof f->notes[i].owner));
	FUZZ_ASSERT(!f->build_id || strspn(f->build_id, "0123456789abcdef") == strlen(f->build_id));
	fuzz_touch_string(elf_machine_name(f->machine));
	fuzz_touch_string(elf_type_name(f->type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elffile *file;
	const char *why;
	int err = elffile_read_fd(fuzz_memory_file(data, size), &file, &why);

	FUZZ_ASSERT(err == 0 || err == -ENOEXEC);
	FUZZ_ASSERT((err == 0) == (file != NULL));
	FUZZ_ASSERT((err == -ENOEXEC) == (why != NULL));
	if (file)
		use(file);
	elffile_free(file);
	return 0;
}
