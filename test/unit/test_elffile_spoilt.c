/* Files that lie. */
#include "elfcache/elffile.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "elf_maker.h"
#include "scratch.h"

static struct elf_image image;

/* The facts of the image, or null. */
static struct elffile *read_image(int *err, const char **why)
{
	int fd = elf_memory_file(image.bytes, image.size);
	struct elffile *file = (struct elffile *)&image;

	*err = elffile_read_fd(fd, &file, why);
	SCRATCH_ASSERT(close(fd) == 0);
	SCRATCH_ASSERT((*err == 0) == (file != NULL));
	return file;
}

/* The image is refused, and the reason has these words. */
static void malformed(const char *words)
{
	const char *why = NULL;
	int err;

	ck_assert_ptr_null(read_image(&err, &why));
	ck_assert_int_eq(err, -ENOEXEC);
	ck_assert_ptr_nonnull(why);
	ck_assert_msg(strstr(why, words), "\"%s\" has no \"%s\"", why, words);
}

static void refuse_bytes(const void *bytes, size_t size, const char *words)
{
	memcpy(image.bytes, bytes, size);
	image.size = size;
	malformed(words);
}

START_TEST(files_that_are_not_elf)
{
	refuse_bytes("", 0, "empty");
	refuse_bytes("\177", 1, "not ELF");
	refuse_bytes("\177ELF", 4, "cut off");
	refuse_bytes("\177ELF\2\1\1\0\0\0\0\0\0\0\0\0", 16, "cut off");
	refuse_bytes("#!/bin/sh\n", 10, "script");
	refuse_bytes("!<arch>\n", 8, "archive");
	refuse_bytes("!<thin>\n", 8, "archive");
	refuse_bytes("hello, world\n", 13, "not ELF");
	memset(image.bytes, 0, 4096);
	image.size = 4096;
	malformed("not ELF");
}
END_TEST

START_TEST(headers_of_an_unknown_kind)
{
	static const size_t at[] = {EI_CLASS, EI_DATA, EI_VERSION};

	for (size_t i = 0; i < 3; i++) {
		struct elf_plan plan = elf_plan_usual();

		elf_make(&image, &plan);
		image.bytes[at[i]] = 9;
		malformed("unknown class");
		image.bytes[at[i]] = 0;
		malformed("unknown class");
	}
}
END_TEST

/* Wild values, one at a time. */
#define SPOIL(words, ...) \
	do { \
		struct elf_plan plan = elf_plan_usual(); \
\
		elf_make(&image, &plan); \
		__VA_ARGS__; \
		malformed(words); \
	} while (0)

static const uint64_t wild[] = {1U << 20,   1ULL << 32,     INT64_MAX,
				1ULL << 63, UINT64_MAX - 7, UINT64_MAX};
enum { WILD = sizeof wild / sizeof wild[0] };

START_TEST(wild_program_headers)
{
	for (size_t i = 0; i < WILD; i++) {
		SPOIL("program headers", ELF_PUT_EHDR(&image, e_phoff, wild[i]));
		SPOIL("outside", ELF_PUT_PHDR(&image, image.load_phdr, p_offset, wild[i]));
		SPOIL("outside", ELF_PUT_PHDR(&image, image.load_phdr, p_filesz, wild[i]));
		SPOIL("outside", ELF_PUT_PHDR(&image, image.interp_phdr, p_offset, wild[i]));
		SPOIL("too long", ELF_PUT_PHDR(&image, image.interp_phdr, p_filesz, wild[i]));
		SPOIL("outside", ELF_PUT_PHDR(&image, image.dynamic_phdr, p_offset, wild[i]));
		SPOIL("outside", ELF_PUT_PHDR(&image, image.dynamic_phdr, p_filesz, wild[i]));
	}
	SPOIL("program headers", ELF_PUT_EHDR(&image, e_phoff, 0));
	SPOIL("program headers", ELF_PUT_EHDR(&image, e_phoff, image.size - 1));
	SPOIL("program headers", ELF_PUT_EHDR(&image, e_phnum, 5000));
	SPOIL("program headers", ELF_PUT_EHDR(&image, e_phnum, PN_XNUM));
	SPOIL("wrong size", ELF_PUT_EHDR(&image, e_phentsize, 32));
	SPOIL("wrong size", ELF_PUT_EHDR(&image, e_phentsize, 0));
}
END_TEST

START_TEST(wild_interpreters)
{
	SPOIL("not terminated", ELF_PUT_PHDR(&image, image.interp_phdr, p_filesz, 10));
	SPOIL("empty", ELF_PUT_PHDR(&image, image.interp_phdr, p_filesz, 0));
	SPOIL("empty", ELF_PUT_PHDR(&image, image.interp_phdr, p_filesz, 1));
	SPOIL("too long", ELF_PUT_PHDR(&image, image.interp_phdr, p_filesz, 4097));
}
END_TEST

