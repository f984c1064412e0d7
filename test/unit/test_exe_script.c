#include "elfcache/exe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elf_maker.h"
#include "scratch.h"

/* Look at a file that can be read. */
static struct exe look(const char *path)
{
	struct exe exe;

	memset(&exe, 0xaa, sizeof exe);
	errno = 4711;
	ck_assert_int_eq(exe_look(AT_FDCWD, path, &exe), 0);
	ck_assert_int_eq(errno, 4711);
	ck_assert_ptr_nonnull(memchr(exe.interpreter, '\0', sizeof exe.interpreter));
	return exe;
}

static struct exe look_at_text(const char *text, size_t size)
{
	scratch_file("script", text, size, 0755);
	return look("script");
}

START_TEST(interpreters_of_scripts)
{
	static const struct {
		const char *text;
		const char *interpreter;
	} cases[] = {
		{"#!/bin/sh\n", "/bin/sh"},
		{"#!/bin/sh", "/bin/sh"},
		{"#! /bin/sh\n", "/bin/sh"},
		{"#!\t/bin/sh\t-e\n", "/bin/sh"},
		{"#! \t \t/bin/sh -e -x\necho\n", "/bin/sh"},
		{"#!/bin/sh   \n", "/bin/sh"},
		{"#!/bin/sh\r\n", "/bin/sh\r"},
		{"#!sh\n", "sh"},
		{"#!./a b\n", "./a"},
		{"#!/usr/bin/env python3\n", "/usr/bin/env"},
		{"#!/bin/sh#!/bin/ash\n", "/bin/sh#!/bin/ash"},
		{"#!", ""},
		{"#!\n", ""},
		{"#!\n/bin/sh\n", ""},
		{"#! \t \n", ""},
		{"#! ", ""},
		{"#!\r\n", "\r"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct exe exe = look_at_text(cases[i].text, strlen(cases[i].text));

		ck_assert_int_eq(exe.kind, EXE_SCRIPT);
		ck_assert_str_eq(exe.interpreter, cases[i].interpreter);
		ck_assert_uint_eq(exe.machine, 0);
		ck_assert_uint_eq(exe.type, 0);
	}
	ck_assert_str_eq(look_at_text("#!/bin/sh\0x\n", 12).interpreter, "/bin/sh");
	ck_assert_str_eq(look_at_text("#!\0/bin/sh\n", 11).interpreter, "");
}
END_TEST

START_TEST(texts_that_are_no_scripts)
{
	static const char *const texts[] = {"",
					    "#",
					    "# !/bin/sh\n",
					    " #!/bin/sh\n",
					    "\n#!/bin/sh\n",
					    "\xef\xbb\xbf#!/bin/sh\n",
					    "!#/bin/sh\n",
					    "MZ"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct exe exe = look_at_text(texts[i], strlen(texts[i]));

		ck_assert_int_eq(exe.kind, EXE_OTHER);
		ck_assert_str_eq(exe.interpreter, "");
	}
}
END_TEST

/* 0 if the kernel runs the file and it succeeds, else the error number of execve(2). */
static int run(const char *path)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl(path, path, NULL);
		_exit(errno);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Lines around the kernel's limit, and what the kernel itself makes of them. */
START_TEST(lines_are_cut_where_the_kernel_cuts_them)
{
	static const char *const ends[] = {"", "\n", " ", " -e\n", "\t", "\n:\n"};
	char text[600];

	for (size_t len = 248; len < 264; len++)
		for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
			const char *cwd = scratch_path("");
			size_t name = len - 2;
			char path[300];
			struct exe exe;

			/* "#!" and a name, len bytes together. */
			ck_assert_uint_lt(strlen(cwd) + 10, name);
			memset(path, 'x', sizeof path);
			memcpy(path, cwd, strlen(cwd));
			path[name] = '\0';
			snprintf(text, sizeof text, "#!%s%s", path, ends[i]);
			unlink(path);
			ck_assert_int_eq(symlink("/bin/true", path), 0);
			exe = look_at_text(text, strlen(text));
			ck_assert_int_eq(exe.kind, EXE_SCRIPT);
			if (run("./script") == 0)
				ck_assert_str_eq(exe.interpreter, path);
			else
				ck_assert_str_eq(exe.interpreter, "");
			unlink(path);
		}
}
END_TEST

