#include "elfcache/elffile.h"

#include <string.h>
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

static struct elffile *readable(void)
{
	const char *why = "?";
	int err;
	struct elffile *file = read_image(&err, &why);

	ck_assert_msg(err == 0, "error %d: %s", err, why);
	ck_assert_ptr_null(why);
	return file;
}

static void check_segment(const struct elffile *file, uint32_t type, uint32_t flags, size_t offset)
{
	for (size_t i = 0; i < file->segment_count; i++) {
		const struct elf_segment *s = &file->segments[i];

		if (s->type != type)
			continue;
		ck_assert_uint_eq(s->flags, flags);
		ck_assert_uint_eq(s->offset, offset);
		ck_assert_uint_eq(s->vaddr, ELF_MAKER_BASE + offset);
		ck_assert_uint_eq(s->filesz, s->memsz);
		return;
	}
	ck_abort_msg("no segment of type %u", type);
}

static void check_usual(const struct elffile *file, const struct elf_plan *plan)
{
	ck_assert_uint_eq(file->elf_class, plan->is32 ? ELFCLASS32 : ELFCLASS64);
	ck_assert_uint_eq(file->data, plan->is_big ? ELFDATA2MSB : ELFDATA2LSB);
	ck_assert_uint_eq(file->machine, plan->machine);
	ck_assert_uint_eq(file->type, plan->type);
	ck_assert_uint_eq(file->entry, ELF_MAKER_BASE + 0x123);
	ck_assert_str_eq(file->interpreter, plan->interpreter);
	ck_assert_str_eq(file->soname, plan->soname);
	ck_assert_str_eq(file->runpath, plan->runpath);
	ck_assert_str_eq(file->build_id, "000102030405060708090a0b0c0d0e0f10111213");
	ck_assert_uint_eq(file->needed_count, 2);
	ck_assert_str_eq(file->needed[0], "libm.so.6");
	ck_assert_str_eq(file->needed[1], "libc.so.6");
	ck_assert_uint_eq(file->segment_count, 5);
	check_segment(file, PT_LOAD, PF_R | PF_X, 0);
	check_segment(file, PT_INTERP, PF_R, image.interp);
	check_segment(file, PT_DYNAMIC, PF_R | PF_W, image.dynamic);
	check_segment(file, PT_NOTE, PF_R, image.notes);
	check_segment(file, PT_GNU_STACK, PF_R | PF_W, 0);
	ck_assert_uint_eq(file->note_count, 3);
	ck_assert_str_eq(file->notes[0].owner, "Somebody");
	ck_assert_uint_eq(file->notes[0].type, 0x77);
	ck_assert_uint_eq(file->notes[0].size, 3);
	ck_assert_str_eq(file->notes[1].owner, "GNU");
	ck_assert_uint_eq(file->notes[1].type, NT_GNU_BUILD_ID);
	ck_assert_uint_eq(file->notes[1].size, 20);
	ck_assert_str_eq(file->notes[2].owner, "An owner with a");
	ck_assert_uint_eq(file->notes[2].size, 0);
	ck_assert_uint_eq(file->dt_flags, DF_BIND_NOW);
	ck_assert_uint_eq(file->dt_flags_1, DF_1_NOW | DF_1_PIE);
	ck_assert(file->has_dynamic);
	ck_assert(file->is_pie);
	ck_assert(!file->has_executable_stack);
}

/* Every class, byte order and hash table; none of the files has section headers. */
START_TEST(facts_of_a_program)
{
	for (unsigned i = 0; i < 2 * 2 * 3; i++) {
		struct elf_plan plan = elf_plan_usual();
		struct elffile *file;

		plan.is32 = i & 1;
		plan.is_big = i & 2;
		plan.hash = (enum elf_hash)(i / 4);
		plan.machine = plan.is_big ? EM_PPC64 : EM_X86_64;
		plan.soname = "program.so.1";
		plan.rpath = "/not/this";
		plan.runpath = "/opt/lib:$ORIGIN/../lib";
		elf_make(&image, &plan);
		file = readable();
		check_usual(file, &plan);
		/* Nothing else says how many symbols there are. */
		ck_assert_int_eq(file->imports_libc_start_main, plan.hash != ELF_HASH_NONE);
		elffile_free(file);
	}
}
END_TEST

static bool imports_main(const struct elf_plan *plan)
{
	struct elffile *file;
	bool imports;

	elf_make(&image, plan);
	file = readable();
	imports = file->imports_libc_start_main;
	elffile_free(file);
	return imports;
}

START_TEST(only_an_undefined_symbol_is_an_import)
{
	for (unsigned hash = ELF_HASH_GNU; hash <= ELF_HASH_SYSV; hash++) {
		struct elf_plan plan = elf_plan_usual();

		plan.hash = (enum elf_hash)hash;
		ck_assert(imports_main(&plan));
		plan.imports[1] = "__libc_start_main2";
		ck_assert(!imports_main(&plan));
		plan.imports[1] = "_libc_start_main";
		ck_assert(!imports_main(&plan));
		plan.imports[1] = NULL;
		plan.exports[1] = "__libc_start_main";
		ck_assert(!imports_main(&plan));
		plan.imports[0] = "__libc_start_main";
		ck_assert(imports_main(&plan));
		plan.exports[0] = NULL;
		ck_assert(imports_main(&plan));
	}
}
END_TEST

