/*
 * What tools read of an image file: every name is at the address where the code of that name is.
 */
#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"
#include "shim/template/image/read.h"

static char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/", NULL};

/* A file, its content in memory and opened by libelf. */
struct file {
	Elf *elf;
	unsigned char *data;
	size_t size;
};

static struct file file_open(const char *path)
{
	struct file f = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = lseek(fd, 0, SEEK_END);

	ck_assert_int_gt(size, 0);
	f.size = (size_t)size;
	f.data = malloc(f.size);
	ck_assert_int_eq(pread(fd, f.data, f.size, 0), size);
	close(fd);
	elf_version(EV_CURRENT);
	f.elf = elf_memory((char *)f.data, f.size);
	ck_assert_ptr_nonnull(f.elf);
	return f;
}

static void file_close(struct file *f)
{
	elf_end(f->elf);
	free(f->data);
}

static struct file bake_program(const char *program)
{
	const char *image = scratch_path("image");
	char why[128];
	int err = image_bake(image, program, environment, why);

	ck_assert_msg(!err, "%s: %s", program, why);
	return file_open(image);
}

static Elf_Scn *section_named(const struct file *f, const char *name, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;
	size_t names;

	ck_assert_int_eq(elf_getshdrstrndx(f->elf, &names), 0);
	while ((scn = elf_nextscn(f->elf, scn))) {
		ck_assert_ptr_nonnull(gelf_getshdr(scn, shdr));
		if (strcmp(elf_strptr(f->elf, names, shdr->sh_name), name) == 0)
			return scn;
	}
	return NULL;
}

/* The content of `size` bytes at an address, by program headers as the kernel has it; or null. */
static const unsigned char *content(const struct file *f, uint64_t at, uint64_t size)
{
	GElf_Phdr ph;

	for (int i = 0; gelf_getphdr(f->elf, i, &ph); i++)
		if (ph.p_type == PT_LOAD && at >= ph.p_vaddr && size <= ph.p_filesz &&
		    at - ph.p_vaddr <= ph.p_filesz - size)
			return f->data + ph.p_offset + (at - ph.p_vaddr);
	return NULL;
}

static bool find_symbol(const struct file *f, const char *table, const char *name, GElf_Sym *sym)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = section_named(f, table, &shdr);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;

	for (int i = 0; data && gelf_getsym(data, i, sym); i++) {
		const char *its = elf_strptr(f->elf, shdr.sh_link, sym->st_name);

		if (its && strcmp(its, name) == 0 && sym->st_shndx != SHN_UNDEF)
			return true;
	}
	return false;
}

/* The same code has this name in both, also by the offset of its section, as profilers reckon. */
static void same_code(const struct file *image, const struct file *object, const char *table,
		      const char *name)
{
	const unsigned char *stored;
	GElf_Sym theirs;
	GElf_Sym ours;
	GElf_Shdr shdr;

	ck_assert_msg(find_symbol(object, table, name, &theirs), "%s", name);
	ck_assert_msg(find_symbol(image, ".symtab", name, &ours), "%s", name);
	ck_assert_uint_eq(ours.st_size, theirs.st_size);
	ck_assert_uint_gt(ours.st_size, 3);
	stored = content(image, ours.st_value, ours.st_size);
	ck_assert_ptr_nonnull(stored);
	ck_assert_mem_eq(stored, content(object, theirs.st_value, theirs.st_size), ours.st_size);
	ck_assert_ptr_nonnull(gelf_getshdr(elf_getscn(image->elf, ours.st_shndx), &shdr));
	ck_assert_uint_eq((uint64_t)(stored - image->data),
			  ours.st_value - shdr.sh_addr + shdr.sh_offset);
	ck_assert(shdr.sh_flags & SHF_EXECINSTR);
}

