/*
 * An image that no longer describes what a native start would give is not used: each condition that
 * resume checks, changed alone.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"
#include "shim/template/image/tracee.h"

#define FIXTURE(name) FIXTURE_DIR "/libimage_fixture_" name ".so"

static char *plain[] = {"PATH=/usr/bin:/bin", NULL};

START_TEST(target_renamed_over)
{
	image_prepare(plain);
	image_copy_file("/usr/bin/readlink", scratch_path("new"));
	ck_assert_int_eq(rename(scratch_path("new"), scratch_path("readlink")), 0);
	ck_assert_int_eq(image_is_resumed(plain, NULL), 0);
}
END_TEST

/* mtime is put back: ctime tells. */
START_TEST(target_touched)
{
	struct timespec times[2];
	struct stat st;

	image_prepare(plain);
	ck_assert_int_eq(stat(scratch_path("readlink"), &st), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	ck_assert_int_eq(utimensat(AT_FDCWD, scratch_path("readlink"), NULL, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, scratch_path("readlink"), times, 0), 0);
	ck_assert_int_eq(image_is_resumed(plain, NULL), 0);
}
END_TEST

START_TEST(target_mode_changed)
{
	image_prepare(plain);
	ck_assert_int_eq(chmod(scratch_path("readlink"), 0700), 0);
	ck_assert_int_eq(image_is_resumed(plain, NULL), 0);
}
END_TEST

START_TEST(target_symlink_switched)
{
	char why[128];

	image_copy_file("/usr/bin/readlink", scratch_path("a"));
	image_copy_file("/usr/bin/readlink", scratch_path("b"));
	ck_assert_int_eq(symlink("a", scratch_path("readlink")), 0);
	ck_assert_int_eq(image_bake(scratch_path("image"), scratch_path("readlink"), plain, why),
			 0);
	ck_assert_int_eq(image_is_resumed(plain, NULL), 1);
	ck_assert_int_eq(unlink(scratch_path("readlink")), 0);
	ck_assert_int_eq(symlink("b", scratch_path("readlink")), 0);
	ck_assert_int_eq(image_is_resumed(plain, NULL), 0);
}
END_TEST

/* The same file by the same path, and really another one: its name is what the program sees.  It
   was renamed, or has had both names all the time. */
START_TEST(target_directory_moved)
{
	const bool has_both = _i;
	char why[128];
	int err;

	ck_assert_int_eq(mkdir(scratch_path("v1"), 0700), 0);
	image_copy_file("/usr/bin/readlink", scratch_path("v1/readlink"));
	if (has_both) {
		ck_assert_int_eq(mkdir(scratch_path("v2"), 0700), 0);
		ck_assert_int_eq(link(scratch_path("v1/readlink"), scratch_path("v2/readlink")), 0);
	}
	ck_assert_int_eq(symlink("v1", scratch_path("current")), 0);
	err = image_bake(scratch_path("image"), scratch_path("current/readlink"), plain, why);
	ck_assert_msg(!err, "%s", why);
	ck_assert_int_eq(image_was_resumed(scratch_path("image"), scratch_path("current/readlink"),
					   plain, NULL),
			 1);
	if (!has_both)
		ck_assert_int_eq(rename(scratch_path("v1"), scratch_path("v2")), 0);
	ck_assert_int_eq(unlink(scratch_path("current")), 0);
	ck_assert_int_eq(symlink("v2", scratch_path("current")), 0);
	ck_assert_int_eq(image_was_resumed(scratch_path("image"), scratch_path("current/readlink"),
					   plain, NULL),
			 0);
}
END_TEST

START_TEST(library_replaced)
{
	char path[4200];
	char *envp[] = {"PATH=/usr/bin", path, NULL};

	image_copy_file(FIXTURE("getenv"), scratch_path("library.so"));
	strcpy(path, "LD_PRELOAD=");
	strcat(path, scratch_path("library.so"));
	image_prepare(envp);
	image_copy_file(FIXTURE("getenv"), scratch_path("library.so"));
	ck_assert_int_eq(image_is_resumed(envp, NULL), 0);
}
END_TEST

/* A library that would now be found before the one it was baked with. */
START_TEST(library_appeared)
{
	char path[4200];
	char *envp[] = {"PATH=/usr/bin", path, NULL};

	strcpy(path, "LD_LIBRARY_PATH=");
	strcat(path, scratch_path(""));
	image_prepare(envp);
	image_copy_file("/lib/x86_64-linux-gnu/libc.so.6", scratch_path("libc.so.6"));
	ck_assert_int_eq(image_is_resumed(envp, NULL), 0);
}
END_TEST

START_TEST(loader_variables)
{
	static char *const variables[] = {
		"LD_LIBRARY_PATH=/nonexistent",
		"LD_PRELOAD=" FIXTURE("getenv"),
		"GLIBC_TUNABLES=glibc.malloc.check=1",
		"MALLOC_ARENA_MAX=1",
		"LD_BIND_NOW=1",
	};
	char *envp[] = {"PATH=/usr/bin:/bin", variables[_i], NULL};

	image_prepare(plain);
	ck_assert_int_eq(image_is_resumed(envp, NULL), 0);
}
END_TEST

/* All that ld.so and malloc read by themselves.  With some of them the program is not run. */
START_TEST(all_loader_variables)
{
	static const char *const names[] = {
		"GLIBC_TUNABLES",
		"LD_LIBRARY_PATH",
		"LD_PRELOAD",
		"LD_AUDIT",
		"LD_DEBUG",
		"LD_DEBUG_OUTPUT",
		"LD_PROFILE",
		"LD_PROFILE_OUTPUT",
		"LD_BIND_NOT",
		"LD_BIND_NOW",
		"LD_DYNAMIC_WEAK",
		"LD_TRACE_LOADED_OBJECTS",
		"LD_SHOW_AUXV",
		"LD_HWCAP_MASK",
		"LD_ORIGIN_PATH",
		"LD_USE_LOAD_BIAS",
		"LD_WARN",
		"LD_VERBOSE",
		"LD_POINTER_GUARD",
		"LD_ASSUME_KERNEL",
		"LD_PREFER_MAP_32BIT_EXEC",
		"MALLOC_CHECK_",
		"MALLOC_TOP_PAD_",
		"MALLOC_PERTURB_",
		"MALLOC_MMAP_MAX_",
		"MALLOC_MMAP_THRESHOLD_",
		"MALLOC_TRIM_THRESHOLD_",
		"MALLOC_ARENA_MAX",
		"MALLOC_ARENA_TEST",
		"MALLOC_TCACHE_COUNT",
	};
	char *argv[] = {"readlink", "/proc/self/exe", NULL};
	static struct run run;

	image_prepare(plain);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char variable[64];
		char *envp[] = {"PATH=/usr/bin:/bin", variable, NULL};

		snprintf(variable, sizeof variable, "%s=", names[i]);
		image_run(&run, scratch_path("image"), argv, envp, NULL);
		ck_assert_msg(!strstr(run.output, scratch_path("image")), "%s", variable);
	}
}
END_TEST

