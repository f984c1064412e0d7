/*
 * Programs that are started from an image do what they do natively.
 */
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"
#include "shim/template/image/place.h"
#include "shim/template/image/read.h"

#define FIXTURE(name) "LD_PRELOAD=" FIXTURE_DIR "/libimage_fixture_" name ".so"

static char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/", NULL};

struct use {
	char *program;
	char *argv[8];
};

/* argv[0] is a name of its own, so that programs that print it print the same both times. */
static const struct use uses[] = {
	{"/bin/true", {"true"}},
	{"/bin/false", {"false"}},
	{"/bin/echo", {"echo", "-n", "one", "two"}},
	{"/bin/sh", {"sh", "-c", "for i in 1 2 3; do (echo $i; exit $i); echo $?; done | cat"}},
	{"/bin/bash",
	 {"bash", "-c", "echo $0 $BASH_VERSION; a=(1 2); echo ${a[@]}; kill -TERM $$"}},
	{"/usr/bin/sort", {"sort", "-r", "/etc/passwd"}},
	{"/bin/sed", {"sed", "-n", "s/root/ROOT/p", "/etc/passwd"}},
	{"/bin/grep", {"grep", "-c", ".", "/etc/passwd"}},
	{"/usr/bin/find", {"find", "/etc/apt", "-maxdepth", "1"}},
	{"/usr/bin/awk", {"awk", "BEGIN { for (i in ENVIRON) n++; print n, ARGV[0], sin(1) }"}},
	{"/usr/bin/perl", {"perl", "-e", "print \"$0 @ARGV\\n\"; print `echo out`; exit 3", "a"}},
	{"/bin/ls", {"ls", "/nonexistent"}},
	{"/usr/bin/env", {"env"}},
	{"/usr/bin/make", {"make", "--version"}},
	{"/usr/bin/cmake", {"cmake", "-E", "echo", "text"}},
	{"/usr/bin/ld", {"ld", "--version"}},
	{"/bin/dd", {"dd", "if=/dev/zero", "of=/dev/null", "bs=64k", "count=4", "status=none"}},
};

START_TEST(same_as_native)
{
	const struct use *use = &uses[_i];
	const char *image = scratch_path(strrchr(use->program, '/') + 1);
	static struct run native;
	static struct run started;
	char why[128];

	if (access(use->program, X_OK) != 0)
		return;
	ck_assert_msg(!image_bake(image, use->program, environment, why), "%s: %s", use->program,
		      why);
	image_run(&native, use->program, use->argv, environment, NULL);
	image_run(&started, image, use->argv, environment, NULL);
	ck_assert_int_eq(native.status, started.status);
	ck_assert_str_eq(native.output, started.output);
}
END_TEST

/* What constructors have registered runs when it should, also where a libc mangles pointers. */
static const struct {
	char *preload;
	char *argv[4];
	const char *output;
} registrations[] = {
	{FIXTURE("atexit"), {"true"}, "end\n"},
	{FIXTURE("atfork"), {"sh", "-c", "(:); :"}, "child\n"},
};

START_TEST(registered)
{
	char *envp[] = {"PATH=/usr/bin:/bin", registrations[_i].preload, NULL};
	const char *image = scratch_path(registrations[_i].argv[0]);
	char program[64];
	static struct run started;
	char why[128];

	snprintf(program, sizeof program, "/bin/%s", registrations[_i].argv[0]);
	ck_assert_msg(!image_bake(image, program, envp, why), "%s", why);
	image_run(&started, image, registrations[_i].argv, envp, NULL);
	ck_assert_int_eq(started.status, 0);
	ck_assert_str_eq(started.output, registrations[_i].output);
}
END_TEST

/* What constructors may do: what comes of it, which destructors say, is the same natively. */
static char *const harmless[] = {
	FIXTURE("byte"),     FIXTURE("exe"),      FIXTURE("garbage"),  FIXTURE("action"),
	FIXTURE("unblocks"), FIXTURE("restores"), FIXTURE("affinity"), FIXTURE("thread_state"),
	FIXTURE("rounds"),   FIXTURE("memory"),
};

/* All but one, and those that libc hides too. */
static void block_signals(void)
{
	unsigned long set = ~(1UL << (SIGUSR1 - 1));

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, sizeof set);
}

