#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "begin.h"
#include "boot.h"
#include "environment.h"
#include "memory.h"
#include "message.h"
#include "output.h"
#include "preload_list.h"
#include "proc.h"
#include "service.h"
#include "shellcode.h"
#include "subcommands.h"

enum { OPT_OFF = 256, OPT_SHELL, OPT_ENGINE, OPT_CACHE_DIR };

static const struct option long_options[] = {
	{"off", no_argument, NULL, OPT_OFF},
	{"shell", required_argument, NULL, OPT_SHELL},
	{"engine", required_argument, NULL, OPT_ENGINE},
	{"cache-dir", required_argument, NULL, OPT_CACHE_DIR},
	{NULL, 0, NULL, 0},
};

/* The variables that `env` may set beside LD_PRELOAD, and that `env --off` puts back. */
static const char *const variables[] = {VAR_CACHE, VAR_ENGINE, VAR_KERNEL_NR};

enum { VARIABLES = sizeof variables / sizeof variables[0], SAVED_MAX = 64 * 1024 };

struct env_request {
	struct options options;
	bool off;
	const char *shell_name; /* or null */
	enum shell shell;
};

static int take(int c, char **argv, struct env_request *r)
{
	switch (c) {
	case OPT_OFF:
		r->off = true;
		return 0;
	case OPT_SHELL:
		r->shell_name = optarg;
		return 0;
	case OPT_ENGINE:
		if (!engine_parse(optarg, &r->options.engine))
			return usage_error("--engine=%s: must be auto, kernel, image or off",
					   optarg);
		r->options.has_engine = true;
		return 0;
	case OPT_CACHE_DIR:
		if (!*optarg)
			return usage_error("--cache-dir=: the path is empty");
		r->options.cache_dir = optarg;
		return 0;
	default:
		return options_bad("env", c, argv, long_options);
	}
}

static int choose_shell(struct env_request *r)
{
	const char *login = environment_get("SHELL");

	if (r->shell_name) {
		if (!shell_parse(r->shell_name, &r->shell))
			return usage_error("--shell=%s: must be sh, bash, zsh or fish",
					   r->shell_name);
		return 0;
	}
	r->shell = SHELL_POSIX;
	if (login && !shell_parse(login, &r->shell))
		return usage_error("env: no code for the shell %s; choose one with "
				   "--shell=sh|bash|zsh|fish",
				   login);
	return 0;
}

static int parse(const struct options *options, int argc, char **argv, struct env_request *r)
{
	int err = 0;
	int c;

	*r = (struct env_request){.options = *options};
	optind = 0;
	while (!err && (c = getopt_long(argc, argv, "+:", long_options, NULL)) >= 0)
		err = take(c, argv, r);
	if (!err && optind < argc)
		err = usage_error("env %s: env takes no words; the program env is run by: "
				  "spawn-template -- env %s ...",
				  argv[optind], argv[optind]);
	return err ? err : choose_shell(r);
}

/*
 * What `--off` has to put back: NAME=VALUE of a variable that is set, NAME of one that is not.
 * Allocated; *size is its length.
 */
static char *describe_variables(size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	for (int i = 0; out && i < VARIABLES; i++) {
		const char *value = getenv(variables[i]);

		fprintf(out, "%s%s%s%c", variables[i], value ? "=" : "", value ? value : "", 0);
	}
	if (!out || fclose(out) || *size > SAVED_MAX) {
		free(text);
		return NULL;
	}
	return text;
}

static void print_changes(const struct env_request *r, const char *session_path,
			  const char *preload)
{
	struct change changes[CHANGES_MAX];
	size_t n = begin_changes(&r->options, session_path, preload, changes);

	for (size_t i = 0; i < n; i++)
		shell_print_set(r->shell, changes[i].name, changes[i].value);
	begin_free_changes(changes, n);
}

/* The service, for the environment that the shell will have when it has evaluated our code. */
static void start_baking(const struct env_request *r, struct session *session, const char *preload)
{
	struct environment env;

	if (begin_environment(&r->options, session->path, preload, &env))
		return;
	boot_join(session, env.vars);
	service_enable_images(&session->index, env.vars);
	service_start(session, env.vars, true);
	environment_free(&env);
}

