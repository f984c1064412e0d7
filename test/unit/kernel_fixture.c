#include "kernel_fixture.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct kernel_engine engine;
struct kernel_result result;
struct cached entry;
bool changed;
char program[PATH_MAX];
posix_spawn_file_actions_t *file_actions;
posix_spawnattr_t *attributes;
char *const some_env[] = {(char[]){"VALUE=1"}, NULL};

void kernel_fixture_setup(void)
{
	fixture_engine(&engine);
	if (fixture_entered()) {
		fixture_install("tool");
		choose_program(fixture_program("tool"));
	}
}

void choose_program(const char *path)
{
	if (path != program)
		snprintf(program, sizeof program, "%s", path);
	entry = fixture_entry(program);
}

enum reason start_with(char *const argv[], char *const envp[])
{
	const struct kernel_start start = {
		.path = program,
		.entry = &entry,
		.file_actions = file_actions,
		.attr = attributes,
		.argv = argv,
		.envp = envp,
	};

	return kernel_engine_start(&engine, &start, &result, &changed);
}

enum reason start(const char *option, const char *value)
{
	char *argv[] = {(char[]){"tool"}, (char *)(uintptr_t)option, (char *)(uintptr_t)value,
			NULL};

	return start_with(argv, some_env);
}

void expect_exit(int status)
{
	ck_assert(fixture_exited(result.pid, status));
	ck_assert_int_eq(close(result.pidfd), 0);
}

void expect_start(void)
{
	ck_assert_int_eq(start("--exit", "0"), REASON_NONE);
	expect_exit(0);
}

void expect_no_child(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
}
