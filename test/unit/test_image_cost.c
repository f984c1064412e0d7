/*
 * What a start from an image costs: the size of its file, the system calls and the page faults of a
 * process.  Times depend on the machine and are for the benchmarks; these do not.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"
#include "shim/template/image/read.h"

enum { NUMBERS = 512, ROUNDS = 20 };

static char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/", NULL};

static void bake_to(const char *image, const char *program)
{
	char why[128];

	ck_assert_msg(!image_bake(image, program, environment, why), "%s: %s", program, why);
}

static const char *const programs[] = {
	"/bin/true",      "/bin/sh",        "/bin/ls",       "/bin/bash",    "/usr/bin/as",
	"/usr/bin/cmake", "/usr/bin/clang", "/usr/bin/perl", "/usr/bin/git", "/usr/bin/python3",
};

START_TEST(size)
{
	const char *image = scratch_path("image");
	struct image_view view;
	struct stat st;
	int fd;

	if (access(programs[_i], X_OK) != 0)
		return;
	bake_to(image, programs[_i]);
	fd = open(image, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(image_read(fd, &view), 0);
	/* Something must have been relocated, and that is in the file. */
	ck_assert_uint_ge(view.table->own_bytes, 12 * 4096);
	ck_assert_uint_ge((uint64_t)st.st_size, view.table->own_bytes / 2);
	ck_assert_uint_le((uint64_t)st.st_size, view.table->own_bytes * 5 / 4 + 512 * 1024);
	ck_assert_int_le(st.st_size, 16 << 20);
	image_read_end(&view);
	close(fd);
}
END_TEST

/*
 * One for the code and constants of the program and of ld.so, with the resume code in one of them;
 * one each for what they and libc write to; and those that are read-only once it is resumed: seven
 * with glibc 2.36.  libc's code is not stored.
 */
enum { SEGMENTS_OF_TRUE = 8 };

START_TEST(segments)
{
	const char *image = scratch_path("image");
	const Elf64_Ehdr *eh;
	const Elf64_Phdr *ph;
	struct image_view view;
	int loads = 0;
	int fd;

	bake_to(image, "/bin/true");
	fd = open(image, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(image_read(fd, &view), 0);
	eh = (const void *)view.data;
	ph = (const void *)(view.data + eh->e_phoff);
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type != PT_LOAD)
			continue;
		ck_assert_uint_ne(ph[i].p_flags, PF_R | PF_W | PF_X);
		/* What is executed first stands in a mapping with other code. */
		if (eh->e_entry >= ph[i].p_vaddr && eh->e_entry < ph[i].p_vaddr + ph[i].p_memsz)
			ck_assert_uint_gt(ph[i].p_vaddr + ph[i].p_memsz,
					  eh->e_entry + RESUME_CODE_SIZE + view.table->size + 4096);
		loads++;
	}
	ck_assert_int_gt(loads, 0);
	ck_assert_int_le(loads, SEGMENTS_OF_TRUE);
	image_read_end(&view);
	close(fd);
}
END_TEST

/* Count the system calls that a program makes, by number.  Their sum. */
static unsigned count_calls(const char *file, char *const argv[], void (*setup)(void),
			    unsigned counts[NUMBERS])
{
	struct user_regs_struct regs;
	unsigned calls = 0;
	bool in_call = false;
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 && close(1) == 0) {
			if (setup)
				setup();
			execve(file, argv, environment);
		}
		_exit(126);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(
		ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL), 0);
	while (WIFSTOPPED(status)) {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		in_call = !in_call;
		if (!WIFSTOPPED(status) || !in_call)
			continue;
		ck_assert_int_eq(WSTOPSIG(status), SIGTRAP | 0x80);
		ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
		SCRATCH_ASSERT(regs.orig_rax < NUMBERS);
		counts[regs.orig_rax]++;
		calls++;
	}
	ck_assert_int_eq(status, 0);
	return calls;
}

/* What resume calls though ld.so may not. */
static bool is_allowed(long nr)
{
	/* Which of these looks at a file is libc's choice: glibc 2.33 to 2.38 has newfstatat(). */
	return nr == SYS_madvise || nr == SYS_fstat || nr == SYS_newfstatat;
}

/*
 * One look at each file, one mapping for each part of libc, five calls for what the kernel keeps of
 * a thread and for protection, and the end.  Nothing that a native start does not call, but
 * madvise(), which may fail.
 */
START_TEST(system_calls)
{
	static unsigned native[NUMBERS];
	static unsigned started[NUMBERS];
	const char *image = scratch_path("true");
	char *argv[] = {"true", NULL};
	unsigned calls;

	bake_to(image, "/bin/true");
	ck_assert_uint_ge(count_calls("/bin/true", argv, NULL, native), 22);
	calls = count_calls(image, argv, NULL, started);
	ck_assert_uint_le(calls, 21);
	ck_assert_uint_eq(started[SYS_execve], 0);
	ck_assert_uint_le(started[SYS_mmap], 5);
	/* Where ld.so uses fstat(), also what is not mapped is opened, if it is there. */
	ck_assert_uint_le(started[SYS_openat], started[SYS_fstat] ? 5 : 2);
	ck_assert_uint_eq(started[SYS_close], started[started[SYS_fstat] ? SYS_fstat : SYS_openat]);
	for (long nr = 0; nr < NUMBERS; nr++)
		ck_assert_msg(!started[nr] || native[nr] || is_allowed(nr), "system call %ld", nr);
}
END_TEST

static void forbid_madvise(void)
{
	if (scratch_forbid(SYS_madvise, EPERM, 0, false))
		_exit(126);
}

/* A large program, whose pages are asked for many at once: that may fail, to no effect. */
START_TEST(without_madvise)
{
	static unsigned counts[NUMBERS];
	const char *image = scratch_path("cmake");
	char *argv[] = {"cmake", "-E", "true", NULL};

	if (access("/usr/bin/cmake", X_OK) != 0)
		return;
	bake_to(image, "/usr/bin/cmake");
	count_calls(image, argv, forbid_madvise, counts);
	ck_assert_uint_ge(counts[SYS_madvise], 1);
	ck_assert_uint_eq(counts[SYS_execve], 0);
}
END_TEST

/* Page faults of a process, the fewest of several. */
static long count_faults(const char *file)
{
	char *argv[] = {"true", NULL};
	struct rusage usage;
	long fewest = 1000000;

	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid;
		int status;

		ck_assert_int_eq(posix_spawn(&pid, file, NULL, NULL, argv, environment), 0);
		ck_assert_int_eq(wait4(pid, &status, 0, &usage), pid);
		ck_assert_int_eq(status, 0);
		if (usage.ru_minflt < fewest)
			fewest = usage.ru_minflt;
	}
	return fewest;
}

START_TEST(faults)
{
	const char *image = scratch_path("true");
	long native = count_faults("/bin/true");

	bake_to(image, "/bin/true");
	/* 31 and 50 with glibc 2.36. */
	ck_assert_int_le(count_faults(image), native * 7 / 10);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_cost");
	TCase *tc = scratch_case(suite, "cost", 60);

	tcase_add_loop_test(tc, size, 0, sizeof programs / sizeof programs[0]);
	tcase_add_test(tc, segments);
	tcase_add_test(tc, system_calls);
	tcase_add_test(tc, without_madvise);
	tcase_add_test(tc, faults);
	return scratch_run(suite);
}
