#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "begin.h"
#include "boot.h"
#include "environment.h"
#include "json.h"
#include "memory.h"
#include "message.h"
#include "outfile.h"
#include "service.h"
#include "stats.h"
#include "subcommands.h"
#include "supervise.h"

#include <json-c/json_object.h>

/* One `spawn-template COMMAND`. */
struct run {
	const struct options *options;
	const struct command_line *line;
	char **argv;
	struct signal_state given;
	bool in_session; /* outer is there */
	struct session outer;
	struct session session;
	char preload[PATH_MAX];
	const char *stats_file; /* or null */
	struct outfile stats;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* COMMAND's environment: ours and these. */
static int make_environment(const struct run *r, const char *session_path, struct environment *env)
{
	if (session_path)
		return begin_environment(r->options, session_path, r->preload, env);
	return environment_copy(env, environ);
}

/*
 * COMMAND in place of this process: there is nothing to do at its end.  session_path: the session
 * to take part in, or null.
 */
static int execute_here(struct run *r, const char *session_path)
{
	struct environment env;
	int status;

	if (make_environment(r, session_path, &env))
		return usage_error("out of memory");
	signals_restore(&r->given);
	status = execute(r->argv, env.vars);
	environment_free(&env);
	return status;
}

static int execute_natively(struct run *r)
{
	if (r->options->stats || r->stats_file)
		say("no statistics: there is no session to count in; --verbose says why");
	if (r->stats_file)
		outfile_close(&r->stats);
	/* An outer session stays in effect as it is. */
	return execute_here(r, NULL);
}

static void write_stats_file(struct run *r, const struct stats *stats)
{
	struct json_object *json = stats_to_json(stats);
	char *text = json_to_text(json);
	int err = outfile_write(&r->stats, text, strlen(text));

	if (err)
		say("%s: the statistics cannot be written: %s", r->stats_file, strerror(-err));
	free(text);
	json_object_put(json);
}

/* The session is over: report, hand its counts on. */
static void finish(struct run *r, double wall_s, int status)
{
	struct stats stats;

	/* From here on nothing can change what COMMAND's caller is told. */
	memory_exit_status(exit_status_of(status));
	if (r->stats_file || r->options->stats || r->in_session) {
		stats_collect(&r->session.index, wall_s, &stats);
		if (r->in_session)
			stats_add_to(&stats, &r->outer.index);
		if (r->stats_file)
			write_stats_file(r, &stats);
		if (r->options->stats)
			stats_print_table(&stats, stderr);
		stats_free(&stats);
	}
	session_remove(&r->session);
	if (r->in_session)
		session_close(&r->outer);
}

static int run_supervised(struct run *r)
{
	struct environment env;
	struct supervision supervision = {
		.given = &r->given,
		.line = r->line,
		.argv = r->argv,
		.keep_stderr = r->options->stats || r->stats_file || r->options->verbose,
	};
	double start = now();
	struct sentry sentry;
	int status;
	int err = make_environment(r, r->session.path, &env);

	if (!err && begin_wants_images(r->options)) {
		boot_join(&r->session, env.vars);
		service_enable_images(&r->session.index, env.vars);
		supervision.baking = &r->session;
	}
	supervision.envp = env.vars;
	if (!err)
		err = supervise(&supervision, &status, &sentry);
	environment_free(&env);
	if (err) {
		/* No process to be had for COMMAND: in ours, then. */
		say_verbose("not accelerated: %s", strerror(-err));
		session_remove(&r->session);
		return execute_natively(r);
	}
	finish(r, now() - start, status);
	sentry_reap(&sentry);
	say_verbose("%s ended with status %d", r->argv[0], exit_status_of(status));
	return exit_status_of(status);
}

/* The file of --stats or, unless a session around us has its own, of the environment. */
static int prepare_stats_file(struct run *r)
{
	int err;

	r->stats_file = r->options->stats_file;
	if (!r->stats_file && !r->in_session)
		r->stats_file = environment_get(VAR_STATS);
	if (!r->stats_file)
		return 0;
	err = outfile_open(r->stats_file, &r->stats);
	if (err)
		return usage_error("%s: the statistics could not be written there: %s",
				   r->stats_file, strerror(-err));
	return 0;
}

static int run_in_new_session(struct run *r)
{
	int err = begin_session(r->options, r->in_session ? &r->outer : NULL, getpid(), NULL, 0,
				&r->session);

	if (err == EXIT_USAGE)
		return err;
	return err ? execute_natively(r) : run_supervised(r);
}

/* False if the preload library cannot be used: COMMAND is then run all the same. */
static bool find_preload(struct run *r)
{
	bool broken;
	const char *problem = begin_find_preload(r->preload, &broken);

	if (!problem)
		return true;
	/* An incomplete installation stays so until somebody repairs it, and nobody would look for
	   it: not only with --verbose.  But failing to accelerate is no reason for a build to
	   fail. */
	if (broken)
		say("not accelerated: %s%s%s", r->preload, *r->preload ? ": " : "", problem);
	else
		say_verbose("not accelerated: %s", problem);
	return false;
}

int run(const struct options *options, char **argv, const struct command_line *line)
{
	struct run r = {.options = options, .line = line, .argv = argv};
	int status = options_check_environment(options);

	if (status)
		return status;
	/* From now on a signal finds a session that will be cleared away. */
	signals_take(&r.given);
	r.in_session = begin_find_outer(&r.outer);
	status = prepare_stats_file(&r);
	if (status)
		return status;
	if (!find_preload(&r))
		return execute_natively(&r);
	if (r.in_session && !options->stats && !r.stats_file && begin_may_join(options))
		return execute_here(&r, r.outer.path);
	return run_in_new_session(&r);
}
