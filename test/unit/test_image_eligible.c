/*
 * What must not be kept is refused, with a sentence, and leaves no image behind.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "elfcache/sys.h" /* SYS_openat2 for older headers */
#include "image_help.h"
#include "scratch.h"
#include "shim/template/image/watch.h"

#define FIXTURE(name) "LD_PRELOAD=" FIXTURE_DIR "/libimage_fixture_" name ".so"

static char *plain[] = {"PATH=/usr/bin:/bin", NULL};

static void refused(const char *program, char *const envp[], const char *because)
{
	char why[128];

	ck_assert_int_eq(image_bake(scratch_path("image"), program, envp, why), -ENOTSUP);
	ck_assert_msg(strstr(why, because) != NULL, "refused because: %s", why);
	ck_assert_int_ne(access(scratch_path("image"), F_OK), 0);
}

static const struct {
	char *preload;
	const char *because;
} constructors[] = {
	{FIXTURE("getpid"), "system call 39"},
	{FIXTURE("random"), "32 random bytes"},
	{FIXTURE("writes"), "for writing"},
	{FIXTURE("shared"), "maps shared memory"},
	{FIXTURE("thread"), "its start-up"},
	{FIXTURE("clock"), "reads a clock"},
	{FIXTURE("seed"), "another result"},
	{FIXTURE("count"), "environment by itself"},
	{FIXTURE("value"), "initial stack"},
	{FIXTURE("open"), "leaves a file open"},
	{FIXTURE("kept"), "another result"},
	{FIXTURE("entropy"), "another result"},
	{FIXTURE("seed_half"), "another result"},
	{FIXTURE("action_old"), "asks what a signal does"},
	{FIXTURE("blocks"), "changes the signal mask"},
	{FIXTURE("empties"), "changes the signal mask"},
	{FIXTURE("unblocks_trap"), "changes the signal mask"},
	{FIXTURE("hour"), "another result"},
	{FIXTURE("elapsed"), "another result"},
	{FIXTURE("boottime"), "reads a clock"},
	{FIXTURE("mask"), "another result"},
	{FIXTURE("packed"), "another result"},
	{FIXTURE("split"), "another result"},
	{FIXTURE("cputime"), "reads a clock"},
	{FIXTURE("cpuclock"), "reads a clock"},
	{FIXTURE("offset"), "another result"},
	{FIXTURE("timezone"), "reads a clock"},
	{FIXTURE("parity"), "another result"},
	{FIXTURE("waits"), "takes too long"},
	{FIXTURE("unblocks_others"), "changes the signal mask"},
	{FIXTURE("blocks_more"), "changes the signal mask"},
	{FIXTURE("acts_more"), "another result"},
	{FIXTURE("acts_otherwise"), "another result"},
	{FIXTURE("files"), "more than 256 files"},
	{FIXTURE("getenvs"), "too many environment variables"},
	{FIXTURE("setenv"), "change the environment"},
	{FIXTURE("random_blocking"), "calls getrandom(0x2)"},
	{FIXTURE("traps"), "raises a signal"},
	{FIXTURE("jumps"), "its stack"},
	{FIXTURE("int80"), "system calls of another machine"},
	{FIXTURE("int80_stat"), "system calls of another machine"},
	{FIXTURE("stack_code"), "makes the stack executable"},
	{FIXTURE("flushes"), "how floating point works"},
	{FIXTURE("single"), "how floating point works"},
	{FIXTURE("mmx"), "x87's registers"},
	{FIXTURE("segment"), "segment's base"},
	{FIXTURE("patches"), "changes code of libc"},
	{FIXTURE("edits"), "environment in place"},
	{FIXTURE("edits_name"), "environment in place"},
	{FIXTURE("edits_random"), "environment in place"},
	{FIXTURE("edits_vector"), "environment in place"},
};

enum { CONSTRUCTORS = sizeof constructors / sizeof constructors[0] };

START_TEST(constructor)
{
	char *envp[] = {"PATH=/usr/bin", "IMAGE_FIXTURE=1", constructors[_i].preload, NULL};

	refused("/bin/true", envp, constructors[_i].because);
}
END_TEST

