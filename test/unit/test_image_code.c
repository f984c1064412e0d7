/*
 * Copies of code: what is in them, when they are made and used, and that images do without.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"
#include "shim/template/image/bake.h"
#include "shim/template/image/code.h"
#include "shim/template/image/read.h"

#define MB UINT64_C(0x100000)
#define LIBRARY \
	"libm.so.6" /* constants and code are less than a large page, and nearly half of one */

static char *environment[] = {"PATH=/usr/bin:/bin", NULL, NULL};

static struct {
	int images;
	struct code_store store;
	struct identity id;
	char file[4096];
	struct code_copy copy;
} s;

static void open_store(uint64_t limit)
{
	ck_assert_int_eq(mkdir("images", 0700), 0);
	s.images = open("images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(s.images, 0);
	code_store_open(&s.store, s.images, limit);
}

/* The whole file; free() it. */
static char *contents(const char *path, size_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *data;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	data = malloc(*size + 1);
	ck_assert_int_eq(read(fd, data, *size), (ssize_t)*size);
	close(fd);
	return data;
}

/* A file of one's own, of this program's content: an ELF file with symbols. */
static void make_file(void)
{
	size_t size;
	char *data = contents("/proc/self/exe", &size);

	snprintf(s.file, sizeof s.file, "%s", scratch_path("program"));
	scratch_file(s.file, data, size, 0755);
	free(data);
	ck_assert_int_eq(identity_of(AT_FDCWD, s.file, 0, &s.id), 0);
}

static void set_up(void)
{
	open_store(64 * MB);
	ck_assert_int_ge(s.store.dirfd, 0);
	make_file();
}

static int copy(uint64_t pad)
{
	return code_copy(&s.store, &s.id, s.file, pad, &s.copy);
}

static void check_content(uint64_t pad)
{
	size_t size;
	size_t copy_size;
	char *original = contents(s.file, &size);
	char *data = contents(s.copy.path, &copy_size);

	ck_assert_uint_ge(copy_size, pad + size);
	ck_assert_int_eq(memcmp(data + pad, original, size), 0);
	free(original);
	free(data);
}

START_TEST(is_the_file)
{
	struct stat st;

	set_up();
	ck_assert_int_eq(copy(0), 0);
	check_content(0);
	ck_assert_int_eq(stat(s.copy.path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0400);
	ck_assert_uint_eq((uint64_t)st.st_size, s.id.size);
	ck_assert_str_eq(strrchr(s.copy.path, '/'), "/program");
	ck_assert_uint_ge(code_store_bytes(s.images), s.id.size);
}
END_TEST

static const uint64_t pads[] = {4096, 0x32000, LARGE_PAGE - 4096};

/* Section `name` of an ELF file; false if it has none. */
static bool find_section(Elf *elf, const char *name, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;
	size_t names;

	ck_assert_int_eq(elf_getshdrstrndx(elf, &names), 0);
	while ((scn = elf_nextscn(elf, scn))) {
		ck_assert_ptr_nonnull(gelf_getshdr(scn, shdr));
		if (shdr->sh_type != SHT_NULL &&
		    strcmp(elf_strptr(elf, names, shdr->sh_name), name) == 0)
			return true;
	}
	return false;
}

static Elf *open_elf(const char *path, int *fd)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	elf = elf_begin(*fd, ELF_C_READ, NULL);
	ck_assert_ptr_nonnull(elf);
	return elf;
}

/* Its headers describe it where it is; what leads to debugging information is left out. */
START_TEST(is_shifted)
{
	static const char *const kept[] = {".text", ".dynsym", ".symtab", ".strtab", ".eh_frame"};
	const uint64_t pad = pads[_i];
	GElf_Shdr before;
	GElf_Shdr after;
	Elf *original;
	GElf_Phdr ph;
	Elf *elf;
	int fds[2];

	set_up();
	ck_assert_int_eq(copy(pad), 0);
	check_content(pad);
	original = open_elf(s.file, &fds[0]);
	elf = open_elf(s.copy.path, &fds[1]);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		ck_assert_msg(find_section(original, kept[i], &before), "%s", kept[i]);
		ck_assert_msg(find_section(elf, kept[i], &after), "%s", kept[i]);
		ck_assert_uint_eq(after.sh_offset, before.sh_offset + pad);
		ck_assert_uint_eq(after.sh_addr, before.sh_addr);
		ck_assert_uint_eq(after.sh_size, before.sh_size);
	}
	ck_assert(find_section(original, ".note.gnu.build-id", &before));
	ck_assert(!find_section(elf, ".note.gnu.build-id", &after));
	for (int i = 0; gelf_getphdr(elf, i, &ph); i++) {
		ck_assert_uint_ne(ph.p_type, PT_NOTE);
		if (ph.p_type == PT_LOAD && (ph.p_flags & PF_X))
			ck_assert_uint_eq((ph.p_offset - pad - ph.p_vaddr) % 4096, 0);
	}
	elf_end(original);
	elf_end(elf);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(is_made_once)
{
	struct code_copy first;
	uint64_t bytes;

	set_up();
	ck_assert_int_eq(copy(4096), 0);
	first = s.copy;
	bytes = code_store_bytes(s.images);
	ck_assert_int_eq(copy(4096), 0);
	ck_assert_str_eq(s.copy.path, first.path);
	ck_assert(identity_equal(&s.copy.id, &first.id));
	ck_assert_uint_eq(code_store_bytes(s.images), bytes);
	/* For an image that has it elsewhere, and for another file of that name. */
	ck_assert_int_eq(copy(8192), 0);
	ck_assert_str_ne(s.copy.path, first.path);
	make_file();
	ck_assert_int_eq(copy(4096), 0);
	ck_assert_str_ne(s.copy.path, first.path);
}
END_TEST

static void nothing_is_left(void)
{
	ck_assert_uint_eq(code_store_bytes(s.images), 0);
	ck_assert_int_eq(rmdir("code"), 0);
}

START_TEST(not_of_another_file)
{
	set_up();
	ck_assert_int_eq(utimensat(AT_FDCWD, s.file, NULL, 0), 0);
	ck_assert_int_eq(copy(4096), -ESTALE);
	nothing_is_left();
}
END_TEST

START_TEST(not_without_room)
{
	open_store(2 * MB);
	make_file();
	ck_assert_int_eq(copy(4096), -ENOSPC);
	nothing_is_left();
	code_store_close(&s.store);
	code_store_open(&s.store, s.images, 0);
	ck_assert_int_eq(s.store.dirfd, -1);
	ck_assert_int_eq(access("code", F_OK), -1);
	ck_assert_int_eq(copy(4096), -ENOENT);
}
END_TEST

/* It has a directory, which cannot be opened. */
START_TEST(not_without_descriptors)
{
	set_up();
	scratch_forbid_descriptors(true);
	ck_assert_int_eq(copy(4096), -EMFILE);
	scratch_forbid_descriptors(false);
	nothing_is_left();
}
END_TEST

/* Of one who was killed: longer than what comes, and not to be found in it. */
START_TEST(after_a_kill)
{
	char unfinished[4200];
	char *garbage = calloc(1, 8 * MB);

	set_up();
	ck_assert_int_eq(copy(4096), 0);
	ck_assert_int_eq(unlink(s.copy.path), 0);
	snprintf(unfinished, sizeof unfinished, "%.*s/.unfinished",
		 (int)(strrchr(s.copy.path, '/') - s.copy.path), s.copy.path);
	scratch_file(unfinished, garbage, 8 * MB, 0600);
	ck_assert_int_eq(copy(4096), 0);
	check_content(4096);
	ck_assert_uint_lt(s.copy.id.size, 8 * MB);
	ck_assert_int_eq(access(unfinished, F_OK), -1);
	free(garbage);
}
END_TEST

START_TEST(places)
{
	const uint64_t end = 0x123456789000;
	struct code_object object = {.size = 0x10000, .constant = 0x8000};
	uint64_t lowest;
	uint64_t at;

	/* Little code goes where there is room. */
	at = code_place(end, &object, &lowest);
	ck_assert_uint_eq(at, end - 0x10000);
	ck_assert_uint_eq(lowest, at);
	/* Of a page's worth, the large page is its own. */
	object = (struct code_object){.size = 0x1e2000, .constant = 0x1cf000};
	at = code_place(end, &object, &lowest);
	ck_assert_uint_le(at + 0x1e2000, end);
	ck_assert_uint_eq((at + 0x1cf000) % LARGE_PAGE, 0);
	ck_assert_uint_eq(lowest, at + 0x1cf000 - LARGE_PAGE);
	/* A little more than one: the lower part shares its large page. */
	object = (struct code_object){.size = 0x230000, .constant = 0x210000};
	at = code_place(end, &object, &lowest);
	ck_assert_uint_eq((at + 0x210000) % LARGE_PAGE, 0);
	ck_assert_uint_eq(lowest, at);
}
END_TEST

/* What an object is aligned to comes first; then as large pages like it. */
START_TEST(places_aligned)
{
	static const uint64_t aligns[] = {0x1000, 0x2000, 0x10000, LARGE_PAGE, 0x40000000};
	static const uint64_t constants[] = {0x8000, 0x1cf000, 0x210000, 0x654000};
	const uint64_t end = 0x123456789000;
	const uint64_t align = aligns[_i];

	for (size_t i = 0; i < sizeof constants / sizeof constants[0]; i++) {
		struct code_object object = {.size = constants[i] + 0x13000,
					     .constant = constants[i],
					     .from = 0x555555556000,
					     .align = align};
		uint64_t lowest;
		uint64_t at = code_place(end, &object, &lowest);

		ck_assert_uint_le(at + object.size, end);
		ck_assert_uint_gt(at + object.size + align + LARGE_PAGE, end);
		ck_assert_uint_eq((object.from - at) % align, 0);
		ck_assert_uint_le(lowest, at);
		ck_assert(lowest == at || lowest % LARGE_PAGE == 0);
		if (constants[i] >= CODE_PAGE_MIN && align <= LARGE_PAGE)
			ck_assert_uint_lt((at + constants[i]) % LARGE_PAGE, align);
	}
}
END_TEST

START_TEST(pads_and_fills)
{
	struct image_map maps[2] = {
		{.at = 0x100000032000, .size = 0x1ce000, .prot = PROT_READ | PROT_EXEC},
		{.at = 0x100000200000, .size = 0x10000, .offset = 0x1ce000, .prot = PROT_READ},
	};

	ck_assert_uint_eq(code_pad(maps, 2), 0x32000);
	ck_assert(code_fills_page(&maps[0], 0x32000));
	ck_assert(!code_fills_page(&maps[0], 0));
	ck_assert(!code_fills_page(&maps[1], 0x32000));
	/* Not to the end of the large page. */
	maps[0].size = 0x1cd000;
	ck_assert(!code_fills_page(&maps[0], 0x32000));
	maps[0].size = 0x80000;
	ck_assert_uint_eq(code_pad(maps, 1), 0);
	maps[0].size = 0x3f000;
	ck_assert_uint_eq(code_pad(maps, 1), UINT64_MAX);
	/* Data. */
	maps[0].prot = PROT_READ;
	maps[0].size = 0x1ce000;
	ck_assert_uint_eq(code_pad(maps, 2), UINT64_MAX);
}
END_TEST

/* An image of cat(1) that has a library, which is copied, more. */
static mode_t library_mode = 0755;
static uid_t library_owner;

static void bake_cat(const struct code_store *store)
{
	static char preload[4200];
	struct bake_loader loader = {0};
	char why[BAKE_WHY_MAX];
	size_t size;
	char *data;
	int err;
	int fd;

	data = contents("/lib/x86_64-linux-gnu/" LIBRARY, &size);
	scratch_file(LIBRARY, data, size, library_mode);
	free(data);
	if (library_owner)
		ck_assert_int_eq(chown(LIBRARY, library_owner, 0), 0);
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s", scratch_path(LIBRARY));
	environment[1] = preload;
	fd = open("image", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
	ck_assert_int_ge(fd, 0);
	err = bake(fd, "/bin/cat", environment, &loader, store, why);
	ck_assert_msg(!err, "%s", why);
	close(fd);
}

/* What the process's mappings are, started from the image. */
static const char *cat_maps(void)
{
	static struct run run;
	char *argv[] = {"cat", "/proc/self/maps", NULL};

	image_run(&run, "image", argv, environment, NULL);
	ck_assert_int_eq(run.status, 0);
	return run.output;
}

/* How many lines of the text have both. */
static int lines_with(const char *text, const char *a, const char *b)
{
	int count = 0;

	while (*text) {
		char line[4200];
		size_t size = strcspn(text, "\n");

		snprintf(line, sizeof line, "%.*s", (int)size, text);
		count += strstr(line, a) && strstr(line, b);
		text += size + (text[size] == '\n');
	}
	return count;
}

#define CODE        "/code/"
#define FILE_ITSELF "/libm.so.6"

static void uses_copies(const char *maps, bool expected)
{
	int others;

	others = lines_with(maps, scratch_path(LIBRARY), "");
	ck_assert_msg((lines_with(maps, CODE, FILE_ITSELF) > 0) == expected, "%s", maps);
	ck_assert_msg((others == 0) == expected, "%s", maps);
	ck_assert_msg(lines_with(maps, "/image", "") > 0, "%s", maps);
}

static void set_up_cat(void)
{
	open_store(64 * MB);
	bake_cat(&s.store);
	uses_copies(cat_maps(), true);
}

/* All that is not written to, of each library, by one mapping. */
START_TEST(is_mapped)
{
	const char *maps;

	set_up_cat();
	maps = cat_maps();
	ck_assert_msg(lines_with(maps, CODE, FILE_ITSELF) == 1, "%s", maps);
	/* libc.so.6, or libc-2.31.so. */
	ck_assert_msg(lines_with(maps, CODE, "/libc") == 1, "%s", maps);
	ck_assert_msg(lines_with(maps, CODE, "r-xp") == 2, "%s", maps);
	/* libc's begins with a large page. */
	ck_assert_msg(lines_with(maps, CODE "", "00000 r-xp 00000000") >= 1, "%s", maps);
	ck_assert_int_eq(lines_with(maps, "rwxp", ""), 0);
}
END_TEST

/* gcc's compiler proper, which is much larger than what is mapped as one; false without one. */
static bool find_compiler(char path[4096])
{
	FILE *f = popen("gcc -print-prog-name=cc1", "re"); // NOLINT(cert-env33-c): a test's own
	bool found = f && fgets(path, 4096, f) && path[0] == '/';

	if (f)
		pclose(f);
	path[strcspn(path, "\n")] = '\0';
	return found && access(path, X_OK) == 0;
}

/* Would there be something left of both if they parted there? */
static bool can_part_at(const struct image_map *a, const struct image_map *b, uint64_t at)
{
	return at > a->at && at < b->at + b->size;
}

/* Where the large page begins, or ends, that is to be code's. */
static uint64_t large_page_of_code(const struct image_map *b)
{
	uint64_t up = b->prot & PROT_EXEC ? 0 : LARGE_PAGE - 1;

	return (b->at + up) & ~(LARGE_PAGE - 1);
}

/* Of a large object, no large page is half code and half constants, if that can be. */
START_TEST(is_cut_at_large_pages)
{
	struct bake_loader loader = {0};
	const struct image_map *maps;
	struct image_view view;
	char why[BAKE_WHY_MAX];
	const struct image_copy *copy;
	char path[4096];
	int cuts = 0;
	int fd;

	if (!find_compiler(path))
		return;
	open_store(256 * MB);
	fd = open("image", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
	ck_assert_msg(bake(fd, path, environment, &loader, &s.store, why) == 0, "%s", why);
	ck_assert_int_eq(image_read(fd, &view), 0);
	close(fd);
	maps = (const void *)((const char *)view.table + view.table->maps.at);
	for (uint32_t i = 0; i < view.table->copies.count; i++) {
		copy = image_copy(&view, i);
		if (strcmp(strrchr(image_copy_path(&view, copy), '/'), strrchr(path, '/')) != 0)
			continue;
		for (uint32_t k = copy->map + 1; k < copy->map + copy->maps; k++) {
			if (maps[k - 1].at + maps[k - 1].size != maps[k].at)
				continue;
			ck_assert_uint_eq(maps[k - 1].offset + maps[k - 1].size, maps[k].offset);
			if (((maps[k - 1].prot ^ maps[k].prot) & PROT_EXEC) == 0 ||
			    !can_part_at(&maps[k - 1], &maps[k], large_page_of_code(&maps[k])))
				continue;
			ck_assert_msg(maps[k].at % LARGE_PAGE == 0, "%s, at %llx",
				      image_copy_path(&view, copy), (unsigned long long)maps[k].at);
			cuts++;
		}
	}
	ck_assert_int_ge(cuts, 1);
	image_read_end(&view);
}
END_TEST

START_TEST(without_a_store)
{
	bake_cat(NULL);
	uses_copies(cat_maps(), false);
}
END_TEST

/* Another process of the same user may have to do without it: it is opened by each. */
START_TEST(not_of_what_is_not_for_all)
{
	const char *maps;

	if (geteuid())
		return;
	library_mode = 0750;
	library_owner = 1;
	open_store(64 * MB);
	bake_cat(&s.store);
	maps = cat_maps();
	ck_assert_msg(lines_with(maps, "/image", "") > 0, "%s", maps);
	ck_assert_msg(lines_with(maps, CODE, LIBRARY) == 0, "%s", maps);
	ck_assert_msg(lines_with(maps, CODE, "libc") > 0, "%s", maps);
	ck_assert_msg(lines_with(maps, scratch_path(LIBRARY), "") > 0, "%s", maps);
}
END_TEST

static void copies_do(const char *command)
{
	char line[256];

	snprintf(line, sizeof line, "for f in code/*/*; do %s \"$f\" || exit; done", command);
	ck_assert_int_eq(system(line), 0); // NOLINT(cert-env33-c): a test's own
}

/* Removed, replaced by something else, truncated: the file is there. */
static const char *const losses[] = {"rm -f", "touch", "cp -f /bin/true", "truncate -s 4096",
				     "rm -rf code; :"};

START_TEST(is_lost)
{
	set_up_cat();
	copies_do(losses[_i]);
	uses_copies(cat_maps(), false);
}
END_TEST

static void change_byte(const struct image_view *view, const void *at)
{
	off_t offset = (const unsigned char *)at - view->data;
	int fd = open("image", O_RDWR | O_CLOEXEC);
	unsigned char byte;

	ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
	ck_assert_int_eq(close(fd), 0);
}

/* As if one thing about a copy, and nothing else, was another.  Its inode and ctime are others when
   it was renewed. */
START_TEST(each_field)
{
	static const struct {
		size_t at;
		bool counts;
	} fields[] = {
		{offsetof(struct identity, dev), true},
		{offsetof(struct identity, size), true},
		{offsetof(struct identity, mode), true},
		{offsetof(struct identity, uid), true},
		{offsetof(struct identity, gid), true},
		{offsetof(struct identity, mtime_sec), true},
		{offsetof(struct identity, mtime_nsec), true},
		{offsetof(struct identity, ino), false},
		{offsetof(struct identity, ctime_sec), false},
		{offsetof(struct identity, ctime_nsec), false},
	};
	struct image_view view;
	int fd;

	set_up_cat();
	fd = open("image", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(image_read(fd, &view), 0);
	close(fd);
	ck_assert_uint_gt(view.table->copies.count, 0);
	for (uint32_t i = 0; i < view.table->copies.count; i++) {
		const struct image_copy *copy = image_copy(&view, i);

		for (size_t j = 0; j < sizeof fields / sizeof fields[0]; j++) {
			const char *at = (const char *)&copy->id + fields[j].at;
			const char *maps;

			change_byte(&view, at);
			maps = cat_maps();
			ck_assert_msg(lines_with(maps, "/image", "") > 0, "%s", maps);
			ck_assert_msg((lines_with(maps, image_copy_path(&view, copy), "") == 0) ==
					      fields[j].counts,
				      "byte %zu: %s", fields[j].at, maps);
			change_byte(&view, at);
		}
	}
	image_read_end(&view);
}
END_TEST

/* The library is another: that there is a copy makes no difference. */
START_TEST(library_changes)
{
	const char *maps;

	set_up_cat();
	ck_assert_int_eq(utimensat(AT_FDCWD, LIBRARY, NULL, 0), 0);
	maps = cat_maps();
	ck_assert_msg(lines_with(maps, "/image", "") == 0, "%s", maps);
	ck_assert_msg(lines_with(maps, CODE, "") == 0, "%s", maps);
	ck_assert_msg(lines_with(maps, scratch_path(LIBRARY), "") > 0, "%s", maps);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_code");
	TCase *tc = scratch_case(suite, "copies", 60);
	TCase *images = scratch_case(suite, "images", 60);

	tcase_add_test(tc, is_the_file);
	tcase_add_loop_test(tc, is_shifted, 0, sizeof pads / sizeof pads[0]);
	tcase_add_test(tc, is_made_once);
	tcase_add_test(tc, not_of_another_file);
	tcase_add_test(tc, not_without_room);
	tcase_add_test(tc, not_without_descriptors);
	tcase_add_test(tc, after_a_kill);
	tcase_add_test(tc, places);
	tcase_add_loop_test(tc, places_aligned, 0, 5);
	tcase_add_test(tc, pads_and_fills);
	tcase_add_test(images, is_mapped);
	tcase_add_test(images, is_cut_at_large_pages);
	tcase_add_test(images, without_a_store);
	tcase_add_test(images, not_of_what_is_not_for_all);
	tcase_add_loop_test(images, is_lost, 0, sizeof losses / sizeof losses[0]);
	tcase_add_test(images, each_field);
	tcase_add_test(images, library_changes);
	return scratch_run(suite);
}
