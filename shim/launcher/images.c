#include "images.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elfcache/image_name.h"

bool images_is_key(const char *name)
{
	return strlen(name) == IMAGE_KEY_SIZE - 1 &&
	       strspn(name, "0123456789abcdef") == IMAGE_KEY_SIZE - 1;
}

/* Call for each name in the directory but its own. */
static void for_each(int parent, const char *name, void (*call)(int dirfd, const char *name))
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			call(fd, entry->d_name);
	closedir(dir);
}

static void remove_file(int dirfd, const char *name)
{
	unlinkat(dirfd, name, 0);
}

static void remove_key(int dirfd, const char *name)
{
	if (!images_is_key(name))
		return;
	for_each(dirfd, name, remove_file);
	unlinkat(dirfd, name, AT_REMOVEDIR);
}

void images_remove(int parent, const char *name)
{
	for_each(parent, name, remove_key);
	unlinkat(parent, name, AT_REMOVEDIR);
}
