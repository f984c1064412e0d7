#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "begin.h"
#include "doctor.h"
#include "environment.h"

static void check_given(struct doctor *d)
{
	char path[PATH_MAX];
	struct basedir base;
	const char *problem;

	if (!begin_absolute(d->options->cache_dir, path))
		return;
	problem = basedir_open(path, false, false, &base, NULL);
	if (problem)
		doctor_add(d, CHECK_NOTE, "--cache-dir", "made if missing; an error otherwise",
			   "%s: %s", path, problem);
	else
		doctor_add(d, CHECK_OK, "--cache-dir", "sessions are kept here", "%s", path);
	basedir_close(&base);
}

static void check_candidates(struct doctor *d)
{
	/* Given explicitly, and it takes precedence. */
	bool chosen = d->options->cache_dir || environment_get(VAR_CACHE);

	for (unsigned n = 0; n < CACHEDIR_CANDIDATES; n++) {
		const char *name = basedir_candidate_name(n);
		struct basedir base;
		int err = 0;
		const char *problem = basedir_open_candidate(n, false, &base, &err);

		if (!problem) {
			doctor_add(d, CHECK_OK, "cache directory",
				   chosen ? "usable, but another one comes first"
					  : "sessions are kept here",
				   "%s: %s", name, base.path);
			chosen = true;
		} else if (err == -ENOENT && *base.path) {
			doctor_add(d, CHECK_NOTE, "cache directory", "made when it is needed",
				   "%s: %s: %s", name, base.path, problem);
		} else {
			doctor_add(d, CHECK_NOTE, "cache directory", "passed over", "%s: %s%s%s",
				   name, base.path, *base.path ? ": " : "", problem);
		}
		basedir_close(&base);
	}
}

static void check_session(struct doctor *d)
{
	const char *cache = environment_get(VAR_CACHE);
	struct session session;

	if (!cache) {
		doctor_add(d, CHECK_NOTE, "session", "spawn-template COMMAND makes one",
			   "none in effect");
		return;
	}
	if (begin_find_outer(&session)) {
		doctor_add(d, CHECK_OK, "session",
			   "spawn-template COMMAND takes part in it, and makes none of its own",
			   "%s", session.path);
		session_close(&session);
		return;
	}
	doctor_add(d, CHECK_NOTE, "session", "a session is made there, if it is a cache directory",
		   VAR_CACHE "=%s is not a session in use", cache);
}

void doctor_check_cache(struct doctor *d)
{
	if (d->options->cache_dir)
		check_given(d);
	check_candidates(d);
	check_session(d);
}