static const struct {
	char *variable;
	const char *because;
} calls[] = {
	{IMAGE_CALL(1, SYS_openat, "-100 /proc/uptime 0"), "reads /proc/uptime"},
	{IMAGE_CALL(1, SYS_openat, "-100 //proc/uptime 0"), "reads //proc/uptime"},
	{IMAGE_CALL(1, SYS_open, "/etc/../proc/uptime 0"), "reads /etc/../proc/uptime"},
	{IMAGE_CALL(1, SYS_openat, "-100 //proc/self/exe 0"), "reads //proc/self/exe"},
	{IMAGE_CALL(1, SYS_access, "//proc/filesystems 0"), "reads //proc/filesystems"},
	{IMAGE_CALL(1, SYS_openat, "-100 //dev/null 0"), "reads //dev/null"},
	{IMAGE_CALL(1, SYS_access, "//proc/self/exe 0"), "reads //proc/self/exe"},
	{IMAGE_CALL(1, SYS_access, "//dev/null 0"), "reads //dev/null"},
	{IMAGE_CALL(1, SYS_openat, "-100 . 0"), "working directory"},
	{IMAGE_CALL(1, SYS_access, "/sys/kernel 0"), "reads /sys/kernel"},
	{IMAGE_CALL(1, SYS_access, "/dev/null 0"), "reads /dev/null"},
	{IMAGE_CALL(1, SYS_access, ". 0"), "working directory"},
	{IMAGE_CALL(1, SYS_access, "/ 8"), "cannot read /"},
	{IMAGE_CALL(1, SYS_readlink, "/proc/self/cwd @ 512"), "symbolic link /proc/self/cwd"},
	/* RLIMIT_CORE and RLIMIT_NOFILE */
	{IMAGE_CALL(1, SYS_prlimit64, "1 7 0 @"), "sets a resource limit"},
	{IMAGE_CALL(1, SYS_prlimit64, "0 4 @ @"), "sets a resource limit"},
	{IMAGE_CALL(1, SYS_prlimit64, "0 7 0 0"), "sets a resource limit"},
	{IMAGE_CALL(17, SYS_prlimit64, "0 7 0 @"), "too many resource limits"},
	{IMAGE_CALL(1, SYS_getrlimit, "7 @"), "getrlimit"},
	/* PR_CAPBSET_READ, PR_GET_NAME */
	{IMAGE_CALL(65, SYS_prctl, "23 0"), "too many capabilities"},
	{IMAGE_CALL(1, SYS_prctl, "16 @"), "prctl(16)"},
	{IMAGE_CALL(1, SYS_rt_sigaction, "10 0 0 8"), "asks what a signal does"},
	{IMAGE_CALL(17, SYS_rt_sigaction, "10 @ 0 8"), "too many signals"},
	{IMAGE_CALL(1, SYS_rt_sigaction, "9 @ 0 8"), "cannot set what a signal does"},
	{IMAGE_CALL(1, SYS_getrandom, "@ 32 0"), "32 random bytes"},
	{IMAGE_CALL(1, SYS_getrandom, "@ 8 0"), "another result"},
	{IMAGE_CALL(1, SYS_sched_getaffinity, "1 128 @"), "another process"},
	{IMAGE_CALL(1, SYS_sched_getaffinity, "0 256 @"), "too many processors"},
	{IMAGE_CALL(5, SYS_sched_getaffinity, "0 128 @"), "too many processors"},
	/* MAP_32BIT, MAP_FIXED_NOREPLACE; more than there is; where a stack may be. */
	{IMAGE_CALL(1, SYS_mmap, "0 4096 3 0x62 -1 0"), "special kind"},
	{IMAGE_CALL(1, SYS_mmap, "0x200000000000 4096 3 0x100022 -1 0"), "special kind"},
	{IMAGE_CALL(1, SYS_mmap, "0 0x400000000000 3 0x4022 -1 0"), "too much memory"},
	{IMAGE_CALL(1, SYS_mmap, "0x700000000000 4096 3 0x32 -1 0"), "another process may have"},
	/* The stack's uppermost page, and all that is between it and where mappings begin. */
	{IMAGE_CALL(1, SYS_mprotect, "0x7fffffffe000 4096 3"), "changes its stack"},
	{IMAGE_CALL(1, SYS_mprotect, "0x7fffffffe000 4096 7"), "makes the stack executable"},
	{IMAGE_CALL(1, SYS_mprotect, "0x7fffffffe000 -1 7"), "makes the stack executable"},
	{IMAGE_CALL(1, SYS_munmap, "0x700000000000 0xfffffe00000"), "or what else is the kernel's"},
	{IMAGE_CALL(1, SYS_mmap, "0x7fffffeff000 4096 3 0x32 -1 0"), "another process may have"},
	{IMAGE_CALL(1, SYS_mmap, "0x7fffffffe000 4096 3 0x32 -1 0"), "changes its stack"},
	/* RSEQ_FLAG_UNREGISTER */
	{IMAGE_CALL(1, SYS_rseq, "@ 32 1 0x53053053"), "rseq(2) with flags 0x1"},
	/* ARCH_GET_FS */
	{IMAGE_CALL(1, SYS_arch_prctl, "0x1003 @"), "arch_prctl(0x1003)"},
	/* O_CREAT */
	{IMAGE_CALL(1, SYS_openat, "-100 /nonexistent/file 0x40"), "for writing"},
	{IMAGE_CALL(1, SYS_open, "/nonexistent/file 0x40"), "for writing"},
	{IMAGE_CALL(1, SYS_open, "/nonexistent/file 1"), "for writing"},
	/* O_TRUNC */
	{IMAGE_CALL(1, SYS_open, "/nonexistent/file 0x200"), "for writing"},
	{IMAGE_CALL(1, SYS_openat, "-100 /nonexistent/file 0x200"), "for writing"},
	/* FUTEX_WAIT for what is not so. */
	{IMAGE_CALL(1, SYS_futex, "@ 0 1 0"), "waits for a futex"},
	{IMAGE_CALL(1, SYS_uname, "@"), "host's name"},
	{IMAGE_CALL(1, SYS_statfs, "/ @"), "about a file system"},
	{IMAGE_CALL(62, SYS_openat, "-100 /etc/passwd 0"), "opens too many files"},
	{IMAGE_CALL(1, SYS_fstat, "7 @"), "descriptor 7"},
	{IMAGE_CALL(1, SYS_newfstatat, "7 '' @ 0x1000"), "descriptor 7"},
	/* Who somebody else's standard input is. */
	{IMAGE_CALL(1, SYS_fstat, "0 @"), "another result"},
	{IMAGE_CALL(1, SYS_newfstatat, "0 '' @ 0x1000"), "another result"},
	{IMAGE_CALL(1, SYS_newfstatat, "0 /dev/null @ 0x1000"), "reads /dev/null"},
	{IMAGE_CALL(1, SYS_read, "0 @ 8"), "descriptor 0"},
	{IMAGE_CALL(1, SYS_pread64, "7 @ 8 0"), "descriptor 7"},
	{IMAGE_CALL(1, SYS_lseek, "7 0 1"), "descriptor 7"},
	{IMAGE_CALL(1, SYS_lseek, "0 1 1"), "descriptor 0"},
	{IMAGE_CALL(1, SYS_lseek, "0 0 2"), "descriptor 0"},
	{IMAGE_CALL(1, SYS_close, "7"), "descriptor 7"},
	{IMAGE_CALL(1, SYS_mmap, "0 4096 1 2 0 0"), "descriptor 0"},
};

