/*
 * The preload's look at an executable: elfcache/exe.h.  Input: two bytes for the size of a file,
 * this file, and then another one, which stands for its interpreter if it is a script.
 */
#include "elfcache/exe.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

static void check(const struct exe *exe)
{
	FUZZ_ASSERT(exe->kind > EXE_UNREADABLE && exe->kind < EXE_KINDS);
	FUZZ_ASSERT(memchr(exe->interpreter, '\0', sizeof exe->interpreter));
	FUZZ_ASSERT(memchr(exe->argument, '\0', sizeof exe->argument));
	FUZZ_ASSERT(exe->kind != EXE_SCRIPT || !strpbrk(exe->interpreter, " \t\n"));
	FUZZ_ASSERT(exe->kind == EXE_SCRIPT || !exe->argument[0]);
	FUZZ_ASSERT(exe->kind != EXE_GLIBC || strstr(exe->interpreter, "ld-linux-x86-64.so.2"));
	fuzz_touch_string(exe_kind_name(exe->kind));
}

static void look(const char *path, struct exe *exe)
{
	FUZZ_ASSERT(exe_look(AT_FDCWD, path, exe) == 0);
	check(exe);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	size_t first_size = fuzz_number(&in, 2);
	const uint8_t *first = fuzz_bytes(&in, first_size, &first_size);
	const char *second_path = fuzz_file(1, in.at, in.left);
	enum exe_kind loaded;
	struct exe exe;
	struct exe second;

	look(fuzz_file(0, first, first_size), &exe);
	look(second_path, &second);
	loaded = exe_loaded_kind(&exe);
	FUZZ_ASSERT(exe.kind == EXE_SCRIPT || loaded == exe.kind);
	if (exe.kind != EXE_SCRIPT || !exe.interpreter[0])
		return 0;
	snprintf(exe.interpreter, sizeof exe.interpreter, "%s", second_path);
	loaded = exe_loaded_kind(&exe);
	FUZZ_ASSERT(second.kind == EXE_SCRIPT || loaded == second.kind);
	FUZZ_ASSERT(loaded != EXE_SCRIPT || second.kind == EXE_SCRIPT);
	return 0;
}