/* The part of what it writes that is the same each time ends with the first line. */
static void run_twice(char *preload, struct run *native, struct run *started)
{
	char *envp[] = {"PATH=/usr/bin:/bin", preload, NULL};
	char *argv[] = {"true", NULL};
	const char *image = scratch_path("true");
	char why[128];

	ck_assert_msg(!image_bake(image, "/bin/true", envp, why), "%s", why);
	image_run(native, "/bin/true", argv, envp, block_signals);
	image_run(started, image, argv, envp, block_signals);
	ck_assert_int_eq(native->status, 0);
	ck_assert_int_eq(started->status, 0);
	ck_assert_ptr_nonnull(strchr(native->output, '\n'));
	ck_assert_ptr_nonnull(strchr(started->output, '\n'));
}

START_TEST(learned)
{
	static struct run native;
	static struct run started;

	run_twice(harmless[_i], &native, &started);
	*strchr(native.output, '\n') = '\0';
	*strchr(started.output, '\n') = '\0';
	ck_assert_str_eq(native.output, started.output);
}
END_TEST

/* A library has asked for random bytes at start-up: those of two processes differ. */
START_TEST(random_bytes)
{
	char *envp[] = {"PATH=/usr/bin:/bin", FIXTURE("byte"), NULL};
	static struct run native;
	static struct run started;
	static struct run another;

	run_twice(FIXTURE("byte"), &native, &started);
	image_run(&another, scratch_path("true"), (char *[]){"true", NULL}, envp, NULL);
	ck_assert_uint_gt(strlen(strchr(started.output, '\n')), 16);
	ck_assert_str_ne(started.output, another.output);
}
END_TEST

static void read_guards(const struct run *run, unsigned long guards[2])
{
	ck_assert_int_eq(sscanf(strchr(run->output, '\n'), "%lx %lx", &guards[0], &guards[1]), 2);
}

/* Those of frames and of pointers: two processes do not have the same. */
START_TEST(guards)
{
	char *envp[] = {"PATH=/usr/bin:/bin", FIXTURE("thread_state"), NULL};
	static struct run native;
	static struct run started;
	static struct run another;
	unsigned long ours[2];
	unsigned long others[2];

	run_twice(FIXTURE("thread_state"), &native, &started);
	image_run(&another, scratch_path("true"), (char *[]){"true", NULL}, envp, NULL);
	read_guards(&started, ours);
	read_guards(&another, others);
	ck_assert_uint_ne(ours[0], others[0]);
	ck_assert_uint_ne(ours[1], others[1]);
}
END_TEST

/* Bake a program, and run it natively and from its image. */
static void run_both(const char *program, char *argv[], char *envp[], struct run *native,
		     struct run *started)
{
	const char *image = scratch_path(argv[0]);
	char why[128];

	ck_assert_msg(!image_bake(image, program, envp, why), "%s", why);
	image_run(native, program, argv, envp, NULL);
	image_run(started, image, argv, envp, NULL);
}

/* Who asks in vain changes nothing of what the kernel knows: whether there is rseq(2), a list of
   another size, a thread control block where there can be none. */
START_TEST(thread_asked)
{
	char *envp[] = {"PATH=/usr/bin:/bin",
			FIXTURE("thread_state") ":" FIXTURE_DIR "/libimage_fixture_calls.so",
			IMAGE_CALL(1, SYS_rseq, "0 0 0 0 , ")
				IMAGE_NEXT(1, SYS_set_robust_list, "@ 8 , ")
					IMAGE_NEXT(1, SYS_arch_prctl, "0x1002 -1"),
			NULL};
	char *argv[] = {"true", NULL};
	static struct run native;
	static struct run started;

	run_both("/bin/true", argv, envp, &native, &started);
	*strchr(native.output, '\n') = '\0';
	ck_assert_int_eq(started.status, 0);
	*strchr(started.output, '\n') = '\0';
	ck_assert_str_eq(native.output, started.output);
}
END_TEST

