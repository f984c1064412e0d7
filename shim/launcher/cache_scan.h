/*
 * What the cache directories hold.
 */
#ifndef ST_LAUNCHER_CACHE_SCAN_H
#define ST_LAUNCHER_CACHE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache_images.h"
#include "options.h"
#include "session.h"

struct cache_session {
	char name[SESSION_NAME_MAX];
	enum session_state state;
	bool has_index; /* the following are valid */
	struct index_origin origin;
	size_t targets;
	uint64_t starts;
	struct cache_images images;
	uint64_t bytes; /* on disk, of the files that are ours */
};

enum boot_state {
	BOOT_CURRENT,
	BOOT_OLD,     /* of a boot that is over */
	BOOT_BUSY,    /* of this one, and somebody is baking into it */
	BOOT_FOREIGN, /* has the name of one, and is none of ours */
};

/* A directory of a boot's images. */
struct cache_boot {
	char *name;
	enum boot_state state;
	bool has_index; /* since and unfinished are valid */
	int64_t since;
	uint32_t unfinished; /* slots that a killed writer left behind */
	struct cache_images images;
	uint64_t bytes;
};

struct cache_directory {
	struct basedir base;
	const char *problem;            /* why it cannot be used, or null: the rest is then valid */
	struct cache_session *sessions; /* by name */
	size_t session_count;
	struct cache_boot *boots; /* by name */
	size_t boot_count;
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

/* "live", "dead", ...; "current", "old", ... */
const char *session_state_name(enum session_state state);
const char *boot_state_name(enum boot_state state);

/* The directory of a boot's images `name` in the cache directory dirfd. */
void cache_boot_scan(int dirfd, const char *name, struct cache_boot *boot);
void cache_boot_free(struct cache_boot *boot);

/* All that is counted in `bytes`. */
uint64_t cache_directory_bytes(const struct cache_directory *d);

/* What the subcommands do with a scan; they return the exit status. */
int cache_ls(struct cache_scan *scan, bool json);
int cache_clear(struct cache_scan *scan, bool json);
int cache_verify(struct cache_scan *scan, bool json);

#endif
