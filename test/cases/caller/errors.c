/* Every function with files that cannot be started, each in its own way. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/case.h"
#include "attempt.h"

static void copy(const char *from, const char *to, off_t length)
{
	static char buf[1 << 20];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ssize_t n;

	REQUIRE(in != -1 && out != -1);
	n = read(in, buf, sizeof buf);
	REQUIRE(n > 0);
	if (length && length < n)
		n = length;
	REQUIRE(write(out, buf, (size_t)n) == n);
	REQUIRE(fchmod(out, 0555) == 0);
	close(in);
	close(out);
}

/* A copy of a program with one field of its ELF header changed. */
static void make_odd_elf(const char *program, const char *name, size_t offset, char value)
{
	int fd;

	copy(program, name, 0);
	REQUIRE(chmod(name, 0755) == 0);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	REQUIRE(fd != -1 && pwrite(fd, &value, 1, (off_t)offset) == 1);
	close(fd);
}

static void make_scripts(void)
{
	char line[600];

	make_file("script", "#!/bin/sh\nexit 7\n", 0755);
	make_file("script-missing", "#!/no/such/interpreter\n", 0755);
	make_file("script-plain", "#!./plain\n", 0755);
	make_file("script-directory", "#!/\n", 0755);
	make_file("script-itself", "#!./script-itself\n", 0755);
	make_file("script-empty", "#!\n", 0755);
	make_file("script-garbage", "#!./garbage\n", 0755);
	make_file("script-none", "exit 7\n", 0755);
	make_file("script-not-executable", "#!/bin/sh\nexit 7\n", 0644);
	snprintf(line, sizeof line, "#!/bin/sh %s\n", repeated('x', 500));
	make_file("script-long", line, 0755);
	make_file("nested0", "#!/bin/sh\nexit 8\n", 0755);
	for (int depth = 1; depth < 8; depth++) {
		char name[16];

		snprintf(name, sizeof name, "nested%d", depth);
		snprintf(line, sizeof line, "#!./nested%d\n", depth - 1);
		make_file(name, line, 0755);
	}
}

static void make_files(const char *program)
{
	make_file("plain", "text\n", 0644);
	make_file("empty", "", 0755);
	make_file("garbage", "\1\2\3\4 neither ELF nor script", 0755);
	make_scripts();
	REQUIRE(mkdir("directory", 0755) == 0);
	REQUIRE(mkfifo("fifo", 0755) == 0);
	REQUIRE(symlink("loop", "loop") == 0);
	REQUIRE(symlink("nowhere", "dangling") == 0);
	REQUIRE(symlink(program, "link") == 0);
	copy(program, "unreadable", 0);
	REQUIRE(chmod("unreadable", 0111) == 0);
	copy(program, "truncated", 40);
	copy(program, "half", 700);
	make_odd_elf(program, "odd-class", EI_CLASS, 7);
	make_odd_elf(program, "odd-data", EI_DATA, ELFDATA2MSB);
	make_odd_elf(program, "odd-machine", offsetof(Elf64_Ehdr, e_machine), EM_ARM);
	make_odd_elf(program, "odd-type", offsetof(Elf64_Ehdr, e_type), ET_CORE);
	make_odd_elf(program, "odd-headers", offsetof(Elf64_Ehdr, e_phnum), 0);
	make_odd_elf(program, "odd-header-size", offsetof(Elf64_Ehdr, e_phentsize), 1);
	copy(program, "busy", 0);
	REQUIRE(chmod("busy", 0755) == 0);
	make_file("busy-script", "#!/bin/sh\nexit 7\n", 0755);
}

static void try_paths(const char *function)
{
	static const char *const paths[] = {
		"./missing",
		"./plain",
		"./empty",
		"./garbage",
		"./directory",
		"./fifo",
		"/dev/null",
		"./plain/x",
		"./missing/x",
		"./loop",
		"./loop/x",
		"./dangling",
		"./link",
		"./link/",
		"./script",
		"./script-missing",
		"./script-plain",
		"./script-directory",
		"./script-itself",
		"./script-empty",
		"./script-garbage",
		"./script-none",
		"./script-not-executable",
		"./script-long",
		"./nested4",
		"./nested5",
		"./nested6",
		"./nested7",
		"./unreadable",
		"./truncated",
		"./half",
		"./odd-class",
		"./odd-data",
		"./odd-machine",
		"./odd-type",
		"./odd-headers",
		"./odd-header-size",
		"./busy",
		"./busy-script",
		"",
		".",
		"/",
		"/proc/self/exe",
		"missing",
		"directory",
		"plain",
	};
	char **argv = strings("argument zero", "exit", NULL);

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		const struct attempt a = {
			.label = paths[i], .path = paths[i], .argv = argv, .envp = environ};

		attempt(function, &a);
	}
}

static void try_long_names(const char *function)
{
	static const size_t lengths[] = {255,          256,      PATH_MAX - 2,
					 PATH_MAX - 1, PATH_MAX, 2 * PATH_MAX};
	char **argv = strings("argument zero", NULL);

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		char label[64];
		char *name = repeated('x', lengths[i]);
		char *path = repeated('/', lengths[i]);
		struct attempt a = {.label = label, .argv = argv, .envp = environ};

		snprintf(label, sizeof label, "name of %zu", lengths[i]);
		a.path = name;
		attempt(function, &a);
		snprintf(label, sizeof label, "slashes of %zu", lengths[i]);
		a.path = path;
		attempt(function, &a);
		free(name);
		free(path);
	}
}

static void try_environment(const char *function, const char *program, const char *label,
			    char **argv, char **envp)
{
	const struct attempt a = {.label = label, .path = program, .argv = argv, .envp = envp};

	attempt(function, &a);
}

/* Too large: a string over MAX_ARG_STRLEN, and too many strings. */
static void try_large_arguments(const char *function, const char *program)
{
	enum { MANY = 300, EACH = 100000, STRING_MAX = 131072 };
	char **argv = strings("show", "exit", NULL);
	char **small = strings("A=1", NULL);
	char **many = calloc(MANY + 1, sizeof *many);
	char *large = repeated('y', EACH);

	REQUIRE(many != NULL);
	for (size_t i = 0; i < MANY; i++)
		many[i] = large;
	try_environment(function, program, "a variable that just fits", argv,
			strings(repeated('x', STRING_MAX - 1), NULL));
	try_environment(function, program, "a variable too large", argv,
			strings(repeated('x', STRING_MAX), NULL));
	try_environment(function, program, "30 MB of variables", argv, many);
	try_environment(function, program, "30 MB of arguments", many, small);
	free(large);
	free(many);
}

int main(int argc, char **argv)
{
	char *program = helper("show");
	int busy;

	/* As /proc/self/exe. */
	if (argc == 2 && strcmp(argv[1], "exit") == 0)
		return 9;
	make_files(program);
	busy = open("busy", O_WRONLY | O_CLOEXEC);
	REQUIRE(busy != -1 && open("busy-script", O_WRONLY | O_CLOEXEC) != -1);
	for (size_t i = 0; attempt_functions[i]; i++) {
		try_paths(attempt_functions[i]);
		try_long_names(attempt_functions[i]);
		try_large_arguments(attempt_functions[i], program);
	}
	REQUIRE(no_children());
	return 0;
}
