#include "begin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "message.h"
#include "preload.h"
#include "preload_list.h"

bool begin_find_outer(struct session *outer)
{
	const char *path = environment_get(VAR_CACHE);
	int err = path ? session_join(path, outer) : -ENOENT;

	if (!err)
		say_verbose("in the session %s", path);
	return !err;
}

bool begin_may_join(const struct options *options)
{
	const char *engine = environment_get(VAR_ENGINE);
	enum engine current = ENGINE_AUTO;

	if (options->cache_dir)
		return false;
	if (!options->has_engine)
		return true;
	if (engine)
		engine_parse(engine, &current);
	return options->engine == current;
}

bool begin_wants_images(const struct options *options)
{
	const char *name = environment_get(VAR_ENGINE);
	enum engine engine = ENGINE_AUTO;

	if (name)
		engine_parse(name, &engine);
	if (options->has_engine)
		engine = options->engine;
	return engine == ENGINE_AUTO || engine == ENGINE_IMAGE;
}

const char *begin_find_preload(char path[PATH_MAX], bool *broken)
{
	const char *problem = preload_find(path);
	const char *missing;

	*broken = problem != NULL;
	if (problem)
		return problem;
	missing = preload_missing_name();
	if (missing) {
		say_verbose("this libc does not have %s", missing);
		return "this libc lacks a function that the preload library replaces";
	}
	say_verbose("preload library: %s", path);
	return NULL;
}

bool begin_absolute(const char *path, char absolute[PATH_MAX])
{
	char cwd[PATH_MAX] = "";
	size_t len;
	int n;

	if (path[0] != '/' && !getcwd(cwd, sizeof cwd)) {
		say("--cache-dir=%s: relative, and the working directory is not known: %s", path,
		    strerror(errno));
		return false;
	}
	n = snprintf(absolute, PATH_MAX, "%s%s%s", cwd, *cwd ? "/" : "", path);
	if (n >= PATH_MAX) {
		say("--cache-dir=%s: the path is too long", path);
		return false;
	}
	/* "link/" would be the directory that the link points to. */
	for (len = strlen(absolute); len > 1 && absolute[len - 1] == '/'; len--)
		absolute[len - 1] = '\0';
	return true;
}

/* Nothing is wrong with the directory: there is just no room at the moment. */
static bool is_shortage(int err)
{
	return err == -ENOSPC || err == -EDQUOT || err == -ENOMEM || err == -EMFILE ||
	       err == -ENFILE;
}

struct request_session {
	pid_t leader;
	const char *saved;
	size_t saved_size;
};

static int create_in(struct basedir *base, const struct request_session *r, struct session *session)
{
	char path[PATH_MAX];
	int err;

	memcpy(path, base->path, sizeof path);
	err = session_create(base, r->leader, r->saved, r->saved_size, session);
	if (err)
		say_verbose("no session in %s: %s", path, strerror(-err));
	else
		say_verbose("session: %s", session->path);
	return err;
}

static int create_given(const char *cache_dir, const struct request_session *r,
			struct session *session)
{
	char path[PATH_MAX];
	struct basedir base;
	const char *problem;
	int err = 0;

	if (!begin_absolute(cache_dir, path))
		return EXIT_USAGE;
	problem = basedir_open(path, true, false, &base, &err);
	if (!problem)
		return create_in(&base, r, session);
	if (!is_shortage(err))
		return usage_error("--cache-dir=%s: %s", cache_dir, problem);
	say_verbose("cache directory: not %s: %s", path, problem);
	return err;
}

static int create_at(const char *path, const struct request_session *r, struct session *session)
{
	struct basedir base;
	int err = 0;
	const char *problem = basedir_open(path, true, false, &base, &err);

	if (!problem)
		return create_in(&base, r, session);
	say_verbose("cache directory: not %s: %s", path, problem);
	return err;
}

/*
 * SPAWN_TEMPLATE_CACHE: a cache directory; or a session that is over, left in the environment of a
 * process that outlived it, in which case its cache directory is meant.
 */
static int create_from_variable(const char *value, const struct request_session *r,
				struct session *session)
{
	char path[PATH_MAX];
	char *slash;

	if (value[0] != '/' || strlen(value) >= sizeof path) {
		say_verbose(VAR_CACHE "=%s: not an absolute path", value);
		return -EINVAL;
	}
	snprintf(path, sizeof path, "%s", value);
	slash = strrchr(path, '/');
	if (slash != path && session_is_name(slash + 1))
		*slash = '\0';
	return create_at(path, r, session);
}

static int create_anywhere(const struct request_session *r, struct session *session)
{
	int err = -ENOENT;

	for (unsigned n = 0; n < CACHEDIR_CANDIDATES; n++) {
		struct basedir base;
		const char *problem = basedir_open_candidate(n, true, &base, &err);

		if (!problem)
			err = create_in(&base, r, session);
		else
			say_verbose("cache directory: not below %s: %s", basedir_candidate_name(n),
				    problem);
		if (!problem && !err)
			return 0;
	}
	return err ? err : -ENOENT;
}

int begin_session(const struct options *options, const struct session *outer, pid_t leader,
		  const char *saved, size_t saved_size, struct session *session)
{
	const struct request_session r = {leader, saved, saved_size};
	const char *variable = environment_get(VAR_CACHE);

	if (options->cache_dir)
		return create_given(options->cache_dir, &r, session);
	if (outer && create_at(outer->base.path, &r, session) == 0)
		return 0;
	if (!outer && variable && create_from_variable(variable, &r, session) == 0)
		return 0;
	return create_anywhere(&r, session);
}

const char *begin_kernel_numbers(const struct options *options)
{
	static const char of_build[] = ST_KERNEL_NR;
	const char *given = environment_get(VAR_KERNEL_NR);

	if (given)
		return given;
	if (!options->has_engine || options->engine != ENGINE_KERNEL)
		return NULL;
	return sizeof of_build > 1 ? of_build : NULL;
}

static void add_change(struct change *changes, size_t *n, const char *name, char *value)
{
	const char *old = getenv(name);

	if (old && strcmp(old, value) == 0) {
		free(value);
		return;
	}
	changes[(*n)++] = (struct change){name, value};
}

size_t begin_changes(const struct options *options, const char *session_path, const char *preload,
		     struct change changes[CHANGES_MAX])
{
	const char *preloads = getenv(VAR_PRELOAD);
	const char *numbers = begin_kernel_numbers(options);
	size_t n = 0;

	add_change(changes, &n, VAR_CACHE, memory_copy_string(session_path));
	if (*preload && !preload_list_has_ours(preloads)) {
		char *list = preload_list_append(preloads, preload);

		if (list)
			add_change(changes, &n, VAR_PRELOAD, list);
	}
	if (options->has_engine)
		add_change(changes, &n, VAR_ENGINE,
			   memory_copy_string(engine_name(options->engine)));
	if (numbers)
		add_change(changes, &n, VAR_KERNEL_NR, memory_copy_string(numbers));
	return n;
}

void begin_free_changes(struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(changes[i].value);
}

int begin_environment(const struct options *options, const char *session_path, const char *preload,
		      struct environment *env)
{
	struct change changes[CHANGES_MAX];
	size_t n = begin_changes(options, session_path, preload, changes);
	int err = environment_copy(env, environ);

	for (size_t i = 0; !err && i < n; i++)
		err = environment_set(env, changes[i].name, changes[i].value);
	begin_free_changes(changes, n);
	if (err)
		environment_free(env);
	return err;
}