/* ld.so may put a copy of it into the environment. */
START_TEST(tunables)
{
	char *envp[] = {"PATH=/usr/bin:/bin", "GLIBC_TUNABLES=glibc.malloc.trim_threshold=100000",
			"LAST=1", NULL};
	char *argv[] = {"env", NULL};
	static struct run native;
	static struct run started;

	run_both("/usr/bin/env", argv, envp, &native, &started);
	ck_assert_str_eq(native.output, started.output);
}
END_TEST

/* Set before image_run(). */
static rlim_t stack_limit;

static void limit_stack(void)
{
	const struct rlimit limit = {stack_limit, RLIM_INFINITY};

	if (setrlimit(RLIMIT_STACK, &limit))
		_exit(1);
}

/* The default for stacks of threads is made of the limit; it is a number of whole pages. */
START_TEST(thread_stacks)
{
	static const rlim_t limits[] = {RLIM_INFINITY, 2 << 20, (3 << 20) + 1, 64 << 20};
	char *envp[] = {"PATH=/usr/bin:/bin", FIXTURE("thread_stack"), NULL};
	char *argv[] = {"true", NULL};
	const char *image = scratch_path("true");
	struct rlimit limit;
	static struct run native;
	static struct run started;
	char why[128];

	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_max != RLIM_INFINITY)
		return;
	ck_assert_msg(!image_bake(image, "/bin/true", envp, why), "%s", why);
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		stack_limit = limits[i];
		image_run(&native, "/bin/true", argv, envp, limit_stack);
		image_run(&started, image, argv, envp, limit_stack);
		ck_assert_int_eq(native.status, 0);
		ck_assert_int_eq(started.status, 0);
		ck_assert_str_eq(native.output, started.output);
	}
}
END_TEST

/* Functions that are another, or there at all, only when they are called. */
static const struct use late_uses[] = {
	{FIXTURE_DIR "/image_fixture_weak", {"weak", FIXTURE_DIR "/libimage_fixture_late.so"}},
	{FIXTURE_DIR "/image_fixture_choice", {"choice"}},
};

START_TEST(late)
{
	const struct use *use = &late_uses[_i];
	const char *image = scratch_path("image");
	static struct run native;
	static struct run started;
	char why[128];

	ck_assert_msg(!image_bake(image, use->program, environment, why), "%s", why);
	image_run(&native, use->program, use->argv, environment, NULL);
	image_run(&started, image, use->argv, environment, NULL);
	ck_assert_int_eq(started.status, 0);
	ck_assert_str_eq(started.output, native.output);
}
END_TEST

/* A library that it looks for where the program is. */
START_TEST(origin)
{
	const char *program = FIXTURE_DIR "/image_fixture_origin";
	char *argv[] = {"origin", NULL};
	static struct run native;
	static struct run started;

	run_both(program, argv, environment, &native, &started);
	ck_assert_int_eq(started.status, 0);
	ck_assert_str_eq(started.output, native.output);
	ck_assert_ptr_nonnull(strstr(started.output, " " FIXTURE_DIR "/lib"));
}
END_TEST

/* A script's program is its interpreter, which a symbolic link leads to. */
START_TEST(origin_of_script)
{
	const char *script = scratch_path("script");
	const char *interpreter = scratch_path("interpreter");
	char *argv[] = {(char *)(uintptr_t)interpreter, (char *)(uintptr_t)script, NULL};
	const char *image = scratch_path("image");
	static struct run native;
	static struct run started;
	char text[4200];
	char why[128];

	ck_assert_int_eq(symlink(FIXTURE_DIR "/image_fixture_origin", interpreter), 0);
	snprintf(text, sizeof text, "#!%s\n", interpreter);
	scratch_file(script, text, strlen(text), 0755);
	ck_assert_msg(!image_bake(image, script, environment, why), "%s", why);
	image_run(&native, script, (char *[]){"given", NULL}, environment, NULL);
	image_run(&started, image, argv, environment, NULL);
	ck_assert_int_eq(started.status, 0);
	ck_assert_str_eq(started.output, native.output);
	ck_assert_ptr_nonnull(strstr(started.output, " " FIXTURE_DIR "/lib"));
}
END_TEST

