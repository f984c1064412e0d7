#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory.h"
#include "elfcache/image_name.h"
#include "elfcache/loader_variables.h"
#include "images.h"
#include "proc.h"
#include "service.h"

static const char prefix[] = "boot-";

enum { CONDITIONS_LEN = 16, NAME_LEN = sizeof prefix - 1 + INDEX_BOOT_ID_LEN + 1 + CONDITIONS_LEN };

/* This boot's id, or "" if /proc does not tell. */
static void this_boot(char id[INDEX_BOOT_ID_LEN + 1])
{
	struct index_origin origin;

	origin_of(getpid(), geteuid(), &origin);
	memcpy(id, origin.boot_id, INDEX_BOOT_ID_LEN);
	id[INDEX_BOOT_ID_LEN] = '\0';
}

bool boot_is_name(const char *name, bool *current)
{
	char id[INDEX_BOOT_ID_LEN + 1];
	size_t letters;

	if (strlen(name) != NAME_LEN || strncmp(name, prefix, sizeof prefix - 1) != 0)
		return false;
	letters = strspn(name + sizeof prefix - 1, "0123456789abcdef-");
	this_boot(id);
	*current = *id && strncmp(name + sizeof prefix - 1, id, INDEX_BOOT_ID_LEN) == 0;
	return letters == NAME_LEN - (sizeof prefix - 1);
}

/* False if this boot has no id. */
static bool make_name(char *const envp[], char name[NAME_LEN + 1])
{
	char id[INDEX_BOOT_ID_LEN + 1];
	uint64_t conditions = loader_variables_hash(envp);

	this_boot(id);
	if (!*id)
		return false;
	snprintf(name, NAME_LEN + 1, "%s%s-%016llx", prefix, id, (unsigned long long)conditions);
	return true;
}

static int make_directory(int dirfd, const char *name)
{
	int fd;

	if (mkdirat(dirfd, name, 0700) && errno != EEXIST)
		return -errno;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fd;
}

/* The index in the directory, which is made if there is none. */
static int make_index(int fd, struct index *index)
{
	struct index_origin origin;
	int err;

	origin_of(getpid(), geteuid(), &origin);
	err = index_create(fd, CACHEDIR_INDEX, &origin);
	if (err && err != -EEXIST)
		return err;
	err = index_open(fd, CACHEDIR_INDEX, geteuid(), index);
	if (err != -EINVAL)
		return err;
	/* Of one who was killed while making it: with the lock, nobody is. */
	unlinkat(fd, CACHEDIR_INDEX, 0);
	err = index_create(fd, CACHEDIR_INDEX, &origin);
	return err ? err : index_open(fd, CACHEDIR_INDEX, geteuid(), index);
}

static int fill_directory(int fd, char *const envp[])
{
	struct index index;
	int images;
	int err;

	/* Until it is closed. */
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return -errno;
	err = make_index(fd, &index);
	if (err)
		return err;
	images = make_directory(fd, IMAGE_DIRECTORY);
	if (images < 0) {
		index_close(&index);
		return images;
	}
	close(images);
	service_enable_images(&index, envp);
	index_close(&index);
	return 0;
}

int boot_prepare(const struct basedir *base, char *const envp[], char path[PATH_MAX])
{
	char name[NAME_LEN + 1];
	mode_t mask;
	int err;
	int fd;

	if (!make_name(envp, name))
		return -ENODATA;
	if (snprintf(path, PATH_MAX, "%s/%s", base->path, name) >= PATH_MAX)
		return -ENAMETOOLONG;
	mask = umask(077);
	fd = make_directory(base->fd, name);
	err = fd < 0 ? fd : fill_directory(fd, envp);
	umask(mask);
	/* If there is nothing in it. */
	if (err)
		unlinkat(base->fd, name, AT_REMOVEDIR);
	if (fd >= 0)
		close(fd);
	return err;
}

static void enter(struct session *session, const struct target *target)
{
	struct index *index = &session->index;
	struct index_ref ref;

	if (index_find(index, &target->id, target->path_hash, NULL, &ref) ||
	    index_insert(index, target, &ref))
		index_image_change(index, &ref, IMAGE_NONE, IMAGE_BOOT, REASON_NONE);
}

void boot_join(struct session *session, char *const envp[])
{
	char name[NAME_LEN + 1];
	char link[NAME_LEN + 32];
	char path[PATH_MAX];
	struct index index;
	int fd;

	if (!make_name(envp, name) ||
	    snprintf(path, sizeof path, "%s/%s", session->base.path, name) >= PATH_MAX)
		return;
	fd = cachedir_open(path, geteuid());
	if (fd < 0)
		return;
	snprintf(link, sizeof link, "../%s/%s", name, IMAGE_DIRECTORY);
	if (!index_open(fd, CACHEDIR_INDEX, geteuid(), &index)) {
		if (symlinkat(link, session->fd, IMAGE_BOOT_DIRECTORY) == 0)
			for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
				struct target_counts counts;
				struct target target;
				struct index_ref ref;
				enum reason reason;

				if (index_ref_at(&index, slot, &ref) &&
				    index_image_state(&index, &ref, &reason) == IMAGE_READY &&
				    index_read(&index, slot, &target, &counts))
					enter(session, &target);
			}
		index_close(&index);
	}
	close(fd);
}

int boot_remove(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 022)) {
		close(fd);
		return -EPERM;
	}
	/* The index first: without it nobody begins to use the rest. */
	unlinkat(fd, CACHEDIR_INDEX, 0);
	images_remove(fd, IMAGE_DIRECTORY);
	images_remove(fd, IMAGE_CODE_DIRECTORY);
	close(fd);
	return unlinkat(dirfd, name, AT_REMOVEDIR) ? -errno : 0;
}

static void sweep_one(void *unused, int dirfd, const char *name)
{
	bool current;

	(void)unused;
	if (boot_is_name(name, &current) && !current)
		boot_remove(dirfd, name);
}

void boot_sweep(int dirfd)
{
	directory_each(dirfd, ".", NULL, sweep_one);
}
