#include "elfcache/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elf_maker.h"
#include "elfcache/elffile.h"
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
	elf_write(&image, "image");
	return look("image");
}

static struct exe look_at_plan(const struct elf_plan *plan)
{
	elf_make(&image, plan);
	return look_at_image();
}

static void check_kind(const struct elf_plan *plan, enum exe_kind kind)
{
	struct exe exe = look_at_plan(plan);

	ck_assert_str_eq(exe_kind_name(exe.kind), exe_kind_name(kind));
	ck_assert_uint_eq(exe.machine, plan->machine);
	ck_assert_uint_eq(exe.type, plan->type);
	ck_assert_int_eq(exe_loaded_kind(&exe), kind);
}

START_TEST(kinds_of_programs)
{
	struct elf_plan plan = elf_plan_usual();

	check_kind(&plan, EXE_GLIBC);
	ck_assert_str_eq(look("image").interpreter, GLIBC_LOADER);
	plan.type = ET_EXEC;
	check_kind(&plan, EXE_GLIBC);
	plan.interpreter = "/nix/store/5m9amsvvh2z8sl7jrnc87hzy21glw6k1-glibc-2.40/lib/"
			   "ld-linux-x86-64.so.2";
	check_kind(&plan, EXE_GLIBC);
	plan.interpreter = "ld-linux-x86-64.so.2";
	check_kind(&plan, EXE_GLIBC);
	plan.interpreter = "/lib/ld-musl-x86_64.so.1";
	check_kind(&plan, EXE_FOREIGN_LIBC);
	ck_assert_str_eq(look("image").interpreter, "/lib/ld-musl-x86_64.so.1");
	plan.interpreter = "/system/bin/linker64";
	check_kind(&plan, EXE_FOREIGN_LIBC);
	plan.interpreter = "/lib64/ld-linux-x86-64.so.2/";
	check_kind(&plan, EXE_FOREIGN_LIBC);
	plan.interpreter = "/lib64/xld-linux-x86-64.so.2";
	check_kind(&plan, EXE_FOREIGN_LIBC);
	plan.interpreter = NULL;
	check_kind(&plan, EXE_STATIC);
	plan.type = ET_DYN;
	check_kind(&plan, EXE_STATIC);
	plan = (struct elf_plan){.machine = EM_X86_64, .type = ET_EXEC};
	check_kind(&plan, EXE_STATIC);
}
END_TEST

START_TEST(programs_of_other_machines)
{
	struct elf_plan plan = elf_plan_usual();

	plan.machine = EM_AARCH64;
	plan.interpreter = "/lib/ld-linux-aarch64.so.1";
	check_kind(&plan, EXE_FOREIGN_ARCH);
	plan.machine = EM_S390;
	plan.is_big = true;
	check_kind(&plan, EXE_FOREIGN_ARCH);
	plan.machine = EM_X86_64;
	check_kind(&plan, EXE_FOREIGN_ARCH);
	plan = elf_plan_usual();
	plan.is32 = true;
	plan.machine = EM_386;
	plan.interpreter = "/lib/ld-linux.so.2";
	check_kind(&plan, EXE_ELF32);
	plan.machine = EM_X86_64;
	plan.interpreter = "/libx32/ld-linux-x32.so.2";
	check_kind(&plan, EXE_ELF32);
	plan.machine = EM_PPC;
	plan.is_big = true;
	check_kind(&plan, EXE_ELF32);
}
END_TEST

START_TEST(what_cannot_be_executed_is_other)
{
	struct elf_plan plan = elf_plan_usual();

	plan.type = ET_REL;
	check_kind(&plan, EXE_OTHER);
	plan.type = ET_CORE;
	check_kind(&plan, EXE_OTHER);
	plan.type = ET_NONE;
	check_kind(&plan, EXE_OTHER);
	plan = (struct elf_plan){.machine = EM_X86_64, .type = ET_EXEC, .no_load = true};
	check_kind(&plan, EXE_OTHER);
}
END_TEST

