/*
 * What the command line would do, if it were done: nothing.  All functions as in the headers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "begin.h"
#include "boot.h"
#include "cache_scan.h"
#include "command.h"
#include "doctor.h"
#include "fuzz.h"
#include "inspect.h"
#include "json.h"
#include "message.h"
#include "preload.h"
#include "service/environment_blob.h"
#include "subcommands.h"
#include "text.h"

static const char problem[] = "it is not looked at";

int run(const struct options *options, char **argv, const struct command_line *line)
{
	int status = options_check_environment(options);
	struct environment env;

	FUZZ_ASSERT(line->argc >= 1 && argv[0]);
	for (; *argv; argv++)
		free(text_printable(*argv));
	if (status || begin_environment(options, "/session", "/preload.so", &env))
		return status;
	environment_free(&env);
	return FUZZ_RAN;
}

int subcommand_inspect(const struct options *options, int argc, char **argv)
{
	(void)options;
	options_begin(":");
	return inspect_main(argc, argv);
}

void inspect(const char *name, char *const envp[], struct inspected *f)
{
	(void)envp;
	*f = (struct inspected){.given = name, .error = -ENOENT};
}

void inspect_free(struct inspected *f)
{
	(void)f;
}

void inspect_print(const struct inspected *f)
{
	(void)f;
}

struct json_object *inspect_to_json(const struct inspected *f)
{
	return json_text(f->given);
}

char **environment_blob_read(int fd)
{
	(void)fd;
	return NULL;
}

void environment_blob_free(char **envp)
{
	(void)envp;
}

int cache_scan(const struct options *options, struct cache_scan *scan)
{
	(void)options;
	scan->count = 0;
	return 0;
}

void cache_scan_free(struct cache_scan *scan)
{
	(void)scan;
}

int cache_ls(struct cache_scan *scan, bool json)
{
	(void)scan;
	return json ? EXIT_FOUND : 0;
}

int cache_clear(struct cache_scan *scan, bool json)
{
	return cache_ls(scan, json);
}

int cache_verify(struct cache_scan *scan, bool json)
{
	return cache_ls(scan, json);
}

/* A session is in effect where the variable says so: one that has counted nothing. */
int session_join(const char *path, struct session *session)
{
	static struct index_header *map;

	if (path[0] != '/')
		return -ENOENT;
	if (!map)
		map = calloc(1, index_file_size());
	*session = (struct session){.fd = -1, .index = {map}};
	strncpy(session->path, path, sizeof session->path - 1);
	return map ? 0 : -ENOMEM;
}

bool session_is_name(const char *name)
{
	return strncmp(name, "session-", 8) == 0;
}

int session_create(struct basedir *base, pid_t leader, const char *saved, size_t saved_size,
		   struct session *session)
{
	(void)base;
	(void)leader;
	(void)session;
	fuzz_touch(saved, saved_size);
	return -EACCES;
}

void session_close(struct session *session)
{
	(void)session;
}

void session_remove(struct session *session)
{
	(void)session;
}

static const char *refuse(struct basedir *dir, int *error)
{
	dir->fd = -1;
	dir->path[0] = '\0';
	if (error)
		*error = -EACCES;
	return problem;
}

const char *basedir_open(const char *path, bool make, bool with_parent, struct basedir *dir,
			 int *error)
{
	(void)make;
	(void)with_parent;
	fuzz_touch_string(path);
	/* Some can be used. */
	if (strncmp(path, "/d", 2) != 0)
		return refuse(dir, error);
	refuse(dir, NULL);
	return NULL;
}

const char *basedir_open_candidate(unsigned n, bool make, struct basedir *dir, int *error)
{
	(void)n;
	(void)make;
	return refuse(dir, error);
}

const char *basedir_candidate_name(unsigned n)
{
	(void)n;
	return "none";
}

void basedir_close(struct basedir *dir)
{
	(void)dir;
}

void boot_sweep(int dirfd)
{
	(void)dirfd;
}

void boot_join(struct session *session, char *const envp[])
{
	(void)session;
	(void)envp;
}

int boot_prepare(const struct basedir *base, char *const envp[], char path[PATH_MAX])
{
	(void)base;
	(void)envp;
	path[0] = '\0';
	return 0;
}

const char *preload_find(char path[PATH_MAX])
{
	strcpy(path, "/lib/libspawn_template_preload.so");
	return NULL;
}

const char *preload_missing_name(void)
{
	return NULL;
}

void service_enable_images(struct index *index, char *const envp[])
{
	(void)index;
	(void)envp;
}

pid_t service_start(struct session *session, char *const envp[], bool detached)
{
	(void)session;
	(void)envp;
	(void)detached;
	return 0;
}

int service_bake(const char *directory, char *const envp[], char **programs)
{
	(void)directory;
	(void)envp;
	for (; *programs; programs++)
		fuzz_touch_string(*programs);
	return FUZZ_RAN;
}

void doctor_check_system(struct doctor *d)
{
	doctor_add(d, CHECK_NOTE, "engine", "nothing", "%s", engine_name(d->options->engine));
}

void doctor_check_preload(struct doctor *d)
{
	d->works = true;
}

void doctor_check_cache(struct doctor *d)
{
	const char *directory = d->options->cache_dir;

	doctor_add(d, CHECK_OK, "cache", "nothing", "%s", directory ? directory : "");
}

void doctor_check_trial(struct doctor *d)
{
	(void)d;
}

void doctor_check_engines(struct doctor *d)
{
	(void)d;
}

void doctor_check_others(struct doctor *d)
{
	(void)d;
}