/* Objects of a program are where they may be: the kernel moves it accordingly. */
START_TEST(aligned)
{
	const char *program = FIXTURE_DIR "/image_fixture_aligned";
	const char *image = scratch_path("image");
	static struct run started;
	char why[128];

	ck_assert_msg(!image_bake(image, program, environment, why), "%s", why);
	image_run(&started, image, (char *[]){"aligned", NULL}, environment, NULL);
	ck_assert_int_eq(started.status, 0);
	ck_assert_str_eq(started.output, "0\n");
}
END_TEST

/* The program says nothing of its stack. */
static void forget_stack(const char *program)
{
	int fd = open(program, O_RDWR | O_CLOEXEC);
	Elf64_Phdr ph = {.p_type = PT_LOAD};
	Elf64_Ehdr eh;

	ck_assert_int_eq(pread(fd, &eh, sizeof eh, 0), sizeof eh);
	for (off_t at = (off_t)eh.e_phoff; ph.p_type != PT_NULL; at += (off_t)sizeof ph) {
		ck_assert_int_eq(pread(fd, &ph, sizeof ph, at), sizeof ph);
		if (ph.p_type != PT_GNU_STACK)
			continue;
		ph.p_type = PT_NULL;
		ck_assert_int_eq(pwrite(fd, &ph, sizeof ph, at), sizeof ph);
	}
	ck_assert_int_eq(close(fd), 0);
}

/* "rw-p", from /proc/self/maps. */
static const char *stack_rights(struct run *run)
{
	char *end = strstr(run->output, "[stack]");

	ck_assert_ptr_nonnull(end);
	while (end > run->output && end[-1] != '\n')
		end--;
	end = strchr(end, ' ') + 1;
	end[4] = '\0';
	return end;
}

START_TEST(stack)
{
	char *argv[] = {"cat", "/proc/self/maps", NULL};
	const char *program = scratch_path("program");
	const char *image = scratch_path("cat");
	static struct run native;
	static struct run started;
	char why[128];

	image_copy_file("/bin/cat", program);
	forget_stack(program);
	ck_assert_msg(!image_bake(image, program, environment, why), "%s", why);
	image_run(&native, program, argv, environment, NULL);
	image_run(&started, image, argv, environment, NULL);
	ck_assert_int_eq(started.status, 0);
	ck_assert_str_eq(stack_rights(&started), stack_rights(&native));
}
END_TEST

static long long clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* What a library has noted of the time is that of the start, and not of the image. */
START_TEST(times)
{
	char *envp[] = {"PATH=/usr/bin:/bin", FIXTURE("times"), NULL};
	const clockid_t clocks[] = {CLOCK_REALTIME,
				    CLOCK_MONOTONIC,
				    CLOCK_MONOTONIC_COARSE,
				    CLOCK_REALTIME,
				    /* us */ CLOCK_REALTIME_COARSE, /* s */
				    CLOCK_REALTIME /* ms */,
				    CLOCK_REALTIME /* us */};
	const long long units[] = {1, 1, 1, 1000, 1000000000, 1000000, 1000};
	const char *image = scratch_path("true");
	static struct run started;
	long long before[7];
	char why[128];
	char *at = started.output;

	ck_assert_msg(!image_bake(image, "/bin/true", envp, why), "%s", why);
	for (int i = 0; i < 7; i++)
		before[i] = clock_ns(clocks[i]) / units[i];
	image_run(&started, image, (char *[]){"true", NULL}, envp, NULL);
	for (int i = 0; i < 7; i++) {
		long long mask = i == 4 || i == 5 ? 0xffffffff : -1LL;
		long long time = strtoll(at, &at, 10);

		ck_assert_int_ge(time, before[i] & mask);
		ck_assert_int_le(time, (clock_ns(clocks[i]) / units[i]) & mask);
	}
	ck_assert_str_eq(at, "\n");
}
END_TEST