START_TEST(sanitizer_runtimes)
{
	static const struct {
		const char *name;
		bool is_sanitizer;
	} cases[] = {
		{"libasan.so.8", true},
		{"libtsan.so.2", true},
		{"liblsan.so.0", true},
		{"libhwasan.so.0", true},
		{"libclang_rt.asan-x86_64.so", true},
		{"libclang_rt.tsan-x86_64.so", true},
		{"libclang_rt.msan-x86_64.so", true},
		{"libubsan.so.1", false},
		{"libclang_rt.ubsan_standalone-x86_64.so", false},
		{"libasan_not_really.so", false},
		{"xlibasan.so.8", false},
		{"libasan", false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum exe_kind kind = cases[i].is_sanitizer ? EXE_SANITIZER : EXE_GLIBC;
		struct elf_plan plan = elf_plan_usual();

		plan.needed[0] = cases[i].name;
		check_kind(&plan, kind);
		plan.needed[0] = "libm.so.6";
		plan.needed[2] = cases[i].name;
		check_kind(&plan, kind);
		/* Behind more entries than are read at a time. */
		for (unsigned n = 0; n < 15; n++)
			plan.needed[n] = "a library of which the name is longer than the buffer";
		plan.needed[15] = cases[i].name;
		check_kind(&plan, kind);
		/* With another loader the question does not arise. */
		plan.interpreter = NULL;
		check_kind(&plan, EXE_STATIC);
	}
}
END_TEST

START_TEST(long_interpreters)
{
	char name[300];
	struct elf_plan plan = elf_plan_usual();
	struct exe exe;

	for (size_t len = 250; len < 260; len++) {
		memset(name, 'd', len);
		name[0] = '/';
		memcpy(name + len - strlen(GLIBC_LOADER), GLIBC_LOADER, sizeof GLIBC_LOADER);
		plan.interpreter = name;
		exe = look_at_plan(&plan);
		if (len < EXE_INTERPRETER_MAX) {
			ck_assert_int_eq(exe.kind, EXE_GLIBC);
			ck_assert_str_eq(exe.interpreter, name);
		} else {
			ck_assert_int_eq(exe.kind, EXE_FOREIGN_LIBC);
			ck_assert_str_eq(exe.interpreter, "");
		}
	}
}
END_TEST

/* The kind that elffile.h's facts amount to. */
static enum exe_kind kind_from_facts(const struct elffile *f)
{
	static const char *const runtimes[] = {"libasan.so", "libtsan.so", "liblsan.so",
					       "libhwasan.so"};
	const char *base;

	if (f->elf_class == ELFCLASS32)
		return EXE_ELF32;
	if (f->data != ELFDATA2LSB || f->machine != EM_X86_64)
		return EXE_FOREIGN_ARCH;
	if ((f->type != ET_EXEC && f->type != ET_DYN) || f->segment_count == 0)
		return EXE_OTHER;
	if (!f->interpreter)
		return EXE_STATIC;
	base = strrchr(f->interpreter, '/');
	if (strcmp(base ? base + 1 : f->interpreter, "ld-linux-x86-64.so.2") != 0)
		return EXE_FOREIGN_LIBC;
	for (size_t i = 0; i < f->needed_count; i++)
		for (size_t k = 0; k < sizeof runtimes / sizeof runtimes[0]; k++)
			if (strncmp(f->needed[i], runtimes[k], strlen(runtimes[k])) == 0)
				return EXE_SANITIZER;
	return EXE_GLIBC;
}

static unsigned seen[EXE_KINDS];
static unsigned left;

static int compare(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct elffile *facts;
	const char *why;
	struct exe exe;
	int err;

	(void)st;
	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode) || access(path, R_OK))
		return 0;
	exe = look(path);
	seen[exe.kind]++;
	err = elffile_read(path, &facts, &why);
	if (exe.kind == EXE_SCRIPT) {
		ck_assert_int_eq(err, -ENOEXEC);
		ck_assert_str_eq(why, "a #! script");
		return --left == 0;
	}
	if (err) {
		ck_assert_msg(exe.kind == EXE_OTHER, "%s: %s, but %s", path,
			      exe_kind_name(exe.kind), why);
		return --left == 0;
	}
	ck_assert_msg(exe.kind == kind_from_facts(facts), "%s: %s, not %s", path,
		      exe_kind_name(exe.kind), exe_kind_name(kind_from_facts(facts)));
	ck_assert_uint_eq(exe.machine, facts->machine);
	ck_assert_uint_eq(exe.type, facts->type);
	if (facts->interpreter && exe.machine == EM_X86_64 && facts->elf_class == ELFCLASS64)
		ck_assert_str_eq(exe.interpreter, facts->interpreter);
	elffile_free(facts);
	return --left == 0;
}

/* libelf sees the same in some hundred files of this machine. */
START_TEST(files_of_this_machine)
{
	static const char *const places[] = {"/usr/bin",   "/usr/sbin",
					     "/usr/lib32", "/usr/lib/x86_64-linux-gnu",
					     "/usr/lib64", "/usr/lib"};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		left = 300;
		nftw(places[i], compare, 16, FTW_PHYS);
	}
	ck_assert_uint_gt(seen[EXE_GLIBC], 10);
	ck_assert_uint_gt(seen[EXE_SCRIPT], 1);
}
END_TEST