/* A chain of `depth` scripts, the last of which names `end`. */
static struct exe make_chain(unsigned depth, const char *end)
{
	char text[PATH_MAX + 8];
	char name[16];

	for (unsigned i = 1; i <= depth; i++) {
		snprintf(name, sizeof name, "s%u", i - 1);
		snprintf(text, sizeof text, "#!%s\n", i == 1 ? end : scratch_path(name));
		snprintf(name, sizeof name, "s%u", i);
		scratch_file(name, text, strlen(text), 0755);
	}
	return look(name);
}

START_TEST(scripts_of_scripts)
{
	for (unsigned depth = 1; depth <= 8; depth++) {
		struct exe exe = make_chain(depth, "/bin/true");
		char name[16];
		int err;

		ck_assert_int_eq(exe.kind, EXE_SCRIPT);
		snprintf(name, sizeof name, "s%u", depth);
		err = run(scratch_path(name));
		ck_assert_int_eq(err, depth <= 5 ? 0 : ELOOP);
		/* Where the kernel gives up nothing is loaded, and any answer but this is wrong. */
		ck_assert_int_eq(exe_loaded_kind(&exe) == EXE_GLIBC, err == 0);
	}
}
END_TEST

START_TEST(what_is_behind_a_script_is_found)
{
	static struct elf_image image;
	struct elf_plan plan = elf_plan_usual();
	struct exe exe;

	plan.is32 = true;
	elf_make(&image, &plan);
	elf_write(&image, "elf32");
	exe = make_chain(1, scratch_path("elf32"));
	ck_assert_int_eq(exe_loaded_kind(&exe), EXE_ELF32);
	exe = make_chain(3, scratch_path("elf32"));
	ck_assert_int_eq(exe_loaded_kind(&exe), EXE_ELF32);
	/* Relative to the working directory. */
	exe = make_chain(1, "elf32");
	ck_assert_int_eq(exe_loaded_kind(&exe), EXE_ELF32);
	exe = make_chain(1, "/nowhere");
	ck_assert_int_eq(exe_loaded_kind(&exe), EXE_UNREADABLE);
	exe = look_at_text("#!\n", 3);
	ck_assert_int_eq(exe_loaded_kind(&exe), EXE_OTHER);
}
END_TEST

/* What waits for a reader would get one. */
START_TEST(interpreters_that_are_no_files_are_not_opened)
{
	struct exe exe = make_chain(1, scratch_path("fifo"));
	int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[256];

	ck_assert_int_eq(mkfifo("fifo", 0700), 0);
	ck_assert_int_ge(watch, 0);
	ck_assert_int_ge(inotify_add_watch(watch, "fifo", IN_OPEN), 0);
	ck_assert_int_eq(exe_loaded_kind(&exe), EXE_UNREADABLE);
	ck_assert_int_lt(read(watch, events, sizeof events), 0);
	ck_assert_int_eq(errno, EAGAIN);
	exe = make_chain(2, "/dev/null");
	ck_assert_int_eq(exe_loaded_kind(&exe), EXE_UNREADABLE);
	close(watch);
}
END_TEST

START_TEST(a_loop_of_scripts_ends)
{
	char text[PATH_MAX + 8];
	struct exe exe;

	snprintf(text, sizeof text, "#!%s\n", scratch_path("loop"));
	scratch_file("loop", text, strlen(text), 0755);
	exe = look("loop");
	ck_assert_int_eq(exe_loaded_kind(&exe), EXE_SCRIPT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exe_script");
	TCase *scripts = scratch_case(suite, "scripts", 20);

	tcase_add_test(scripts, interpreters_of_scripts);
	tcase_add_test(scripts, texts_that_are_no_scripts);
	tcase_add_test(scripts, lines_are_cut_where_the_kernel_cuts_them);
	tcase_add_test(scripts, scripts_of_scripts);
	tcase_add_test(scripts, what_is_behind_a_script_is_found);
	tcase_add_test(scripts, interpreters_that_are_no_files_are_not_opened);
	tcase_add_test(scripts, a_loop_of_scripts_ends);
	return scratch_run(suite);
}