/* As the preload starts it, with the arguments that the kernel would make. */
START_TEST(hashbang)
{
	static const char text[] =
		"#!/bin/sh -e\necho \"$0|$*|$-\"; cat /proc/$$/comm; false; echo\n";
	const char *script = scratch_path("a script");
	static struct run native;
	static struct run started;
	char why[128];

	scratch_file(script, text, sizeof text - 1, 0755);
	ck_assert_int_eq(mkdir(scratch_path("images"), 0700), 0);
	ck_assert_msg(!image_bake(scratch_path("images/a script"), script, environment, why), "%s",
		      why);
	image_run(&native, script, (char *[]){"given", "one", "two three", NULL}, environment,
		  NULL);
	image_run(&started, scratch_path("images/a script"),
		  (char *[]){"/bin/sh", "-e", (char *)(uintptr_t)script, "one", "two three", NULL},
		  environment, NULL);
	ck_assert_int_eq(native.status, started.status);
	ck_assert_str_eq(native.output, started.output);
	/* It changes: what is started then is the script as it is, with the same arguments. */
	scratch_file(script, "#!/bin/echo\n", 12, 0755);
	image_run(&native, script, (char *[]){"given", "one", NULL}, environment, NULL);
	image_run(&started, scratch_path("images/a script"),
		  (char *[]){"/bin/sh", "-e", (char *)(uintptr_t)script, "one", NULL}, environment,
		  NULL);
	ck_assert_str_eq(native.output, started.output);
	/* By nobody who knows what it is. */
	image_run(&started, scratch_path("images/a script"), (char *[]){"/bin/sh", "-e", NULL},
		  environment, NULL);
	ck_assert(WIFEXITED(started.status));
	ck_assert_int_eq(WEXITSTATUS(started.status), 127);
}
END_TEST

/* Another interpreter is there when the script is started. */
START_TEST(hashbang_replaced)
{
	const char *script = scratch_path("script");
	const char *interpreter = scratch_path("interpreter");
	char *given[] = {"given", NULL};
	char *argv[] = {(char *)(uintptr_t)interpreter, (char *)(uintptr_t)script, NULL};
	const char *image = scratch_path("image");
	static struct run native;
	static struct run started;
	char text[4200];
	char why[128];

	image_copy_file("/bin/sh", interpreter);
	snprintf(text, sizeof text, "#!%s\necho \"$0\"\n", interpreter);
	scratch_file(script, text, strlen(text), 0755);
	ck_assert_msg(!image_bake(image, script, environment, why), "%s", why);
	image_copy_file("/bin/cat", interpreter);
	image_run(&native, script, given, environment, NULL);
	image_run(&started, image, argv, environment, NULL);
	ck_assert_int_eq(native.status, started.status);
	ck_assert_str_eq(native.output, text);
	ck_assert_str_eq(started.output, text);
}
END_TEST

static void no_randomization(void)
{
	personality(ADDR_NO_RANDOMIZE);
}

static void legacy_layout(void)
{
	personality(ADDR_COMPAT_LAYOUT);
}

START_TEST(many_starts)
{
	static void (*const setups[])(void) = {NULL, no_randomization, legacy_layout};
	const char *program = "/usr/bin/readlink";
	const char *image = scratch_path("readlink");
	char why[128];

	ck_assert_int_eq(image_bake(image, program, environment, why), 0);
	for (int n = 0; n < 200; n++)
		ck_assert_int_eq(image_was_resumed(image, program, environment, setups[_i]), 1);
}
END_TEST

START_TEST(large_arguments)
{
	enum { SIZE = 100000, COUNT = 18 };
	const char *image = scratch_path("true");
	char *argv[COUNT + 1] = {"true"};
	static struct run run;
	char why[128];

	for (int i = 1; i < COUNT; i++) {
		argv[i] = malloc(SIZE);
		ck_assert_ptr_nonnull(argv[i]);
		memset(argv[i], 'x', SIZE - 1);
		argv[i][SIZE - 1] = '\0';
	}
	ck_assert_int_eq(image_bake(image, "/bin/true", environment, why), 0);
	image_run(&run, image, argv, environment, NULL);
	ck_assert_int_eq(run.status, 0);
	for (int i = 1; i < COUNT; i++)
		free(argv[i]);
}
END_TEST

static unsigned char *read_image(const char *image, size_t *size)
{
	int fd = open(image, O_RDONLY | O_CLOEXEC);
	unsigned char *data;
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	data = malloc(*size);
	ck_assert_ptr_nonnull(data);
	ck_assert_int_eq(read(fd, data, *size), st.st_size);
	close(fd);
	return data;
}

