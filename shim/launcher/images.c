#include "images.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "directory.h"
#include "elfcache/image_name.h"

bool images_is_key(const char *name)
{
	return strlen(name) == IMAGE_KEY_SIZE - 1 &&
	       strspn(name, "0123456789abcdef") == IMAGE_KEY_SIZE - 1;
}

static void remove_file(void *unused, int dirfd, const char *name)
{
	(void)unused;
	unlinkat(dirfd, name, 0);
}

static void remove_key(void *unused, int dirfd, const char *name)
{
	(void)unused;
	if (!images_is_key(name))
		return;
	directory_each(dirfd, name, NULL, remove_file);
	unlinkat(dirfd, name, AT_REMOVEDIR);
}

void images_remove(int parent, const char *name)
{
	directory_each(parent, name, NULL, remove_key);
	unlinkat(parent, name, AT_REMOVEDIR);
}