/* An imported function whose address is taken is in the hash table, so in the last chain. */
START_TEST(symbols_are_counted_to_the_end_of_the_last_chain)
{
	for (unsigned more = 1; more <= 700; more += 233) {
		struct elf_plan plan = elf_plan_usual();
		struct elffile *file;
		size_t last;

		plan.imports[1] = NULL;
		plan.exports[0] = "__libc_start_main";
		plan.exports[1] = NULL;
		plan.more_exports = more;
		elf_make(&image, &plan);
		last = image.symtab + (image.symbols - 1) * sizeof(Elf64_Sym);
		/* The last symbol gets the name of the first exported one, and is undefined. */
		memcpy(image.bytes + last, image.bytes + image.symtab + 2 * sizeof(Elf64_Sym), 4);
		elf_put(&image, last + offsetof(Elf64_Sym, st_shndx), 2, SHN_UNDEF);
		file = readable();
		ck_assert(file->imports_libc_start_main);
		elffile_free(file);
	}
}
END_TEST

START_TEST(relocations_name_symbols_that_no_hash_table_counts)
{
	for (unsigned i = 0; i < 2 * 2 * 2; i++) {
		struct elf_plan plan = elf_plan_usual();

		plan.is32 = i & 1;
		plan.is_big = i & 2;
		plan.hash = i & 4 ? ELF_HASH_NONE : ELF_HASH_GNU_EMPTY;
		ck_assert(!imports_main(&plan));
		plan.has_relocations = true;
		ck_assert(imports_main(&plan));
		plan.imports[1] = "exit";
		ck_assert(!imports_main(&plan));
	}
}
END_TEST

START_TEST(facts_that_are_absent)
{
	struct elf_plan plan = {.machine = EM_X86_64, .type = ET_EXEC};
	struct elffile *file;

	elf_make(&image, &plan);
	file = readable();
	ck_assert_ptr_null(file->interpreter);
	ck_assert_ptr_null(file->soname);
	ck_assert_ptr_null(file->runpath);
	ck_assert_ptr_null(file->build_id);
	ck_assert_uint_eq(file->needed_count, 0);
	ck_assert_uint_eq(file->note_count, 0);
	ck_assert_uint_eq(file->segment_count, 1);
	ck_assert(!file->has_dynamic);
	ck_assert(!file->is_pie);
	ck_assert(!file->has_executable_stack);
	ck_assert(!file->imports_libc_start_main);
	elffile_free(file);
	elffile_free(NULL);
}
END_TEST

START_TEST(rpath_counts_without_runpath)
{
	struct elf_plan plan = elf_plan_usual();
	struct elffile *file;

	plan.rpath = "/opt/lib";
	elf_make(&image, &plan);
	file = readable();
	ck_assert_str_eq(file->runpath, "/opt/lib");
	elffile_free(file);
}
END_TEST