/* Nothing of the environment it was baked in, but what freshness needs. */
START_TEST(no_secrets)
{
	char *envp[] = {"PATH=/usr/bin", "SECRET_TOKEN=correct-horse-battery", "MALLOC_ARENA_MAX=3",
			NULL};
	const char *image = scratch_path("sh");
	unsigned char *data;
	char why[128];
	size_t size;

	ck_assert_int_eq(image_bake(image, "/bin/sh", envp, why), 0);
	data = read_image(image, &size);
	ck_assert_ptr_null(memmem(data, size, "correct-horse", 13));
	ck_assert_ptr_null(memmem(data, size, "SECRET_TOKEN", 12));
	ck_assert_ptr_nonnull(memmem(data, size, "MALLOC_ARENA_MAX=3", 18));
	free(data);
}
END_TEST

/* Every segment lies where the kernel puts nothing of its own, and the file is not large. */
START_TEST(placement)
{
	const char *image = scratch_path("bash");
	const Elf64_Ehdr *eh;
	unsigned char *data;
	char why[128];
	size_t size;

	ck_assert_int_eq(image_bake(image, "/bin/bash", environment, why), 0);
	data = read_image(image, &size);
	eh = (const void *)data;
	for (int i = 0; i < eh->e_phnum; i++) {
		const Elf64_Phdr *ph = (const void *)(data + eh->e_phoff + i * sizeof *ph);

		if (ph->p_type != PT_LOAD)
			continue;
		ck_assert_uint_ge(ph->p_vaddr, IMAGE_LOW);
		ck_assert_uint_lt(ph->p_vaddr + ph->p_memsz, IMAGE_HIGH);
		ck_assert_uint_le(ph->p_offset + ph->p_filesz, size);
	}
	ck_assert_uint_lt(size, 1024 * 1024);
	free(data);
}
END_TEST

/* What is written to at the start only is read-only then. */
START_TEST(protection)
{
	char *argv[] = {"cat", "/proc/self/maps", NULL};
	const char *image = scratch_path("cat");
	const struct image_protect *list;
	static struct run run;
	struct image_view view;
	char why[128];
	int fd;

	ck_assert_msg(!image_bake(image, "/bin/cat", environment, why), "%s", why);
	fd = open(image, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(image_read(fd, &view), 0);
	close(fd);
	image_run(&run, image, argv, environment, NULL);
	ck_assert_int_eq(run.status, 0);
	list = (const void *)((const char *)view.table + view.table->protects.at);
	ck_assert_uint_gt(view.table->protects.count, 0);
	for (uint32_t i = 0; i < view.table->protects.count; i++) {
		unsigned found = 0;

		for (const char *line = run.output; line; line = strchr(line + 1, '\n')) {
			unsigned long from;
			unsigned long to;
			char writable;

			if (sscanf(line, "%lx-%lx %*c%c", &from, &to, &writable) != 3 ||
			    to <= list[i].at || from >= list[i].at + list[i].size)
				continue;
			found++;
			ck_assert_msg(writable == '-', "%lx: %s", list[i].at, run.output);
		}
		ck_assert_uint_gt(found, 0);
	}
	image_read_end(&view);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_start");
	TCase *tc = scratch_case(suite, "start", 60);

	tcase_add_loop_test(tc, same_as_native, 0, sizeof uses / sizeof uses[0]);
	tcase_add_loop_test(tc, registered, 0, 2);
	tcase_add_loop_test(tc, learned, 0, sizeof harmless / sizeof harmless[0]);
	tcase_add_test(tc, random_bytes);
	tcase_add_test(tc, guards);
	tcase_add_test(tc, thread_asked);
	tcase_add_test(tc, tunables);
	tcase_add_test(tc, thread_stacks);
	tcase_add_loop_test(tc, late, 0, 2);
	tcase_add_test(tc, origin);
	tcase_add_test(tc, origin_of_script);
	tcase_add_test(tc, aligned);
	tcase_add_test(tc, stack);
	tcase_add_test(tc, times);
	tcase_add_test(tc, hashbang);
	tcase_add_test(tc, hashbang_replaced);
	tcase_add_loop_test(tc, many_starts, 0, 3);
	tcase_add_test(tc, large_arguments);
	tcase_add_test(tc, no_secrets);
	tcase_add_test(tc, placement);
	tcase_add_test(tc, protection);
	return scratch_run(suite);
}