START_TEST(code)
{
	struct file image = bake_program(FIXTURE_DIR "/image_fixture_names");
	struct file program = file_open(FIXTURE_DIR "/image_fixture_names");
	struct file loader = file_open("/lib64/ld-linux-x86-64.so.2");
	GElf_Sym sym;

	same_code(&image, &program, ".symtab", "main");
	same_code(&image, &program, ".symtab", "image_fixture_global");
	same_code(&image, &program, ".symtab", "image_fixture_local");
	/* ld.so is small enough to be stored in every image. */
	same_code(&image, &loader, ".dynsym", "_dl_allocate_tls");
	ck_assert(find_symbol(&image, ".symtab", "_dl_allocate_tls", &sym));
	ck_assert_int_eq(GELF_ST_BIND(sym.st_info), STB_LOCAL);
	ck_assert(find_symbol(&image, ".symtab", "image_fixture_global", &sym));
	ck_assert_int_eq(GELF_ST_BIND(sym.st_info), STB_GLOBAL);
	file_close(&loader);
	file_close(&program);
	file_close(&image);
}
END_TEST

static const char *const programs[] = {"/bin/true", "/bin/bash", "/usr/bin/git",
				       FIXTURE_DIR "/image_fixture_names"};

/* All memory that the program's file describes, moved by one number, and nothing else: debuggers
   move what they know of the program by these names. */
START_TEST(sections)
{
	struct file image;
	struct file program;
	GElf_Shdr theirs;
	GElf_Shdr ours;
	Elf_Scn *scn = NULL;
	uint64_t bias;
	size_t names;

	if (access(programs[_i], X_OK) != 0)
		return;
	image = bake_program(programs[_i]);
	program = file_open(programs[_i]);
	ck_assert_int_eq(elf_getshdrstrndx(image.elf, &names), 0);
	ck_assert_ptr_nonnull(section_named(&image, ".text", &ours));
	ck_assert_ptr_nonnull(section_named(&program, ".text", &theirs));
	bias = ours.sh_addr - theirs.sh_addr;
	ck_assert_uint_eq(bias % 4096, 0);
	ck_assert_ptr_nonnull(section_named(&image, ".eh_frame", &ours));
	ck_assert_ptr_nonnull(section_named(&image, ".bss", &ours));
	while ((scn = elf_nextscn(image.elf, scn))) {
		const char *name;

		gelf_getshdr(scn, &ours);
		name = elf_strptr(image.elf, names, ours.sh_name);
		if (!(ours.sh_flags & SHF_ALLOC) || ours.sh_size == 0)
			continue;
		ck_assert_msg(section_named(&program, name, &theirs) != NULL, "%s", name);
		ck_assert_uint_eq(ours.sh_addr, theirs.sh_addr + bias);
		ck_assert_uint_eq(ours.sh_size, theirs.sh_size);
		if (ours.sh_type == SHT_NOBITS)
			continue;
		ck_assert_ptr_eq(content(&image, ours.sh_addr, ours.sh_size),
				 image.data + ours.sh_offset);
		if (!(ours.sh_flags & SHF_WRITE) && strncmp(name, ".rela", 5) != 0)
			ck_assert_mem_eq(image.data + ours.sh_offset,
					 program.data + theirs.sh_offset, ours.sh_size);
	}
	file_close(&program);
	file_close(&image);
}
END_TEST

/* No segment has any of it. */
START_TEST(not_loaded)
{
	struct file image = bake_program(FIXTURE_DIR "/image_fixture_names");
	uint64_t end = 0;
	GElf_Shdr shdr;
	GElf_Phdr ph;
	GElf_Ehdr eh;

	for (int i = 0; gelf_getphdr(image.elf, i, &ph); i++)
		if (ph.p_type == PT_LOAD && ph.p_offset + ph.p_filesz > end)
			end = ph.p_offset + ph.p_filesz;
	ck_assert_uint_eq(end % 4096, 0);
	gelf_getehdr(image.elf, &eh);
	ck_assert_uint_ge(eh.e_shoff, end);
	ck_assert_ptr_nonnull(section_named(&image, ".symtab", &shdr));
	ck_assert_uint_ge(shdr.sh_offset, end);
	ck_assert_ptr_nonnull(section_named(&image, ".strtab", &shdr));
	ck_assert_uint_ge(shdr.sh_offset, end);
	ck_assert_ptr_nonnull(section_named(&image, ".gnu_debuglink", &shdr));
	ck_assert_uint_ge(shdr.sh_offset, end);
	file_close(&image);
}
END_TEST