START_TEST(what_is_a_pie)
{
	static const struct {
		const char *interpreter;
		uint32_t flags_1;
		uint16_t type;
		bool is_pie;
	} cases[] = {
		{"/lib64/ld-linux-x86-64.so.2", DF_1_PIE, ET_DYN, true},
		{"/lib64/ld-linux-x86-64.so.2", 0, ET_DYN, true},
		{NULL, DF_1_PIE, ET_DYN, true}, /* static-pie */
		{NULL, 0, ET_DYN, false},       /* a library */
		{"/lib64/ld-linux-x86-64.so.2", DF_1_PIE, ET_EXEC, false},
		{NULL, 0, ET_EXEC, false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct elf_plan plan = elf_plan_usual();
		struct elffile *file;

		plan.type = cases[i].type;
		plan.dt_flags_1 = cases[i].flags_1;
		plan.interpreter = cases[i].interpreter;
		elf_make(&image, &plan);
		file = readable();
		ck_assert_int_eq(file->is_pie, cases[i].is_pie);
		elffile_free(file);
	}
}
END_TEST

START_TEST(an_executable_stack_is_seen)
{
	struct elf_plan plan = elf_plan_usual();
	struct elffile *file;

	plan.has_executable_stack = true;
	elf_make(&image, &plan);
	file = readable();
	ck_assert(file->has_executable_stack);
	elffile_free(file);
}
END_TEST

/* As in the kernel and in the loader. */
START_TEST(of_two_interpreters_the_first_counts)
{
	struct elf_plan plan = elf_plan_usual();
	struct elffile *file;

	plan.has_notes = false;
	elf_make(&image, &plan);
	ck_assert_uint_gt(image.stack_phdr, image.interp_phdr);
	ELF_PUT_PHDR(&image, image.stack_phdr, p_type, PT_INTERP);
	ELF_PUT_PHDR(&image, image.stack_phdr, p_offset, image.interp + 5);
	ELF_PUT_PHDR(&image, image.stack_phdr, p_filesz, strlen(plan.interpreter) + 1 - 5);
	file = readable();
	ck_assert_str_eq(file->interpreter, plan.interpreter);
	elffile_free(file);
}
END_TEST

START_TEST(object_files_have_no_segments)
{
	struct elf_plan plan = {.machine = EM_X86_64, .type = ET_REL, .no_load = true};
	struct elffile *file;

	elf_make(&image, &plan);
	file = readable();
	ck_assert_uint_eq(file->type, ET_REL);
	ck_assert_uint_eq(file->segment_count, 0);
	ck_assert_ptr_null(file->segments);
	elffile_free(file);
}
END_TEST

/* Its memory may be cut off, and whatever looks like an interpreter is not one. */
START_TEST(core_files_have_segments_and_notes)
{
	struct elf_plan plan = elf_plan_usual();
	struct elffile *file;

	plan.type = ET_CORE;
	elf_make(&image, &plan);
	ELF_PUT_PHDR(&image, image.load_phdr, p_filesz, 1ULL << 40);
	ELF_PUT_PHDR(&image, image.interp_phdr, p_offset, 1ULL << 50);
	ELF_PUT_PHDR(&image, image.dynamic_phdr, p_offset, 1ULL << 50);
	file = readable();
	ck_assert_uint_eq(file->type, ET_CORE);
	ck_assert_uint_eq(file->segment_count, 5);
	ck_assert_uint_eq(file->note_count, 3);
	ck_assert_ptr_null(file->interpreter);
	ck_assert(!file->has_dynamic);
	elffile_free(file);
}
END_TEST

/* This program itself, as its compiler and linker made it. */
START_TEST(a_real_program)
{
	struct elffile *file;
	bool has_libc = false;

	ck_assert_int_eq(elffile_read("/proc/self/exe", &file, NULL), 0);
	ck_assert_uint_eq(file->machine, EM_X86_64);
	ck_assert_ptr_nonnull(file->interpreter);
	ck_assert_ptr_nonnull(strstr(file->interpreter, "ld-linux-x86-64.so.2"));
	for (size_t i = 0; i < file->needed_count; i++)
		has_libc |= strcmp(file->needed[i], "libc.so.6") == 0;
	ck_assert(has_libc);
	ck_assert(file->imports_libc_start_main);
	ck_assert_uint_gt(file->note_count, 0);
	elffile_free(file);
}
END_TEST

START_TEST(names)
{
	char buf[16];

	ck_assert_str_eq(elf_machine_name(EM_X86_64), "x86-64");
	ck_assert_str_eq(elf_machine_name(EM_386), "i386");
	ck_assert_str_eq(elf_machine_name(EM_AARCH64), "aarch64");
	ck_assert_str_eq(elf_machine_name(0xfff0), "unknown");
	ck_assert_str_eq(elf_type_name(ET_EXEC), "EXEC");
	ck_assert_str_eq(elf_type_name(ET_DYN), "DYN");
	ck_assert_str_eq(elf_type_name(ET_CORE), "CORE");
	ck_assert_str_eq(elf_type_name(0xfe00), "unknown");
	ck_assert_str_eq(elf_segment_type_name(PT_LOAD, buf), "LOAD");
	ck_assert_str_eq(elf_segment_type_name(PT_GNU_STACK, buf), "GNU_STACK");
	ck_assert_str_eq(elf_segment_type_name(0xffffffff, buf), "0xffffffff");
	ck_assert_str_eq(elf_segment_flags_name(PF_R | PF_X, buf), "r-x");
	ck_assert_str_eq(elf_segment_flags_name(PF_W | 0x100000, buf), "-w-");
	ck_assert_str_eq(elf_segment_flags_name(7, buf), "rwx");
	ck_assert_str_eq(elf_segment_flags_name(0, buf), "---");
	for (unsigned i = 0; i < 0x10000; i++) {
		ck_assert_ptr_nonnull(elf_machine_name((uint16_t)i));
		ck_assert_ptr_nonnull(elf_type_name((uint16_t)i));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elffile");
	TCase *facts = scratch_case(suite, "facts", 20);

	tcase_add_test(facts, facts_of_a_program);
	tcase_add_test(facts, only_an_undefined_symbol_is_an_import);
	tcase_add_test(facts, symbols_are_counted_to_the_end_of_the_last_chain);
	tcase_add_test(facts, relocations_name_symbols_that_no_hash_table_counts);
	tcase_add_test(facts, facts_that_are_absent);
	tcase_add_test(facts, rpath_counts_without_runpath);
	tcase_add_test(facts, what_is_a_pie);
	tcase_add_test(facts, an_executable_stack_is_seen);
	tcase_add_test(facts, of_two_interpreters_the_first_counts);
	tcase_add_test(facts, object_files_have_no_segments);
	tcase_add_test(facts, core_files_have_segments_and_notes);
	tcase_add_test(facts, names);
	tcase_add_test(facts, a_real_program);
	return scratch_run(suite);
}
