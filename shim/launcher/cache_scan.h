/*
 * What the cache directories hold.
 */
#ifndef ST_LAUNCHER_CACHE_SCAN_H
#define ST_LAUNCHER_CACHE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "session.h"

struct cache_session {
	char name[SESSION_NAME_MAX];
	enum session_state state;
	bool has_index; /* the following are valid */
	struct index_origin origin;
	size_t targets;
	uint64_t starts;
	uint64_t bytes; /* on disk, of the files that are ours */
};

struct cache_directory {
	struct basedir base;
	const char *problem;            /* why it cannot be used, or null: the rest is then valid */
	struct cache_session *sessions; /* by name */
	size_t session_count;
	char **others; /* names of what is not ours, sorted */
	size_t other_count;
};

struct cache_scan {
	struct cache_directory directories[CACHEDIR_CANDIDATES + 1];
	size_t count;
};

/*
 * Scan --cache-dir if it is given; else the directory of SPAWN_TEMPLATE_CACHE and every candidate
 * that exists.  Returns 0, or EXIT_USAGE after a line on stderr if --cache-dir cannot be used.
 */
int cache_scan(const struct options *options, struct cache_scan *scan);
void cache_scan_free(struct cache_scan *scan);

/* "live", "dead", ... */
const char *session_state_name(enum session_state state);

/* What the subcommands do with a scan; they return the exit status. */
int cache_ls(const struct cache_scan *scan, bool json);
int cache_clear(const struct cache_scan *scan, bool json);
int cache_verify(const struct cache_scan *scan, bool json);

#endif
