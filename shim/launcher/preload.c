#include "preload.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "self.h"

/* Where libraries are, seen from the directory of the command. */
static const char *const places[] = {ST_LIBDIR_FROM_BINDIR, "../lib", "../lib64"};

static const char *check_path(const char *path)
{
	if (path[strcspn(path, ": ")])
		return "its path has a space or a colon in it, at which ld.so would split it";
	if (strchr(path, '$'))
		return "its path has a dollar sign in it, which ld.so would expand";
	return NULL;
}

static bool is_there(const char *path)
{
	return access(path, R_OK) == 0;
}

const char *preload_find(char path[PATH_MAX])
{
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (self_relative(places[i], ST_PRELOAD_NAME, path) && is_there(path))
			return check_path(path);
	snprintf(path, PATH_MAX, "%s", ST_LIBDIR "/" ST_PRELOAD_NAME);
	if (is_there(path))
		return check_path(path);
	path[0] = '\0';
	return ST_PRELOAD_NAME " is neither beside the command nor in " ST_LIBDIR
			       ": is spawn-template installed completely?";
}

static const struct {
	const char *name;
	const char *version;
} exported[] = {
#define NAME(name, version) {#name, #version},
#include "preload_names.h"
#undef NAME
};

const char *preload_missing_name(void)
{
	static char missing[128];
	/* libc itself: our own process may have been started under the preload. */
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	const char *result = NULL;

	if (!libc)
		return "libc.so.6";
	for (size_t i = 0; !result && i < sizeof exported / sizeof exported[0]; i++) {
		if (!dlvsym(libc, exported[i].name, exported[i].version)) {
			snprintf(missing, sizeof missing, "%s@%s", exported[i].name,
				 exported[i].version);
			result = missing;
		}
	}
	dlclose(libc);
	return result;
}
