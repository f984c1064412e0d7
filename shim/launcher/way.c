#include "way.h"

#include <stdbool.h>
#include <unistd.h>

#include "elfcache/walk.h"

static int judge(void *arg, const char *path, const struct stat *st)
{
	const bool is_strangers = st->st_uid != 0 && st->st_uid != geteuid();
	const char **refusal = arg;

	(void)path;
	if (S_ISLNK(st->st_mode)) {
		if (is_strangers)
			*refusal = "a symbolic link above it belongs to somebody else";
	} else if (is_strangers) {
		*refusal = "a directory above it belongs to somebody else";
	} else if ((st->st_mode & S_IWOTH) && !(st->st_mode & S_ISVTX)) {
		*refusal = "others may write to a directory above it";
	}
	return *refusal != NULL;
}

const char *way_refusal(const char *path)
{
	const char *refusal = NULL;

	return walk_path(path, judge, &refusal) >= 0 ? refusal
						     : "a directory above it cannot be looked at";
}