enum { CALLS = sizeof calls / sizeof calls[0] };

START_TEST(call)
{
	char *envp[] = {"PATH=/usr/bin", calls[_i].variable, FIXTURE("calls"), NULL};

	refused("/bin/true", envp, calls[_i].because);
}
END_TEST

/* What there is in the test's directory, which a constructor opens. */
static void opened(const char *name, bool is_refused)
{
	char variable[4300];
	char *envp[] = {"PATH=/usr/bin", variable, FIXTURE("calls"), NULL};
	char why[128];

	snprintf(variable, sizeof variable, "IMAGE_FIXTURE=1 %d -100 %s 0 , 1 %d 3", SYS_openat,
		 scratch_path(name), SYS_close);
	if (is_refused)
		refused("/bin/true", envp, "its start-up reads /");
	else
		ck_assert_int_eq(image_bake(scratch_path("image"), "/bin/true", envp, why), 0);
}

/* Nobody writes to the FIFO: who opens it waits. */
START_TEST(no_file)
{
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	opened("fifo", true);
	ck_assert_int_eq(symlink("fifo", "link"), 0);
	opened("link", true);
}
END_TEST

static const struct {
	const char *to;
	bool is_refused;
} links[] = {
	{"/etc/passwd", false},      {"/proc/self/exe", true},    {"/proc/uptime", true},
	{"/sys/kernel/notes", true}, {"/proc/filesystems", true}, {"/dev/null", true},
};

