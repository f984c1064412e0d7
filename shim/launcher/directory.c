#include "directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool directory_each(int dirfd, const char *name, void *context,
		    void (*call)(void *context, int dirfd, const char *name))
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			call(context, fd, entry->d_name);
	closedir(dir);
	return true;
}
