/* ELF files that are not as they should be. */
#include "elfcache/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "elf_maker.h"
#include "scratch.h"

#define GLIBC_LOADER "/lib64/ld-linux-x86-64.so.2"

static struct elf_image image;

/* Look at a file that can be read. */
static struct exe look(const char *path)
{
	unsigned before = scratch_descriptors();
	struct exe exe;

	memset(&exe, 0xaa, sizeof exe);
	errno = 4711;
	SCRATCH_ASSERT(exe_look(AT_FDCWD, path, &exe) == 0);
	SCRATCH_ASSERT(errno == 4711);
	SCRATCH_ASSERT(memchr(exe.interpreter, '\0', sizeof exe.interpreter));
	SCRATCH_ASSERT(scratch_descriptors() == before);
	return exe;
}

static struct exe look_at_image(void)
{
	/* Not on a disk: there are thousands of them. */
	int fd = elf_memory_file(image.bytes, image.size);
	char path[32];
	struct exe exe;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	exe = look(path);
	SCRATCH_ASSERT(close(fd) == 0);
	return exe;
}

/* Bytes of the file as they are, one member changed. */
#define SPOILT(kind_, ...) \
	do { \
		struct elf_plan plan = elf_plan_usual(); \
		struct exe exe; \
\
		plan.needed[0] = "libasan.so.8"; \
		elf_make(&image, &plan); \
		__VA_ARGS__; \
		exe = look_at_image(); \
		ck_assert_str_eq(exe_kind_name(exe.kind), exe_kind_name(kind_)); \
	} while (0)

static const uint64_t wild[] = {1U << 20,   1ULL << 32,     INT64_MAX,
				1ULL << 63, UINT64_MAX - 7, UINT64_MAX};
enum { WILD = sizeof wild / sizeof wild[0] };

START_TEST(wild_values)
{
	SPOILT(EXE_SANITIZER, (void)0);
	for (size_t i = 0; i < WILD; i++) {
		SPOILT(EXE_OTHER, ELF_PUT_EHDR(&image, e_phoff, wild[i]));
		SPOILT(EXE_OTHER, ELF_PUT_PHDR(&image, image.interp_phdr, p_offset, wild[i]));
		SPOILT(EXE_FOREIGN_LIBC,
		       ELF_PUT_PHDR(&image, image.interp_phdr, p_filesz, wild[i]));
		/* The loader will have to cope; the libraries cannot be told. */
		SPOILT(EXE_GLIBC, ELF_PUT_PHDR(&image, image.dynamic_phdr, p_offset, wild[i]));
		SPOILT(EXE_GLIBC, elf_put_dynamic(&image, DT_STRTAB, wild[i]));
		SPOILT(EXE_GLIBC, elf_put_dynamic(&image, DT_NEEDED, wild[i]));
		SPOILT(EXE_GLIBC, ELF_PUT_PHDR(&image, image.load_phdr, p_vaddr, wild[i]));
		SPOILT(EXE_GLIBC, ELF_PUT_PHDR(&image, image.load_phdr, p_offset, wild[i]));
	}
	SPOILT(EXE_OTHER, ELF_PUT_EHDR(&image, e_phnum, 0));
	SPOILT(EXE_OTHER, ELF_PUT_EHDR(&image, e_phnum, 33));
	SPOILT(EXE_OTHER, ELF_PUT_EHDR(&image, e_phnum, 0xffff));
	SPOILT(EXE_OTHER, ELF_PUT_EHDR(&image, e_phentsize, 32));
	SPOILT(EXE_OTHER, ELF_PUT_EHDR(&image, e_phentsize, 0));
	SPOILT(EXE_OTHER, image.bytes[EI_CLASS] = 0);
	SPOILT(EXE_OTHER, image.bytes[EI_CLASS] = 3);
	SPOILT(EXE_FOREIGN_ARCH, image.bytes[EI_DATA] = 0);
}
END_TEST

START_TEST(interpreters_that_the_kernel_refuses)
{
	/* Not terminated; no name at all. */
	SPOILT(EXE_OTHER, ELF_PUT_PHDR(&image, image.interp_phdr, p_filesz, 10));
	SPOILT(EXE_OTHER, ELF_PUT_PHDR(&image, image.interp_phdr, p_filesz, 0));
	SPOILT(EXE_OTHER, ELF_PUT_PHDR(&image, image.interp_phdr, p_filesz, 1));
	/* Behind the end of the file. */
	SPOILT(EXE_OTHER, ELF_PUT_PHDR(&image, image.interp_phdr, p_offset, image.size - 3));
}
END_TEST

/* As in the kernel. */
START_TEST(of_two_interpreters_the_first_counts)
{
	struct elf_plan plan = elf_plan_usual();
	struct exe exe;

	elf_make(&image, &plan);
	ELF_PUT_PHDR(&image, image.stack_phdr, p_type, PT_INTERP);
	ELF_PUT_PHDR(&image, image.stack_phdr, p_offset, image.interp + 5);
	ELF_PUT_PHDR(&image, image.stack_phdr, p_filesz, 2);
	exe = look_at_image();
	ck_assert_int_eq(exe.kind, EXE_GLIBC);
	ck_assert_str_eq(exe.interpreter, GLIBC_LOADER);
}
END_TEST

START_TEST(cut_off_anywhere)
{
	struct elf_plan plan = elf_plan_usual();
	size_t whole;

	plan.needed[0] = "libasan.so.8";
	elf_make(&image, &plan);
	whole = image.size;
	for (image.size = 0; image.size < whole; image.size++) {
		struct exe exe = look_at_image();

		SCRATCH_ASSERT(exe.kind == EXE_OTHER || exe.kind == EXE_GLIBC ||
			       exe.kind == EXE_SANITIZER);
		if (image.size < image.load_phdr + sizeof(Elf64_Phdr))
			SCRATCH_ASSERT(exe.kind == EXE_OTHER);
	}
}
END_TEST

START_TEST(bytes_changed_at_random)
{
	struct noise noise = {0xe1f};

	for (unsigned i = 0; i < 5000; i++) {
		struct elf_plan plan = elf_plan_usual();
		struct exe exe;

		plan.needed[0] = "libasan.so.8";
		elf_make(&image, &plan);
		for (uint64_t n = 1 + noise_next(&noise) % 8; n; n--) {
			uint64_t r = noise_next(&noise);

			image.bytes[(r & 0xffffffff) % image.size] = (unsigned char)(r >> 40);
		}
		exe = look_at_image();
		SCRATCH_ASSERT(exe.kind < EXE_KINDS && exe.kind != EXE_UNREADABLE);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exe_spoilt");
	TCase *elf = scratch_case(suite, "elf", 60);

	tcase_add_test(elf, wild_values);
	tcase_add_test(elf, interpreters_that_the_kernel_refuses);
	tcase_add_test(elf, of_two_interpreters_the_first_counts);
	tcase_add_test(elf, cut_off_anywhere);
	tcase_add_test(elf, bytes_changed_at_random);
	return scratch_run(suite);
}
