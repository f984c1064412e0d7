#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "begin.h"
#include "boot.h"
#include "environment.h"
#include "memory.h"
#include "message.h"
#include "service.h"
#include "subcommands.h"

enum { OPT_CACHE_DIR = 256 };

static const struct option long_options[] = {
	{"cache-dir", required_argument, NULL, OPT_CACHE_DIR},
	{NULL, 0, NULL, 0},
};

/* The cache directory that a session would be made in. */
static int open_base(const struct options *options, struct basedir *base)
{
	const char *variable = environment_get(VAR_CACHE);
	char path[PATH_MAX];
	const char *problem;
	struct session outer;
	int err = 0;

	if (options->cache_dir) {
		if (!begin_absolute(options->cache_dir, path))
			return EXIT_USAGE;
		problem = basedir_open(path, true, false, base, &err);
		return problem ? usage_error("--cache-dir=%s: %s", options->cache_dir, problem) : 0;
	}
	if (begin_find_outer(&outer)) {
		problem = basedir_open(outer.base.path, true, false, base, &err);
		session_close(&outer);
		if (!problem)
			return 0;
	} else if (variable && !basedir_open(variable, true, false, base, &err)) {
		return 0;
	}
	for (unsigned n = 0; n < CACHEDIR_CANDIDATES; n++)
		if (!basedir_open_candidate(n, true, base, &err))
			return 0;
	say("bake: no cache directory could be made; see spawn-template doctor");
	return EXIT_FOUND;
}

/* The path of the file name in the directory that stands at p; the rest of PATH, or null. */
static const char *next_candidate(const char *p, const char *name, char path[PATH_MAX])
{
	size_t len = strcspn(p, ":");

	snprintf(path, PATH_MAX, "%.*s%s%s", (int)len, p, len ? "/" : "./", name);
	return p[len] ? p + len + 1 : NULL;
}

static bool is_program(const char *path)
{
	struct stat st;

	return access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The absolute path by which a shell would start the program; allocated, or null. */
static char *find_program(const char *name)
{
	const char *list = getenv("PATH");
	char cwd[PATH_MAX];
	char path[PATH_MAX];
	char absolute[2 * PATH_MAX];
	const char *rest = path;
	bool found = false;

	if (strchr(name, '/')) {
		snprintf(path, sizeof path, "%s", name);
		found = is_program(path);
	}
	while (!strchr(name, '/') && list && !found) {
		list = next_candidate(list, name, path);
		found = is_program(path);
	}
	if (!found)
		return NULL;
	if (path[0] == '/')
		return memory_copy_string(path);
	if (!getcwd(cwd, sizeof cwd))
		return NULL;
	/* As others will call it. */
	while (strncmp(rest, "./", 2) == 0)
		rest += 2 + strspn(rest + 2, "/");
	snprintf(absolute, sizeof absolute, "%s/%s", cwd, rest);
	return memory_copy_string(absolute);
}

static int bake_all(const struct options *options, char **programs)
{
	struct environment env;
	struct basedir base;
	char preload[PATH_MAX];
	char path[PATH_MAX];
	const char *problem;
	bool broken;
	int status;
	int err;

	problem = begin_find_preload(preload, &broken);
	if (problem) {
		say("bake: %s%s%s", preload, *preload ? ": " : "", problem);
		return EXIT_FOUND;
	}
	status = open_base(options, &base);
	if (status)
		return status;
	/* Where the session will be makes no difference to an image. */
	if (begin_environment(options, "/", preload, &env)) {
		say("bake: out of memory");
		return EXIT_FOUND;
	}
	boot_sweep(base.fd);
	err = boot_prepare(&base, env.vars, path);
	if (err)
		say("bake: no images can be kept in %s: %s", base.path, strerror(-err));
	status = err ? EXIT_FOUND : service_bake(path, env.vars, programs);
	environment_free(&env);
	basedir_close(&base);
	return status;
}

static void free_programs(char **programs)
{
	for (char **p = programs; *p; p++)
		free(*p);
	free(programs);
}

/* Their absolute paths, null-terminated; null, after a line on stderr, if one is none. */
static char **find_programs(char *const names[], size_t count)
{
	char **programs = memory_resize(NULL, count + 1, sizeof *programs);

	memset(programs, 0, (count + 1) * sizeof *programs);
	for (size_t i = 0; i < count; i++) {
		programs[i] = find_program(names[i]);
		if (!programs[i]) {
			say("bake %s: no such program, or it may not be executed", names[i]);
			free_programs(programs);
			return NULL;
		}
	}
	return programs;
}

int subcommand_bake(const struct options *options, int argc, char **argv)
{
	struct options own = *options;
	char **programs;
	int status;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "+:", long_options, NULL)) >= 0) {
		if (c != OPT_CACHE_DIR)
			return options_bad("bake", c, argv, long_options);
		if (!*optarg)
			return usage_error("--cache-dir=: the path is empty");
		own.cache_dir = optarg;
	}
	if (optind >= argc)
		return usage_error("bake: no PROGRAM given");
	programs = find_programs(argv + optind, (size_t)(argc - optind));
	if (!programs)
		return EXIT_USAGE;
	status = bake_all(&own, programs);
	free_programs(programs);
	return status;
}