START_TEST(linked)
{
	ck_assert_int_eq(symlink(links[_i].to, "link"), 0);
	opened("link", links[_i].is_refused);
}
END_TEST

/* As in containers whose filter is older than that call. */
START_TEST(linked_without_openat2)
{
	ck_assert_int_eq(scratch_forbid(SYS_openat2, EPERM, 0, false), 0);
	ck_assert_int_eq(symlink(links[_i].to, "link"), 0);
	opened("link", links[_i].is_refused);
}
END_TEST

/* A file like others, where some build. */
START_TEST(shared_memory)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/dev/shm/spawn-template-test.%d", (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	close(fd);
	ck_assert_int_eq(symlink(path, "link"), 0);
	opened("link", false);
	unlink(path);
}
END_TEST

START_TEST(mounted)
{
	ck_assert_int_eq(mkdir("elsewhere", 0755), 0);
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "elsewhere", "proc", 0, NULL)) {
		printf("nothing can be mounted here: %s\n", strerror(errno));
		return;
	}
	opened("elsewhere/uptime", true);
}
END_TEST

START_TEST(script)
{
	static const char relative[] = "#!sh\n";
	static const char unending[] = "#!/bin/sh";

	scratch_file(scratch_path("script"), relative, sizeof relative - 1, 0755);
	refused(scratch_path("script"), plain, "#! line");
	scratch_file(scratch_path("script"), unending, sizeof unending - 1, 0755);
	refused(scratch_path("script"), plain, "#! line");
}
END_TEST

START_TEST(set_id)
{
	image_copy_file("/bin/true", scratch_path("true"));
	ck_assert_int_eq(chmod(scratch_path("true"), 04755), 0);
	refused(scratch_path("true"), plain, "set-user-id");
	ck_assert_int_eq(chmod(scratch_path("true"), 02755), 0);
	refused(scratch_path("true"), plain, "set-group-id");
}
END_TEST

START_TEST(capabilities)
{
	const struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2,
					  .data = {{.permitted = 1U << CAP_NET_RAW}}};

	image_copy_file("/bin/true", scratch_path("true"));
	if (setxattr(scratch_path("true"), "security.capability", &data, XATTR_CAPS_SZ_2, 0)) {
		printf("no capabilities of files here: %s\n", strerror(errno));
		return;
	}
	refused(scratch_path("true"), plain, "file capabilities");
}
END_TEST

/* Whoever may start the script may be another than we. */
START_TEST(interpreter)
{
	char text[4200];

	image_copy_file("/bin/sh", scratch_path("sh"));
	snprintf(text, sizeof text, "#!%s\n", scratch_path("sh"));
	scratch_file(scratch_path("script"), text, strlen(text), 0755);
	for (mode_t bit = S_IXOTH; bit <= S_IRGRP; bit <<= 1) {
		if (bit == S_IWOTH || bit == S_IWGRP)
			continue;
		ck_assert_int_eq(chmod(scratch_path("sh"), 0755 & ~bit), 0);
		refused(scratch_path("script"), plain, "its interpreter");
	}
}
END_TEST