START_TEST(wild_dynamic_entries)
{
	for (size_t i = 0; i < WILD; i++) {
		SPOIL("string", elf_put_dynamic(&image, DT_STRTAB, wild[i]));
		SPOIL("strings", elf_put_dynamic(&image, DT_STRSZ, wild[i]));
	}
	/* All ones count as absent, which a file may be. */
	for (size_t i = 0; i < WILD - 1; i++) {
		SPOIL("symbols", elf_put_dynamic(&image, DT_SYMTAB, wild[i]));
		SPOIL("hash", elf_put_dynamic(&image, DT_GNU_HASH, wild[i]));
		SPOIL("string", elf_put_dynamic(&image, DT_NEEDED, wild[i]));
	}
	/* No entry with this tag any more, but with one that nobody knows. */
	SPOIL("string", elf_put(&image, image.dynamic, 8, 0x6ffff123),
	      elf_put_dynamic(&image, DT_STRSZ, 0));
	/* The last string of the table is not terminated. */
	SPOIL("string", elf_put_dynamic(&image, DT_STRSZ, 5));
}
END_TEST

START_TEST(strings_without_end)
{
	struct elf_plan plan = elf_plan_usual();
	struct elffile *file;
	const char *why;
	int err;

	/* The only string there is, cut off by the end of the table. */
	plan.needed[1] = NULL;
	elf_make(&image, &plan);
	elf_put_dynamic(&image, DT_SYMTAB, UINT64_MAX);
	elf_put_dynamic(&image, DT_STRSZ, 1 + strlen(plan.needed[0]));
	malformed("a dynamic string lies outside");
	elf_put_dynamic(&image, DT_STRSZ, 1 + strlen(plan.needed[0]) + 1);
	file = read_image(&err, &why);
	ck_assert_int_eq(err, 0);
	ck_assert_str_eq(file->needed[0], plan.needed[0]);
	elffile_free(file);
}
END_TEST

START_TEST(wild_symbols_and_hash_tables)
{
	const size_t bucket = 4 * 4 + 8;

	/* A name outside; more symbols than there are. */
	SPOIL("name of a dynamic symbol", elf_put(&image, image.symtab + 24, 4, 0x7fffffff));
	SPOIL("hash", elf_put(&image, image.hash, 4, 0xffffffff));
	SPOIL("hash", elf_put(&image, image.hash + 8, 4, 0xffffffff));
	SPOIL("symbols", elf_put(&image, image.hash + 4, 4, 0xffffffff));
	SPOIL("hash", elf_put(&image, image.hash + bucket, 4, 0xffffffff));
}
END_TEST

START_TEST(wild_relocations)
{
	struct elf_plan plan = elf_plan_usual();

	plan.hash = ELF_HASH_GNU_EMPTY;
	plan.has_relocations = true;
	/* All ones count as absent, which a file may be. */
	for (size_t i = 0; i < WILD - 1; i++) {
		elf_make(&image, &plan);
		elf_put_dynamic(&image, DT_RELA, wild[i]);
		malformed("relocations");
		elf_make(&image, &plan);
		elf_put_dynamic(&image, DT_RELASZ, wild[i]);
		malformed("relocations");
	}
	elf_make(&image, &plan);
	elf_put(&image, image.relocations + 8, 8, UINT64_MAX);
	malformed("symbols");
}
END_TEST

