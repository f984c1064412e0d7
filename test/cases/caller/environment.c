/* The environment that is passed on: the caller's, whatever it has done to it. */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

static char *show;
static char **argv_env;
static char **argv_loaded;

static int exec_env(void *arg)
{
	(void)arg;
	execv(show, argv_env);
	return 100;
}

static int exec_loaded(void *arg)
{
	(void)arg;
	execv(show, argv_loaded);
	return 100;
}

static void show_both(const char *label)
{
	fact("%s", label);
	fact("%s", status_text(in_child(exec_env, NULL)));
}

static int with_null_environ(void *arg)
{
	pid_t pid;
	int status;

	(void)arg;
	environ = NULL;
	if (posix_spawn(&pid, show, NULL, NULL, argv_env, environ))
		return 1;
	if (waitpid(pid, &status, 0) != pid || status)
		return 2;
	if (posix_spawnp(&pid, "sh", NULL, NULL, strings("sh", "-c", ":", NULL), NULL))
		return 3;
	if (waitpid(pid, &status, 0) != pid || status)
		return 4;
	if (system("env | grep -v -e PWD -e SHLVL -e _=") == -1)
		return 5;
	execv(show, argv_env);
	return 100;
}

static int with_clearenv(void *arg)
{
	(void)arg;
	clearenv();
	execv(show, argv_env);
	return 100;
}

/* Entries that are not NAME=VALUE, twice the same name, order. */
static void try_odd(void)
{
	char **odd =
		strings("no equals", "=starts with it", "", "A=1", "A=2", "Z=", "LD_PRELOAD",
			"SPAWN_TEMPLATE", "SPAWN_TEMPLATE_=", "SPAWN_TEMPLATES=x", "PATH", NULL);
	char **saved = environ;
	pid_t pid;

	REQUIRE(posix_spawn(&pid, show, NULL, NULL, argv_env, odd) == 0);
	fact("odd: %s", status_text(wait_for(pid)));
	environ = odd;
	fact("odd environ: %s", status_text(in_child(exec_env, NULL)));
	REQUIRE(posix_spawn(&pid, show, NULL, NULL, argv_env, odd) == 0);
	fact("odd environ: %s", status_text(wait_for(pid)));
	environ = saved;
}

/* Children that were given no LD_PRELOAD are left alone. */
static void try_without_preload(void)
{
	char **env = strings("PATH=/bin", NULL);
	char *saved = strdup(getenv("LD_PRELOAD"));
	pid_t pid;

	REQUIRE(posix_spawn(&pid, show, NULL, NULL, argv_loaded, env) == 0);
	fact("own environment: %s", status_text(wait_for(pid)));
	unsetenv("LD_PRELOAD");
	fact("unsetenv: %s", status_text(in_child(exec_loaded, NULL)));
	fact("env -i: %s", status_text(system("env -i \"$ST_CASES_BIN/show\" loaded")));
	setenv("LD_PRELOAD", saved, 1);
	fact("env -i: %s", status_text(system("env -i \"$ST_CASES_BIN/show\" loaded")));
	fact("unset: %s", status_text(system("unset LD_PRELOAD; \"$ST_CASES_BIN/show\" loaded")));
	fact("empty: %s", status_text(system("LD_PRELOAD= \"$ST_CASES_BIN/show\" loaded")));
	free(saved);
}

/* Values that nobody gave meaning to are ignored and passed on. */
static void try_settings(void)
{
	static const char *const values[] = {"",     "on",  "OFF",   "off ", "kernel,image",
					     "\xff", "off", "image", "auto"};
	static const char *const names[] = {"SPAWN_TEMPLATE", "SPAWN_TEMPLATE_CACHE",
					    "SPAWN_TEMPLATE_KERNEL_NR", "SPAWN_TEMPLATE_LOG",
					    "SPAWN_TEMPLATE_STATS"};
	char *saved = getenv("SPAWN_TEMPLATE_CACHE");

	if (saved)
		saved = strdup(saved);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
			pid_t pid;

			setenv(names[i], values[j], 1);
			REQUIRE(posix_spawn(&pid, show, NULL, NULL, argv_env, environ) == 0);
			fact("%s=%s: %s", names[i], values[j], status_text(wait_for(pid)));
		}
		setenv(names[i], repeated('/', 5000), 1);
		fact("%s long: %s", names[i], status_text(system(":")));
		setenv(names[i], "/proc/version", 1);
		fact("%s a file: %s", names[i], status_text(system(":")));
		setenv(names[i], "/dev/full", 1);
		fact("%s a device: %s", names[i], status_text(system(":")));
		unsetenv(names[i]);
	}
	if (saved)
		setenv("SPAWN_TEMPLATE_CACHE", saved, 1);
}

int main(void)
{
	char variable[] = "PUT=1";

	show = helper("show");
	argv_env = strings("show", "env", NULL);
	argv_loaded = strings("show", "loaded", NULL);
	show_both("as it was");
	setenv("NEW", "value", 1);
	putenv(variable);
	unsetenv("HOME");
	show_both("changed");
	/* environ points to it. */
	// cppcheck-suppress unreadVariable
	variable[4] = '2';
	show_both("changed in place");
	fact("null environ: %s", status_text(in_child(with_null_environ, NULL)));
	fact("clearenv: %s", status_text(in_child(with_clearenv, NULL)));
	try_odd();
	if (getenv("LD_PRELOAD"))
		try_without_preload();
	try_settings();
	return 0;
}