START_TEST(variable_gone)
{
	char *envp[] = {"PATH=/usr/bin:/bin", "MALLOC_ARENA_MAX=1", NULL};

	image_prepare(envp);
	ck_assert_int_eq(image_is_resumed(plain, NULL), 0);
}
END_TEST

/* One that a constructor asked for; others do not matter. */
START_TEST(constructors_variable)
{
	char *baked[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURE=x", NULL};
	char *other[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURE=x", "OTHER=1", NULL};
	char *changed[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURE=y", NULL};
	char *longer[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURE=xy", NULL};
	char *shorter[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURE=", NULL};
	char *unset[] = {"LD_PRELOAD=" FIXTURE("getenv"), NULL};
	char *alike[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURES=y", "IMAGE_FIXTURE=x",
			 NULL};
	char *twice[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURE=x", "IMAGE_FIXTURE=x",
			 NULL};

	image_prepare(baked);
	ck_assert_int_eq(image_is_resumed(other, NULL), 1);
	ck_assert_int_eq(image_is_resumed(alike, NULL), 1);
	ck_assert_int_eq(image_is_resumed(changed, NULL), 0);
	ck_assert_int_eq(image_is_resumed(longer, NULL), 0);
	ck_assert_int_eq(image_is_resumed(shorter, NULL), 0);
	ck_assert_int_eq(image_is_resumed(unset, NULL), 0);
	ck_assert_int_eq(image_is_resumed(twice, NULL), 0);
}
END_TEST

/* One that was not set, and one whose name begins like that. */
START_TEST(constructors_variable_appeared)
{
	char *baked[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURES=x", NULL};
	char *set[] = {"LD_PRELOAD=" FIXTURE("getenv"), "IMAGE_FIXTURES=x", "IMAGE_FIXTURE=", NULL};

	image_prepare(baked);
	ck_assert_int_eq(image_is_resumed(set, NULL), 0);
	ck_assert_int_eq(unlink("image"), 0);
	image_prepare(set);
}
END_TEST

static void limit_stack(rlim_t soft)
{
	struct rlimit limit;

	getrlimit(RLIMIT_STACK, &limit);
	limit.rlim_cur = soft;
	setrlimit(RLIMIT_STACK, &limit);
}

static void other_stack(void)
{
	limit_stack(5 << 20);
}

/* As far as that is allowed. */
static void unlimited_stack(void)
{
	limit_stack(RLIM_INFINITY);
}

static void small_stack(void)
{
	limit_stack(512 << 10);
}

/* Start-up code takes the size of thread stacks from it: resume can do the same, but not with a
   limit so small that other things count. */
START_TEST(stack_limit)
{
	image_prepare(plain);
	ck_assert_int_eq(image_is_resumed(plain, other_stack), 1);
	ck_assert_int_eq(image_is_resumed(plain, unlimited_stack), 1);
	/* Before glibc 2.34 that is in libpthread.so, which readlink(1) does not need. */
	ck_assert_int_eq(image_is_resumed(plain, small_stack), !__GLIBC_PREREQ(2, 34));
}
END_TEST

static void one_processor(void)
{
	cpu_set_t all;
	cpu_set_t one;

	sched_getaffinity(0, sizeof all, &all);
	CPU_ZERO(&one);
	for (size_t cpu = 0; CPU_COUNT(&one) == 0; cpu++)
		if (CPU_ISSET(cpu, &all))
			CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof one, &one);
}

/* A library has asked for the processors. */
START_TEST(processors)
{
	char *envp[] = {"LD_PRELOAD=" FIXTURE("affinity"), NULL};
	cpu_set_t all;

	ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
	if (CPU_COUNT(&all) < 2)
		return;
	image_prepare(envp);
	ck_assert_int_eq(image_is_resumed(envp, one_processor), 0);
}
END_TEST

/* One that bakes stays on one, which is not what it notes down. */
START_TEST(processors_of_service)
{
	char *envp[] = {"LD_PRELOAD=" FIXTURE("affinity"), NULL};
	const char *program = "/usr/bin/readlink";
	cpu_set_t all;
	char why[128];

	ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
	tracee_stay_on_cpu();
	ck_assert_int_eq(image_bake(scratch_path("image"), program, envp, why), 0);
	ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
	ck_assert_int_eq(image_was_resumed(scratch_path("image"), program, envp, NULL), 1);
}
END_TEST

/* What a library has looked for, and has not found. */
static char *const lookups[] = {
	IMAGE_CALL(1, SYS_access, "%s 0"),
	IMAGE_CALL(1, SYS_faccessat, "-100 %s 0"),
	IMAGE_CALL(1, SYS_stat, "%s @"),
	IMAGE_CALL(1, SYS_lstat, "%s @"),
	IMAGE_CALL(1, SYS_newfstatat, "-100 %s @ 0"),
	IMAGE_CALL(1, SYS_newfstatat, "-100 %s @ 0x1000"), /* AT_EMPTY_PATH */
	IMAGE_CALL(1, SYS_open, "%s 0"),
	IMAGE_CALL(1, SYS_openat, "-100 %s 0"),
	IMAGE_CALL(1, SYS_readlink, "%s @ 512"),
	IMAGE_CALL(1, SYS_readlinkat, "-100 %s @ 512"),
	IMAGE_CALL(1, SYS_statfs, "%s @"),
};

enum { LOOKUPS = sizeof lookups / sizeof lookups[0] };

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

START_TEST(file_appeared)
{
	char variable[4300];
	char *envp[] = {"LD_PRELOAD=" FIXTURE("calls"), variable, NULL};

	snprintf(variable, sizeof variable, lookups[_i], scratch_path("file"));
	image_prepare(envp);
	scratch_file(scratch_path("file"), "", 0, 0600);
	ck_assert_int_eq(image_is_resumed(envp, NULL), 0);
	/* It is there now, where another kind of file may be. */
	ck_assert_int_eq(unlink(scratch_path("file")), 0);
	ck_assert_int_eq(image_is_resumed(envp, NULL), 1);
	ck_assert_int_eq(symlink("nothing", scratch_path("file")), 0);
	ck_assert_int_eq(image_is_resumed(envp, NULL), 0);
}
END_TEST

#pragma GCC diagnostic pop

/* Not in a directory either: that is a file. */
START_TEST(directory_appeared)
{
	char variable[4300];
	char *envp[] = {"LD_PRELOAD=" FIXTURE("calls"), variable, NULL};

	scratch_file(scratch_path("file"), "", 0, 0600);
	snprintf(variable, sizeof variable, "IMAGE_FIXTURE=1 %d %s 0", SYS_access,
		 scratch_path("file/file"));
	image_prepare(envp);
	ck_assert_int_eq(unlink(scratch_path("file")), 0);
	ck_assert_int_eq(image_is_resumed(envp, NULL), 1);
	ck_assert_int_eq(mkdir(scratch_path("file"), 0700), 0);
	scratch_file(scratch_path("file/file"), "", 0, 0600);
	ck_assert_int_eq(image_is_resumed(envp, NULL), 0);
}
END_TEST

/* And one that it has read. */
START_TEST(file_changed)
{
	char variable[4300];
	char *envp[] = {"LD_PRELOAD=" FIXTURE("calls"), variable, NULL};

	scratch_file(scratch_path("file"), "text", 4, 0600);
	snprintf(variable, sizeof variable, "IMAGE_FIXTURE=1 %d -100 %s 0 , 1 %d 3 @ 512 , 1 %d 3",
		 SYS_openat, scratch_path("file"), SYS_read, SYS_close);
	image_prepare(envp);
	scratch_file(scratch_path("file"), "TEXT", 4, 0600);
	ck_assert_int_eq(image_is_resumed(envp, NULL), 0);
}
END_TEST

/* What stays as it is as long as the system runs is no condition. */
START_TEST(constants)
{
	static char *const variables[] = {
		IMAGE_CALL(1, SYS_access, "/proc/filesystems 0"),
		IMAGE_CALL(1, SYS_access, "/sys/devices/system/cpu/possible 0"),
	};
	char *envp[] = {"LD_PRELOAD=" FIXTURE("calls"), variables[_i], NULL};

	image_prepare(envp);
}
END_TEST

static void other_group(void)
{
	if (setegid(65534))
		_exit(1);
}

/* The program would be in its secure mode. */
START_TEST(secure)
{
	if (geteuid())
		return;
	image_prepare(plain);
	ck_assert_int_eq(image_is_resumed(plain, other_group), 0);
}
END_TEST

static void other_groups(void)
{
	if (setresgid(65534, 65534, 65534))
		_exit(1);
}

/* Constructors may have asked for it: getauxval(AT_GID). */
START_TEST(group)
{
	if (geteuid())
		return;
	image_prepare(plain);
	ck_assert_int_eq(image_is_resumed(plain, other_groups), 0);
}
END_TEST

static void fewer_capabilities(void)
{
	if (prctl(PR_CAPBSET_DROP, 0, 0, 0, 0))
		_exit(1);
}

/* A library has asked for the capabilities that there may be: PR_CAPBSET_READ. */
START_TEST(capabilities)
{
	char *envp[] = {"LD_PRELOAD=" FIXTURE("calls"), IMAGE_CALL(1, SYS_prctl, "23 0"), NULL};

	if (prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 1 || geteuid())
		return;
	image_prepare(envp);
	ck_assert_int_eq(image_is_resumed(envp, fewer_capabilities), 0);
}
END_TEST

/* In units of 256 KiB; set before image_run(). */
static rlim_t address_space;

static void limit_memory(void)
{
	struct rlimit limit = {address_space << 18, address_space << 18};

	setrlimit(RLIMIT_AS, &limit);
}

/* Wherever there is room for the program natively, there is room for it from the image. */
START_TEST(address_space_limit)
{
	char *argv[] = {"readlink", "link", NULL};
	static struct run native;
	static struct run started;
	int enough = 0;

	ck_assert_int_eq(symlink("anywhere", "link"), 0);
	image_prepare(plain);
	for (address_space = 1; address_space <= 32; address_space++) {
		image_run(&native, scratch_path("readlink"), argv, plain, limit_memory);
		image_run(&started, scratch_path("image"), argv, plain, limit_memory);
		if (native.status != 0)
			continue;
		enough++;
		ck_assert_int_eq(started.status, 0);
		ck_assert_str_eq(started.output, native.output);
	}
	ck_assert_int_gt(enough, 0);
	ck_assert_int_lt(enough, 32);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_fresh");
	TCase *tc = scratch_case(suite, "fresh", 60);

	tcase_add_test(tc, target_renamed_over);
	tcase_add_test(tc, target_touched);
	tcase_add_test(tc, target_mode_changed);
	tcase_add_test(tc, target_symlink_switched);
	tcase_add_loop_test(tc, target_directory_moved, 0, 2);
	tcase_add_test(tc, library_replaced);
	tcase_add_test(tc, library_appeared);
	tcase_add_loop_test(tc, loader_variables, 0, 5);
	tcase_add_test(tc, all_loader_variables);
	tcase_add_test(tc, variable_gone);
	tcase_add_test(tc, constructors_variable);
	tcase_add_test(tc, constructors_variable_appeared);
	tcase_add_test(tc, stack_limit);
	tcase_add_test(tc, processors);
	tcase_add_test(tc, processors_of_service);
	tcase_add_loop_test(tc, file_appeared, 0, LOOKUPS);
	tcase_add_test(tc, directory_appeared);
	tcase_add_test(tc, file_changed);
	tcase_add_loop_test(tc, constants, 0, 2);
	tcase_add_test(tc, secure);
	tcase_add_test(tc, group);
	tcase_add_test(tc, capabilities);
	tcase_add_test(tc, address_space_limit);
	return scratch_run(suite);
}