/* Zeros up to the end of a file of this size, in steps that are also more than anybody reads. */
static void check_endless_chain(size_t size)
{
	struct elf_plan plan = elf_plan_usual();
	struct elffile *file;
	const char *why;
	size_t table;
	int fd;

	elf_make(&image, &plan);
	table = image.size;
	elf_put(&image, table, 4, 1);
	elf_put(&image, table + 4, 4, 1);
	elf_put(&image, table + 8, 4, 0);
	elf_put(&image, table + 12, 4, 0);
	elf_put(&image, table + 16, 4, 1);
	elf_put_dynamic(&image, DT_GNU_HASH, ELF_MAKER_BASE + table);
	ELF_PUT_PHDR(&image, image.load_phdr, p_filesz, size);
	fd = elf_memory_file(image.bytes, table + 20);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	ck_assert_int_eq(elffile_read_fd(fd, &file, &why), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(why, "hash"));
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(chains_without_end)
{
	check_endless_chain(8192);
	check_endless_chain(8192 + 3);
	check_endless_chain(1 << 20);
	check_endless_chain(1UL << 40);
}
END_TEST

START_TEST(wild_sysv_hash_tables)
{
	struct elf_plan plan = elf_plan_usual();

	plan.hash = ELF_HASH_SYSV;
	elf_make(&image, &plan);
	elf_put(&image, image.hash + 4, 4, 0xffffffff);
	malformed("symbols");
	elf_make(&image, &plan);
	elf_put_dynamic(&image, DT_HASH, ELF_MAKER_BASE + image.size - 4);
	malformed("hash");
}
END_TEST

/* Files that claim, with reason, to be huge: an answer, without memory or time to match. */
START_TEST(huge_sparse_files)
{
	static const size_t sizes[] = {1UL << 32, 1UL << 40};
	struct rlimit limit = {2UL << 30, 2UL << 30};

	if (!SCRATCH_HAS_ASAN)
		ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	for (unsigned i = 0; i < 2 * 6; i++) {
		struct elf_plan plan = elf_plan_usual();
		uint64_t size = sizes[i & 1];
		struct elffile *file;
		const char *why;
		int fd;

		elf_make(&image, &plan);
		ELF_PUT_PHDR(&image, image.load_phdr, p_filesz, size);
		if (i / 2 == 0)
			elf_put_dynamic(&image, DT_STRSZ, size / 2);
		else if (i / 2 == 1)
			ELF_PUT_PHDR(&image, image.dynamic_phdr, p_filesz, size / 2);
		else if (i / 2 == 2)
			elf_put(&image, image.hash, 4, 0xfffffff0);
		else if (i / 2 == 3)
			elf_put(&image, image.hash + 4, 4, 0xfffffff0);
		else if (i / 2 == 4)
			ELF_PUT_PHDR(&image, image.note_phdr, p_filesz, size / 2);
		else
			ELF_PUT_EHDR(&image, e_shoff, size / 2);
		fd = elf_memory_file(image.bytes, image.size);
		ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
		if (elffile_read_fd(fd, &file, &why) == 0)
			elffile_free(file);
		else
			ck_assert_ptr_nonnull(why);
		ck_assert_int_eq(close(fd), 0);
	}
}
END_TEST

/* Whatever comes out: nothing but the two results that are allowed, and nothing leaks. */
static void read_anything(void)
{
	const char *why;
	int err;
	struct elffile *file = read_image(&err, &why);

	SCRATCH_ASSERT(err == 0 || err == -ENOEXEC);
	SCRATCH_ASSERT((err == 0) == (why == NULL));
	elffile_free(file);
}

START_TEST(cut_off_anywhere)
{
	for (unsigned i = 0; i < 4; i++) {
		struct elf_plan plan = elf_plan_usual();
		struct elffile *file;
		const char *why;
		size_t whole;
		int err;

		plan.is32 = i & 1;
		plan.hash = i & 2 ? ELF_HASH_SYSV : ELF_HASH_GNU;
		elf_make(&image, &plan);
		whole = image.size;
		for (image.size = 0; image.size < whole; image.size++) {
			SCRATCH_ASSERT(!read_image(&err, &why));
			SCRATCH_ASSERT(err == -ENOEXEC);
		}
		file = read_image(&err, &why);
		ck_assert_int_eq(err, 0);
		elffile_free(file);
	}
}
END_TEST

START_TEST(bytes_changed_at_random)
{
	struct noise noise = {0x5eed};
	static struct elf_image good;

	for (unsigned i = 0; i < 20000; i++) {
		if (i % 1250 == 0) {
			struct elf_plan plan = elf_plan_usual();
			unsigned block = i / 1250;

			plan.is32 = block & 1;
			plan.is_big = block & 2;
			plan.hash = (enum elf_hash)(block / 4 % 4);
			plan.has_relocations = true;
			plan.soname = "soname";
			plan.runpath = "runpath";
			elf_make(&good, &plan);
		}
		memcpy(&image, &good, sizeof image);
		for (uint64_t n = 1 + noise_next(&noise) % 4; n; n--) {
			uint64_t r = noise_next(&noise);
			unsigned char byte = (unsigned char)(r >> 40);

			/* Zeros and ones reach further than noise does. */
			if (r >> 62 == 0)
				byte = r >> 61 & 1 ? 0xff : 0;
			image.bytes[(r & 0xffffffff) % image.size] = byte;
		}
		read_anything();
	}
}
END_TEST

/* Section headers are not looked at; libelf does so when it begins. */
START_TEST(wild_section_headers_do_not_matter)
{
	struct noise noise = {77};

	for (unsigned i = 0; i < 3000; i++) {
		struct elf_plan plan = elf_plan_usual();

		plan.is32 = i & 1;
		elf_make(&image, &plan);
		for (size_t at = plan.is32 ? 46 : 58; at < (plan.is32 ? 52U : 64U); at++)
			image.bytes[at] = (unsigned char)(noise_next(&noise) >> 20);
		elf_put(&image, plan.is32 ? 32 : 40, plan.is32 ? 4 : 8,
			i % 3 ? noise_next(&noise) % image.size : noise_next(&noise));
		read_anything();
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elffile_spoilt");
	TCase *spoilt = scratch_case(suite, "spoilt", 60);

	tcase_add_test(spoilt, files_that_are_not_elf);
	tcase_add_test(spoilt, headers_of_an_unknown_kind);
	tcase_add_test(spoilt, wild_program_headers);
	tcase_add_test(spoilt, wild_interpreters);
	tcase_add_test(spoilt, wild_dynamic_entries);
	tcase_add_test(spoilt, strings_without_end);
	tcase_add_test(spoilt, wild_symbols_and_hash_tables);
	tcase_add_test(spoilt, wild_sysv_hash_tables);
	tcase_add_test(spoilt, wild_relocations);
	tcase_add_test(spoilt, chains_without_end);
	tcase_add_test(spoilt, huge_sparse_files);
	tcase_add_test(spoilt, cut_off_anywhere);
	tcase_add_test(spoilt, bytes_changed_at_random);
	tcase_add_test(spoilt, wild_section_headers_do_not_matter);
	return scratch_run(suite);
}