static int env_on(const struct env_request *r)
{
	struct session outer;
	struct session session;
	char preload[PATH_MAX];
	const char *problem;
	bool in_session;
	bool broken;
	size_t size;
	char *saved;
	int err = options_check_environment(&r->options);

	if (err)
		return err;
	/* Unlike with COMMAND, nothing is lost by saying no. */
	problem = begin_find_preload(preload, &broken);
	if (problem) {
		say("env: %s%s%s", preload, *preload ? ": " : "", problem);
		return EXIT_FOUND;
	}
	in_session = begin_find_outer(&outer);
	if (in_session && begin_may_join(&r->options)) {
		print_changes(r, outer.path, preload);
		session_close(&outer);
		return output_finish(0);
	}
	saved = describe_variables(&size);
	if (!saved) {
		say("env: the variables of the environment are too long");
		return EXIT_FOUND;
	}
	err = begin_session(&r->options, in_session ? &outer : NULL, calling_shell(), saved, size,
			    &session);
	free(saved);
	if (!err) {
		print_changes(r, session.path, preload);
		err = output_finish(0);
		if (!err && begin_wants_images(&r->options))
			start_baking(r, &session, preload);
		if (err)
			session_remove(&session);
		else
			session_close(&session);
	} else if (err < 0) {
		say("env: no session could be made; see spawn-template doctor");
		err = EXIT_FOUND;
	}
	if (in_session)
		session_close(&outer);
	return err;
}

/* What `env` saved in the session, with a NUL behind the last record; null if nothing. */
static char *read_saved(const struct session *session, size_t *size)
{
	int fd = openat(session->fd, SESSION_SAVED, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = memory_get(SAVED_MAX + 1);
	n = read(fd, text, SAVED_MAX);
	close(fd);
	*size = n > 0 ? (size_t)n : 0;
	text[*size] = '\0';
	return text;
}

/* The saved record of a variable: "=VALUE", "" if it was not set; null if there is none. */
static const char *find_saved(const char *saved, size_t size, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = saved; p && p < saved + size; p += strlen(p) + 1)
		if (strncmp(p, name, len) == 0 && (p[len] == '=' || p[len] == '\0'))
			return p + len;
	return NULL;
}

static int print_preload_without_us(enum shell shell)
{
	const char *list = getenv(VAR_PRELOAD);
	char *rest;

	if (!preload_list_has_ours(list))
		return 0;
	if (preload_list_remove(list, &rest))
		return usage_error("out of memory");
	if (rest)
		shell_print_set(shell, VAR_PRELOAD, rest);
	else
		shell_print_unset(shell, VAR_PRELOAD);
	free(rest);
	return 0;
}

/* A session that `env` made for this shell ends with it; another one has other users. */
static bool is_led_by_us(const struct session *session)
{
	const struct index_origin *origin = index_origin(&session->index);

	return origin->pid == calling_shell() && leader_state(origin) == LEADER_ALIVE;
}

/* True if the variables are those of a session, be it over, and not the user's own. */
static bool are_ours(bool in_session)
{
	const char *cache = environment_get(VAR_CACHE);
	const char *slash = cache ? strrchr(cache, '/') : NULL;

	return in_session || (slash && session_is_name(slash + 1));
}

static int env_off(const struct env_request *r)
{
	struct session session;
	bool in_session = begin_find_outer(&session);
	size_t size = 0;
	char *saved = in_session ? read_saved(&session, &size) : NULL;
	int err = print_preload_without_us(r->shell);

	for (int i = 0; !err && are_ours(in_session) && i < VARIABLES; i++) {
		const char *old = find_saved(saved, size, variables[i]);

		if (old && *old == '=')
			shell_print_set(r->shell, variables[i], old + 1);
		else if (getenv(variables[i]))
			shell_print_unset(r->shell, variables[i]);
	}
	err = err ? err : output_finish(0);
	if (in_session && saved && is_led_by_us(&session) && !err)
		session_remove(&session);
	else if (in_session)
		session_close(&session);
	free(saved);
	return err;
}

int subcommand_env(const struct options *options, int argc, char **argv)
{
	struct env_request r;
	int err = parse(options, argc, argv, &r);

	if (err)
		return err;
	return r.off ? env_off(&r) : env_on(&r);
}