static void check_error(int dirfd, const char *path, int err)
{
	unsigned before = scratch_descriptors();
	struct exe exe;

	memset(&exe, 0xaa, sizeof exe);
	errno = 4711;
	ck_assert_int_eq(exe_look(dirfd, path, &exe), -err);
	ck_assert_int_eq(errno, 4711);
	ck_assert_int_eq(exe.kind, EXE_UNREADABLE);
	ck_assert_str_eq(exe.interpreter, "");
	ck_assert_uint_eq(scratch_descriptors(), before);
}

START_TEST(files_that_cannot_be_read)
{
	ck_assert_int_eq(mkdir("dir", 0755), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	check_error(AT_FDCWD, "none", ENOENT);
	check_error(AT_FDCWD, "", ENOENT);
	check_error(AT_FDCWD, "loop", ELOOP);
	check_error(AT_FDCWD, "dir", EISDIR);
	check_error(AT_FDCWD, "fifo", ESPIPE);
	check_error(999, "x", EBADF);
}
END_TEST

START_TEST(files_that_may_only_be_executed)
{
	struct elf_plan plan = elf_plan_usual();
	pid_t pid;
	int status;

	elf_make(&image, &plan);
	elf_write(&image, "secret");
	ck_assert_int_eq(chmod("secret", 0711), 0);
	/* root reads everything, so look as somebody else. */
	ck_assert_int_eq(geteuid() ? chmod("secret", 0111) : chmod(".", 0755), 0);
	ck_assert_int_eq(chmod("..", 0755), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct exe exe;
		int err;

		if (geteuid() == 0 && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
			_exit(2);
		err = exe_look(AT_FDCWD, "secret", &exe);
		_exit(err != -EACCES || exe.kind != EXE_UNREADABLE);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Of each read but the first, which is at the beginning of the file. */
static int fail_reads(int error)
{
	return scratch_forbid(SYS_pread64, error, UINT32_MAX, true);
}

/* It is not known to be anything, a program that a library may be loaded into least of all. */
START_TEST(reads_that_fail)
{
	static const int errors[] = {EIO, ENOMEM, EINTR};
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct exe exe;
		int err;

		if (fail_reads(errors[_i]))
			_exit(2);
		err = exe_look(AT_FDCWD, "/bin/true", &exe);
		_exit(err != -errors[_i] || exe.kind != EXE_UNREADABLE);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(paths_are_relative_to_the_directory)
{
	struct elf_plan plan = elf_plan_usual();
	struct exe exe;
	int fd;

	ck_assert_int_eq(mkdir("dir", 0755), 0);
	elf_make(&image, &plan);
	elf_write(&image, "dir/program");
	fd = open("dir", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(exe_look(fd, "program", &exe), 0);
	ck_assert_int_eq(exe.kind, EXE_GLIBC);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(who_must_not_get_the_preload)
{
	static const bool rejects[EXE_KINDS] = {
		[EXE_ELF32] = true,
		[EXE_FOREIGN_ARCH] = true,
		[EXE_FOREIGN_LIBC] = true,
		[EXE_SANITIZER] = true,
	};

	for (unsigned kind = 0; kind < EXE_KINDS; kind++) {
		ck_assert_int_eq(exe_rejects_preload((enum exe_kind)kind), rejects[kind]);
		ck_assert_str_ne(exe_kind_name((enum exe_kind)kind), "");
		for (unsigned other = 0; other < kind; other++)
			ck_assert_str_ne(exe_kind_name((enum exe_kind)kind),
					 exe_kind_name((enum exe_kind)other));
	}
	ck_assert_str_eq(exe_kind_name((enum exe_kind)EXE_KINDS), "unknown");
	ck_assert_str_eq(exe_kind_name((enum exe_kind) - 1), "unknown");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exe");
	TCase *elf = scratch_case(suite, "elf", 60);
	TCase *files = scratch_case(suite, "files", 60);

	tcase_add_test(elf, kinds_of_programs);
	tcase_add_test(elf, programs_of_other_machines);
	tcase_add_test(elf, what_cannot_be_executed_is_other);
	tcase_add_test(elf, sanitizer_runtimes);
	tcase_add_test(elf, long_interpreters);
	tcase_add_test(files, files_of_this_machine);
	tcase_add_test(files, files_that_cannot_be_read);
	tcase_add_test(files, files_that_may_only_be_executed);
	tcase_add_loop_test(files, reads_that_fail, 0, 3);
	tcase_add_test(files, paths_are_relative_to_the_directory);
	tcase_add_test(files, who_must_not_get_the_preload);
	return scratch_run(suite);
}