/* What a process may do with a file that has our user but other groups, or fewer capabilities. */
static const struct {
	uid_t owner;
	mode_t mode;
	int access; /* -1: is read */
	bool has_list;
	bool is_refused;
} uses[] = {
	{0, 0400, -1, false, false},   {1, 0644, -1, false, false},
	{1, 0640, -1, false, true},    {1, 0604, -1, false, true},
	{0, 0200, -1, false, true},    {1, 0644, -1, true, true},
	{0, 0644, -1, true, false},    {1, 0600, F_OK, false, false},
	{1, 0640, R_OK, false, true},  {1, 0644, R_OK, false, false},
	{1, 0664, W_OK, false, true},  {1, 0666, W_OK, false, false},
	{0, 0644, W_OK, false, false}, {1, 0554, X_OK, false, true},
	{1, 0555, X_OK, false, false}, {1, 0555, R_OK | W_OK, false, true},
};

/* As setfacl(1) has it: user 65534 may do nothing. */
static void set_list(const char *path)
{
	static const struct {
		uint32_t version;
		struct {
			uint16_t tag, permissions;
			uint32_t id;
		} entries[5];
	} list = {2, {{1, 6, -1U}, {2, 0, 65534}, {4, 4, -1U}, {16, 4, -1U}, {32, 4, -1U}}};

	if (setxattr(path, "system.posix_acl_access", &list, sizeof list, 0))
		ck_assert_int_eq(errno, EOPNOTSUPP);
}

START_TEST(use)
{
	char variable[9000];
	char *envp[] = {"PATH=/usr/bin", variable, FIXTURE("calls"), NULL};
	char why[128];
	char path[4200];

	if (geteuid())
		return;
	snprintf(path, sizeof path, "%s", scratch_path("file"));
	scratch_file(path, "text", 4, 0644);
	if (uses[_i].has_list)
		set_list(path);
	ck_assert_int_eq(chmod(path, uses[_i].mode), 0);
	ck_assert_int_eq(chown(path, uses[_i].owner, 0), 0);
	if (uses[_i].access < 0)
		snprintf(variable, sizeof variable, "IMAGE_FIXTURE=1 %d -100 %s 0 , 1 %d 3",
			 SYS_openat, path, SYS_close);
	else
		snprintf(variable, sizeof variable, "IMAGE_FIXTURE=1 %d %s %d , 1 %d %s %d",
			 SYS_access, path, F_OK, SYS_access, path, uses[_i].access);
	if (uses[_i].is_refused &&
	    !(uses[_i].has_list && getxattr(path, "system.posix_acl_access", NULL, 0) < 0))
		refused("/bin/true", envp, "as not everybody may");
	else
		ck_assert_int_eq(image_bake(scratch_path("image"), "/bin/true", envp, why), 0);
}
END_TEST

static const struct {
	const char *path;
	const char *because;
} programs[] = {
	{"/sbin/ldconfig", "not a dynamic"}, /* static */
	{FIXTURE_DIR "/image_fixture_start", "does not start through libc"},
	{FIXTURE_DIR "/image_fixture_go", "written in Go"},
	{FIXTURE_DIR "/image_fixture_sanitized", "MemorySanitizer"},
	{FIXTURE_DIR "/image_fixture_fixed", "linked to addresses"},
};

START_TEST(program)
{
	if (access(programs[_i].path, X_OK) == 0)
		refused(programs[_i].path, plain, programs[_i].because);
}
END_TEST

/* The kernel would move it, and there is no room for that. */
START_TEST(alignment)
{
	const char *path = scratch_path("true");
	Elf64_Phdr ph;
	Elf64_Ehdr eh;
	int fd;

	image_copy_file("/bin/true", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pread(fd, &eh, sizeof eh, 0), sizeof eh);
	for (off_t at = (off_t)eh.e_phoff;; at += (off_t)sizeof ph) {
		ck_assert_int_eq(pread(fd, &ph, sizeof ph, at), sizeof ph);
		if (ph.p_type != PT_LOAD)
			continue;
		ph.p_align = UINT64_C(1) << 31;
		ck_assert_int_eq(pwrite(fd, &ph, sizeof ph, at), sizeof ph);
		break;
	}
	ck_assert_int_eq(close(fd), 0);
	refused(path, plain, "aligned to more than 1 GiB");
}
END_TEST

