#include "way.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as the kernel has it */

struct way {
	char done[PATH_MAX]; /* no link in it; "" for the root directory */
	char left[PATH_MAX];
	unsigned links;
};

static const char unknown[] = "a directory above it cannot be looked at";

static bool is_strangers(const struct stat *st)
{
	return st->st_uid != 0 && st->st_uid != geteuid();
}

static const char *look_at_directory(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return unknown;
	if (is_strangers(&st))
		return "a directory above it belongs to somebody else";
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX))
		return "others may write to a directory above it";
	return NULL;
}

static bool set(char to[PATH_MAX], const char *first, const char *second)
{
	char text[PATH_MAX];
	int len = snprintf(text, sizeof text, "%s/%s", first, second);

	if (len < 0 || len >= PATH_MAX)
		return false;
	memcpy(to, text, (size_t)len + 1);
	return true;
}

/* Take the first name from what is left. */
static void take_name(struct way *way, char name[NAME_MAX + 1])
{
	const char *start = way->left + strspn(way->left, "/");
	size_t len = strcspn(start, "/");
	const char *rest = start + len;

	/* A longer one is not there. */
	snprintf(name, NAME_MAX + 1, "%.*s", (int)len, start);
	memmove(way->left, rest, strlen(rest) + 1);
}

static const char *follow(struct way *way, const char *link, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t len = readlink(link, target, sizeof target - 1);

	if (len < 0 || ++way->links > LINKS_MAX)
		return unknown;
	if (is_strangers(st))
		return "a symbolic link above it belongs to somebody else";
	target[len] = '\0';
	if (target[0] == '/')
		way->done[0] = '\0';
	return set(way->left, target, way->left) ? NULL : unknown;
}

static const char *walk(struct way *way, const char *name)
{
	const char *refusal = look_at_directory(way->done[0] ? way->done : "/");
	char path[PATH_MAX];
	struct stat st;

	if (refusal || strcmp(name, ".") == 0)
		return refusal;
	if (strcmp(name, "..") == 0) {
		char *slash = strrchr(way->done, '/');

		if (slash)
			*slash = '\0';
		return NULL;
	}
	if (!set(path, way->done, name))
		return unknown;
	if (lstat(path, &st)) {
		way->left[0] = '\0';
		return errno == ENOENT ? NULL : unknown;
	}
	if (S_ISLNK(st.st_mode))
		return follow(way, path, &st);
	memcpy(way->done, path, strlen(path) + 1);
	return NULL;
}

const char *way_refusal(const char *path)
{
	char here[PATH_MAX] = "";
	struct way way = {.links = 0};
	const char *refusal = NULL;

	if (path[0] != '/' && !getcwd(here, sizeof here))
		return unknown;
	if (!set(way.left, here, path))
		return unknown;
	while (!refusal && way.left[strspn(way.left, "/")]) {
		char name[NAME_MAX + 1];

		take_name(&way, name);
		refusal = walk(&way, name);
	}
	return refusal;
}
