#include "cache_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "begin.h"
#include "boot.h"
#include "directory.h"
#include "environment.h"
#include "memory.h"
#include "message.h"

const char *session_state_name(enum session_state state)
{
	switch (state) {
	case SESSION_LIVE:
		return "live";
	case SESSION_DEAD:
		return "dead";
	case SESSION_STARTING:
		return "starting";
	case SESSION_ELSEWHERE:
		return "elsewhere";
	case SESSION_FOREIGN:
		break;
	}
	return "foreign";
}

static uint64_t file_bytes(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) ? 0 : (uint64_t)st.st_blocks * 512;
}

static void read_counts(const struct index *index, struct cache_session *s)
{
	struct index_totals totals;

	index_read_totals(index, &totals);
	for (int how = 0; how < HOW_COUNT; how++)
		s->starts += totals.starts[how];
	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
		struct target target;
		struct target_counts counts;
		uint64_t starts = 0;

		if (!index_read(index, slot, &target, &counts))
			continue;
		for (int how = 0; how < HOW_COUNT; how++)
			starts += counts.starts[how];
		/* Those that were never started are there for their images. */
		s->targets += starts != 0;
	}
}

static void scan_images(int fd, struct cache_session *s)
{
	static const char *const known[] = {CACHEDIR_INDEX,       SESSION_SAVED,
					    IMAGE_DIRECTORY,      IMAGE_BOOT_DIRECTORY,
					    IMAGE_CODE_DIRECTORY, NULL};

	cache_images_scan(fd, s->state != SESSION_DEAD, &s->images);
	cache_images_find_strays(fd, known, &s->images);
	s->bytes += s->images.bytes;
}

static void scan_session(int dirfd, const char *name, struct cache_session *s)
{
	struct index index;
	int fd;

	*s = (struct cache_session){.state = session_state(dirfd, name)};
	/* session_is_name() has seen to it that it fits. */
	memcpy(s->name, name, strlen(name) + 1);
	if (s->state == SESSION_FOREIGN)
		return;
	fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	s->bytes = file_bytes(fd, ".") + file_bytes(fd, CACHEDIR_INDEX) +
		   file_bytes(fd, SESSION_SAVED);
	if (index_open(fd, CACHEDIR_INDEX, geteuid(), &index) == 0) {
		s->has_index = true;
		s->origin = *index_origin(&index);
		read_counts(&index, s);
		index_close(&index);
	}
	scan_images(fd, s);
	close(fd);
}

static void add_entry(void *context, int dirfd, const char *name)
{
	struct cache_directory *d = context;
	bool current;

	/* Removed meanwhile, as sessions are. */
	if (faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW))
		return;
	if (boot_is_name(name, &current)) {
		d->boots = memory_resize(d->boots, d->boot_count + 1, sizeof *d->boots);
		cache_boot_scan(d->base.fd, name, &d->boots[d->boot_count++]);
	} else if (session_is_name(name)) {
		d->sessions = memory_resize(d->sessions, d->session_count + 1, sizeof *d->sessions);
		scan_session(d->base.fd, name, &d->sessions[d->session_count++]);
		if (faccessat(d->base.fd, name, F_OK, AT_SYMLINK_NOFOLLOW))
			cache_images_free(&d->sessions[--d->session_count].images);
	} else {
		d->others = memory_resize(d->others, d->other_count + 1, sizeof *d->others);
		d->others[d->other_count++] = memory_copy_string(name);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct cache_session *x = a;
	const struct cache_session *y = b;

	return strcmp(x->name, y->name);
}

static int by_boot_name(const void *a, const void *b)
{
	const struct cache_boot *x = a;
	const struct cache_boot *y = b;

	return strcmp(x->name, y->name);
}

static int by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void scan_directory(struct cache_directory *d)
{
	if (!directory_each(d->base.fd, ".", d, add_entry)) {
		d->problem = "it cannot be read";
		return;
	}
	if (d->session_count)
		qsort(d->sessions, d->session_count, sizeof *d->sessions, by_name);
	if (d->boot_count)
		qsort(d->boots, d->boot_count, sizeof *d->boots, by_boot_name);
	if (d->other_count)
		qsort(d->others, d->other_count, sizeof *d->others, by_string);
}

/* True if the directory has been scanned already, under this or another name. */
static bool is_known(const struct cache_scan *scan, const struct basedir *base)
{
	struct stat a;
	struct stat b;

	if (fstat(base->fd, &a))
		return false;
	for (size_t i = 0; i < scan->count; i++) {
		int fd = scan->directories[i].base.fd;

		if (fd >= 0 && fstat(fd, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return true;
	}
	return false;
}

static void add_directory(struct cache_scan *scan, const struct basedir *base, const char *problem)
{
	struct cache_directory *d = &scan->directories[scan->count];

	*d = (struct cache_directory){.base = *base, .problem = problem};
	scan->count++;
	if (!problem)
		scan_directory(d);
}

static void add_if_there(struct cache_scan *scan, struct basedir *base, const char *problem,
			 int err)
{
	if (problem && err == -ENOENT)
		return;
	if (!problem && is_known(scan, base))
		basedir_close(base);
	else
		add_directory(scan, base, problem);
}

/* SPAWN_TEMPLATE_CACHE names a cache directory or, in a session, that session's own. */
static void add_variable(struct cache_scan *scan)
{
	const char *value = environment_get(VAR_CACHE);
	char path[PATH_MAX];
	const char *problem;
	struct basedir base;
	char *slash;
	int err = 0;

	if (!value || value[0] != '/' || strlen(value) >= sizeof path)
		return;
	snprintf(path, sizeof path, "%s", value);
	slash = strrchr(path, '/');
	if (slash != path && session_is_name(slash + 1))
		*slash = '\0';
	problem = basedir_open(path, false, false, &base, &err);
	add_if_there(scan, &base, problem, err);
}

int cache_scan(const struct options *options, struct cache_scan *scan)
{
	struct basedir base;
	const char *problem;
	int err = 0;

	*scan = (struct cache_scan){0};
	if (options->cache_dir) {
		char path[PATH_MAX];

		if (!begin_absolute(options->cache_dir, path))
			return EXIT_USAGE;
		problem = basedir_open(path, false, false, &base, &err);
		if (problem)
			return usage_error("--cache-dir=%s: %s", options->cache_dir, problem);
		add_directory(scan, &base, NULL);
		return 0;
	}
	add_variable(scan);
	for (unsigned n = 0; n < CACHEDIR_CANDIDATES; n++) {
		problem = basedir_open_candidate(n, false, &base, &err);
		add_if_there(scan, &base, problem, err);
	}
	return 0;
}

uint64_t cache_directory_bytes(const struct cache_directory *d)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < d->session_count; i++)
		bytes += d->sessions[i].bytes;
	for (size_t i = 0; i < d->boot_count; i++)
		bytes += d->boots[i].bytes;
	return bytes;
}

void cache_scan_free(struct cache_scan *scan)
{
	for (size_t i = 0; i < scan->count; i++) {
		struct cache_directory *d = &scan->directories[i];

		for (size_t j = 0; j < d->other_count; j++)
			free(d->others[j]);
		for (size_t j = 0; j < d->session_count; j++)
			cache_images_free(&d->sessions[j].images);
		for (size_t j = 0; j < d->boot_count; j++)
			cache_boot_free(&d->boots[j]);
		free(d->others);
		free(d->sessions);
		free(d->boots);
		basedir_close(&d->base);
	}
	scan->count = 0;
}
