#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../elfcache/image_name.h"
#include "unfinished.h"

/* The directory KEY, which is made if asked for. */
static int open_key(int dirfd, const struct identity *id, const char *path, bool make)
{
	char key[IMAGE_KEY_SIZE];

	image_key(id, path, key);
	return unfinished_directory(dirfd, key, make);
}

bool store_takes(const struct identity *id)
{
	mode_t others = S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH;
	mode_t owner = S_IRUSR | S_IXUSR;

	return id->uid == geteuid() ? (id->mode & owner) == owner : (id->mode & others) == others;
}

/* Whether the finished image is one of this target as it was asked for. */
static int check(int fd, const struct identity *id, uint64_t *size)
{
	struct image_view view;
	int err = image_read(fd, &view);

	if (err)
		return err;
	if (!identity_equal(&image_file(&view, 0)->id, id))
		err = -ESTALE;
	*size = view.size;
	image_read_end(&view);
	return err;
}

static int bake_into(int keyfd, const struct identity *id, const char *path, char *const envp[],
		     struct bake_loader *loader, const struct code_store *codes, uint64_t *size,
		     char why[BAKE_WHY_MAX])
{
	const char *name = image_base_name(path);
	int fd = unfinished_create(keyfd, 0700);
	int err;

	if (fd < 0) {
		snprintf(why, BAKE_WHY_MAX, "no image can be written: %s", strerror(-fd));
		return fd;
	}
	err = bake(fd, path, envp, loader, codes, why);
	if (!err) {
		err = check(fd, id, size);
		if (err)
			snprintf(why, BAKE_WHY_MAX, "it changed meanwhile");
	}
	err = unfinished_end(keyfd, fd, name, 0500, err);
	if (err && !why[0])
		snprintf(why, BAKE_WHY_MAX, "no image can be written: %s", strerror(-err));
	return err;
}

int store_bake(int dirfd, const struct identity *id, const char *path, char *const envp[],
	       struct bake_loader *loader, const struct code_store *codes, uint64_t *size,
	       char why[BAKE_WHY_MAX])
{
	int keyfd;
	int err;

	why[0] = '\0';
	if (!store_takes(id)) {
		snprintf(why, BAKE_WHY_MAX, "not everybody may read and execute it");
		return -ENOTSUP;
	}
	keyfd = open_key(dirfd, id, path, true);
	if (keyfd < 0) {
		snprintf(why, BAKE_WHY_MAX, "no image can be written: %s", strerror(-keyfd));
		return keyfd;
	}
	err = bake_into(keyfd, id, path, envp, loader, codes, size, why);
	close(keyfd);
	if (err)
		store_remove(dirfd, id, path);
	return err;
}

int store_read(int dirfd, const struct identity *id, const char *path, struct image_view *view)
{
	int keyfd = open_key(dirfd, id, path, false);
	int fd;
	int err;

	if (keyfd < 0)
		return keyfd;
	fd = openat(keyfd, image_base_name(path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	err = fd < 0 ? -errno : image_read(fd, view);
	if (fd >= 0)
		close(fd);
	close(keyfd);
	return err;
}

void store_remove(int dirfd, const struct identity *id, const char *path)
{
	char key[IMAGE_KEY_SIZE];
	int keyfd = open_key(dirfd, id, path, false);

	if (keyfd < 0)
		return;
	unlinkat(keyfd, image_base_name(path), 0);
	/* Of one who was killed while baking. */
	unfinished_remove(keyfd);
	close(keyfd);
	image_key(id, path, key);
	unlinkat(dirfd, key, AT_REMOVEDIR);
}