/* More names than there is room for: the image is as small as it has to be, and has as many. */
START_TEST(room)
{
	struct file image = bake_program(FIXTURE_DIR "/image_fixture_many_names");
	struct image_view view;
	GElf_Shdr shdr;
	uint64_t bound;
	int fd = open(scratch_path("image"), O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(image_read(fd, &view), 0);
	bound = view.table->own_bytes * 5 / 4 + 512 * 1024;
	ck_assert_uint_le(image.size, bound);
	ck_assert_uint_ge(image.size, bound - 1024);
	ck_assert_ptr_nonnull(section_named(&image, ".symtab", &shdr));
	ck_assert_uint_gt(shdr.sh_size / shdr.sh_entsize, 1000);
	image_read_end(&view);
	close(fd);
	file_close(&image);
}
END_TEST

/* Without debugging information there is nothing to link to, and the program need not be read. */
START_TEST(no_debug_link)
{
	struct file image = bake_program("/bin/true");
	GElf_Shdr shdr;

	ck_assert_ptr_nonnull(section_named(&image, ".symtab", &shdr));
	ck_assert_ptr_null(section_named(&image, ".gnu_debuglink", &shdr));
	file_close(&image);
}
END_TEST

/* It is the image's own: neither the program's nor that of another image. */
START_TEST(build_id)
{
	struct file image = bake_program("/bin/true");
	struct file program = file_open("/bin/true");
	struct file again;
	GElf_Shdr shdr;
	GElf_Shdr other;

	ck_assert_ptr_nonnull(section_named(&image, ".note.gnu.build-id", &shdr));
	ck_assert_uint_eq(shdr.sh_type, SHT_NOTE);
	ck_assert_uint_eq(shdr.sh_size, 32);
	unlink(scratch_path("image"));
	again = bake_program("/bin/true");
	ck_assert_ptr_nonnull(section_named(&again, ".note.gnu.build-id", &other));
	ck_assert_mem_eq(image.data + shdr.sh_offset, again.data + other.sh_offset, 16);
	ck_assert_mem_ne(image.data + shdr.sh_offset + 16, again.data + other.sh_offset + 16, 16);
	if (section_named(&program, ".note.gnu.build-id", &other))
		ck_assert_mem_ne(image.data + shdr.sh_offset + 16,
				 program.data + other.sh_offset + 16, 16);
	file_close(&again);
	file_close(&program);
	file_close(&image);
}
END_TEST

/* Bit by bit, as the standard of zip has it. */
static uint32_t crc(const unsigned char *data, size_t size)
{
	uint32_t value = UINT32_MAX;

	while (size--) {
		value ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			value = value & 1 ? value >> 1 ^ 0xedb88320 : value >> 1;
	}
	return ~value;
}

/* From wherever the image is, the link leads to the program. */
START_TEST(debug_link)
{
	const char *path = FIXTURE_DIR "/image_fixture_names";
	struct file image = bake_program(path);
	struct file program = file_open(path);
	const char *directory = scratch_path(".");
	char joined[2 * PATH_MAX];
	char found[PATH_MAX];
	char expected[PATH_MAX];
	const char *link;
	GElf_Shdr shdr;
	uint32_t value;

	ck_assert_ptr_nonnull(section_named(&image, ".gnu_debuglink", &shdr));
	link = (const char *)image.data + shdr.sh_offset;
	snprintf(joined, sizeof joined, "%s/%s", directory, link);
	ck_assert_ptr_nonnull(realpath(joined, found));
	ck_assert_ptr_nonnull(realpath(path, expected));
	ck_assert_str_eq(found, expected);
	ck_assert_uint_eq(shdr.sh_size, (strlen(link) + 1 + 3) / 4 * 4 + 4);
	memcpy(&value, link + shdr.sh_size - 4, sizeof value);
	ck_assert_uint_eq(value, crc(program.data, program.size));
	file_close(&program);
	file_close(&image);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_sections");
	TCase *tc = scratch_case(suite, "sections", 60);

	tcase_add_test(tc, code);
	tcase_add_loop_test(tc, sections, 0, sizeof programs / sizeof programs[0]);
	tcase_add_test(tc, not_loaded);
	tcase_add_test(tc, room);
	tcase_add_test(tc, build_id);
	tcase_add_test(tc, debug_link);
	tcase_add_test(tc, no_debug_link);
	return scratch_run(suite);
}
