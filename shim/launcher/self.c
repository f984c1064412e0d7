#include "self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

bool self_path(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	const char *executed;

	if (n > 0) {
		path[n] = '\0';
		return true;
	}
	/* No /proc: the path given to execve(2), as long as nobody has changed the directory. */
	executed = (const char *)getauxval(AT_EXECFN);
	return executed && realpath(executed, path);
}

/* Cut the last component off a path; false if there is none. */
static bool cut(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

bool self_relative(const char *directory, const char *name, char path[PATH_MAX])
{
	char base[PATH_MAX];
	int n;

	if (!self_path(base) || !cut(base))
		return false;
	/* The kernel's path has no symbolic links, so ".." is what it looks like. */
	for (; strncmp(directory, "../", 3) == 0; directory += 3)
		if (!cut(base))
			return false;
	n = snprintf(path, PATH_MAX, "%s/%s/%s", base, directory, name);
	return n > 0 && n < PATH_MAX;
}
