#include "walk.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as the kernel has it */

struct walk {
	char done[PATH_MAX]; /* no link in it; "" for the root directory */
	char left[PATH_MAX];
	unsigned links;
	walk_step *step;
	void *arg;
};

/* "first/second"; first or second may be in to[]. */
static int join(char to[PATH_MAX], const char *first, const char *second)
{
	char text[PATH_MAX];
	int len = snprintf(text, sizeof text, "%s/%s", first, second);

	if (len < 0 || len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(to, text, (size_t)len + 1);
	return 0;
}

/* Take the first name from what is left. */
static void take_name(struct walk *w, char name[NAME_MAX + 1])
{
	const char *start = w->left + strspn(w->left, "/");
	size_t len = strcspn(start, "/");
	const char *rest = start + len;

	/* A longer one is not there. */
	snprintf(name, NAME_MAX + 1, "%.*s", (int)len, start);
	memmove(w->left, rest, strlen(rest) + 1);
}

static int follow(struct walk *w, const char *link, const struct stat *st)
{
	char target[PATH_MAX];
	ssize_t len = readlink(link, target, sizeof target - 1);
	int ret;

	if (len < 0)
		return -errno;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	ret = w->step(w->arg, link, st);
	if (ret)
		return ret;
	target[len] = '\0';
	if (target[0] == '/')
		w->done[0] = '\0';
	return join(w->left, target, w->left);
}

static int look_up(struct walk *w, const char *name)
{
	const char *here = w->done[0] ? w->done : "/";
	char path[PATH_MAX];
	struct stat st;
	int ret;

	if (lstat(here, &st))
		return -errno;
	ret = w->step(w->arg, here, &st);
	if (ret || strcmp(name, ".") == 0)
		return ret;
	if (strcmp(name, "..") == 0) {
		char *slash = strrchr(w->done, '/');

		if (slash)
			*slash = '\0';
		return 0;
	}
	ret = join(path, w->done, name);
	if (ret)
		return ret;
	if (lstat(path, &st)) {
		w->left[0] = '\0';
		return errno == ENOENT ? 0 : -errno;
	}
	if (S_ISLNK(st.st_mode))
		return follow(w, path, &st);
	memcpy(w->done, path, strlen(path) + 1);
	return 0;
}

int walk_path(const char *path, walk_step *step, void *arg)
{
	char here[PATH_MAX] = "";
	struct walk w = {.step = step, .arg = arg};
	int ret = path[0] != '/' && !getcwd(here, sizeof here) ? -errno : join(w.left, here, path);

	while (!ret && w.left[strspn(w.left, "/")]) {
		char name[NAME_MAX + 1];

		take_name(&w, name);
		ret = look_up(&w, name);
	}
	return ret;
}