/* What is not called libc is not watched as such. */
START_TEST(another_libc)
{
	char path[4200];
	char *envp[] = {"PATH=/usr/bin", path, NULL};

	image_copy_file("/lib/x86_64-linux-gnu/libc.so.6", scratch_path("another.so"));
	ck_assert_int_eq(symlink("another.so", scratch_path("libc.so.6")), 0);
	snprintf(path, sizeof path, "LD_LIBRARY_PATH=%s", scratch_path(""));
	refused("/bin/true", envp, "does not use glibc");
}
END_TEST

/* From the difference of two clocks in the second run nobody can take it for that in the first. */
START_TEST(second_clocks)
{
	struct noise noise = {7};

	for (int i = 0; i < 100; i++) {
		uint64_t first[IMAGE_CLOCKS] = {0};
		uint64_t second[IMAGE_CLOCKS];

		for (int clock = 1; clock < IMAGE_CLOCKS; clock++)
			first[clock] = noise_next(&noise) >> 4;
		memcpy(second, first, sizeof second);
		clocks_of_second_run(second);
		SCRATCH_ASSERT(second[0] == 0);
		for (int clock = 1; clock < IMAGE_CLOCKS; clock++)
			for (int other = 0; other < clock; other++)
				SCRATCH_ASSERT((second[clock] - second[other]) / 1000000000 !=
					       (first[clock] - first[other]) / 1000000000);
	}
}
END_TEST

/* A byte that is the same in both could be data. */
START_TEST(second_random)
{
	const uint64_t first[2] = {UINT64_C(0x00ff01fe00ff01fe), 0};
	uint64_t second[2];

	for (int i = 0; i < 10000; i++) {
		ck_assert_int_eq(random_of_second_run(first, second), 0);
		for (int bit = 0; bit < 64; bit += 8) {
			SCRATCH_ASSERT((first[0] ^ second[0]) >> bit & 0xff);
			SCRATCH_ASSERT((first[1] ^ second[1]) >> bit & 0xff);
		}
	}
}
END_TEST

START_TEST(missing)
{
	char why[128];

	ck_assert_int_eq(image_bake(scratch_path("image"), scratch_path("nothing"), plain, why),
			 -ENOENT);
	ck_assert_str_ne(why, "");
}
END_TEST

/* Descriptors of the baking process do not reach the program, nor stay open after it. */
START_TEST(descriptors)
{
	unsigned before = scratch_descriptors();
	char why[128];

	ck_assert_int_eq(image_bake(scratch_path("image"), "/bin/true", plain, why), 0);
	ck_assert_uint_eq(scratch_descriptors(), before);
	ck_assert_int_eq(unlink(scratch_path("image")), 0);
	refused("/bin/true", (char *[]){FIXTURE("getpid"), NULL}, "system call");
	ck_assert_uint_eq(scratch_descriptors(), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_eligible");
	TCase *tc = scratch_case(suite, "eligible", 100);

	tcase_add_loop_test(tc, constructor, 0, CONSTRUCTORS);
	tcase_add_loop_test(tc, call, 0, CALLS);
	tcase_add_test(tc, no_file);
	tcase_add_loop_test(tc, linked, 0, sizeof links / sizeof links[0]);
	tcase_add_loop_test(tc, linked_without_openat2, 0, sizeof links / sizeof links[0]);
	tcase_add_test(tc, shared_memory);
	tcase_add_test(tc, mounted);
	tcase_add_test(tc, script);
	tcase_add_test(tc, set_id);
	tcase_add_test(tc, capabilities);
	tcase_add_test(tc, interpreter);
	tcase_add_loop_test(tc, use, 0, sizeof uses / sizeof uses[0]);
	tcase_add_loop_test(tc, program, 0, sizeof programs / sizeof programs[0]);
	tcase_add_test(tc, alignment);
	tcase_add_test(tc, another_libc);
	tcase_add_test(tc, second_clocks);
	tcase_add_test(tc, second_random);
	tcase_add_test(tc, missing);
	tcase_add_test(tc, descriptors);
	return scratch_run(suite);
}
