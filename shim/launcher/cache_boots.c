#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot.h"
#include "cache_scan.h"
#include "memory.h"

const char *boot_state_name(enum boot_state state)
{
	switch (state) {
	case BOOT_CURRENT:
		return "current";
	case BOOT_OLD:
		return "old";
	case BOOT_BUSY:
		return "busy";
	case BOOT_FOREIGN:
		break;
	}
	return "foreign";
}

/* The directory of its images, locked so that nobody bakes into it; -1 if it cannot be had, and
 *busy if somebody does. */
static int lock_images(int fd, bool *busy)
{
	int images = openat(fd, IMAGE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*busy = images >= 0 && flock(images, LOCK_SH | LOCK_NB);
	if (*busy) {
		close(images);
		images = -1;
	}
	return images;
}

static uint64_t disk_bytes(int fd, const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) ? 0 : (uint64_t)st.st_blocks * 512;
}

static void read_index(int fd, struct cache_boot *boot)
{
	struct index index;

	if (index_open(fd, CACHEDIR_INDEX, geteuid(), &index))
		return;
	boot->has_index = true;
	boot->since = index_origin(&index)->created;
	boot->unfinished = index_unfinished_slots(&index);
	if (boot->state != BOOT_BUSY)
		cache_images_compare(&boot->images, &index);
	index_close(&index);
}

static void scan(int fd, struct cache_boot *boot)
{
	static const char *const known[] = {CACHEDIR_INDEX, IMAGE_DIRECTORY, IMAGE_CODE_DIRECTORY,
					    NULL};
	bool busy;
	int lock = lock_images(fd, &busy);

	if (busy)
		boot->state = BOOT_BUSY;
	cache_images_scan(fd, busy, &boot->images);
	cache_images_find_strays(fd, known, &boot->images);
	boot->bytes = boot->images.bytes + disk_bytes(fd, ".") + disk_bytes(fd, CACHEDIR_INDEX);
	read_index(fd, boot);
	if (lock >= 0)
		close(lock);
}

void cache_boot_scan(int dirfd, const char *name, struct cache_boot *boot)
{
	bool current = false;
	struct stat st;
	int fd;

	*boot = (struct cache_boot){.name = memory_copy_string(name), .state = BOOT_FOREIGN};
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 022)) {
		boot_is_name(name, &current);
		boot->state = current ? BOOT_CURRENT : BOOT_OLD;
		scan(fd, boot);
	}
	close(fd);
}

void cache_boot_free(struct cache_boot *boot)
{
	cache_images_free(&boot->images);
	free(boot->name);
}
