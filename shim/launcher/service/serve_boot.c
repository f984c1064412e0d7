#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bakery.h"
#include "elfcache/cache.h"
#include "elfcache/cachedir.h"
#include "elfcache/image_name.h"
#include "elfcache/index.h"
#include "message.h"
#include "output.h"
#include "serve.h"
#include "shim/template/image/room.h"

struct oven {
	int images;
	struct index index;
	char *const *envp;
};

/* Look again at a target that is in the index; true if its image is there and still good. */
static bool is_done(const struct oven *o, const struct target *target, const struct index_ref *ref)
{
	struct image_view view;
	enum reason reason;
	bool good;

	if (index_image_state(&o->index, ref, &reason) != IMAGE_READY ||
	    store_read(o->images, &target->id, target->path, &view))
		return false;
	good = !image_stale_file(&view);
	image_read_end(&view);
	return good;
}

/* The place of the target in the boot's index, whatever state it is in then. */
static bool enter(struct oven *o, const char *path, struct target *target, struct index_ref *ref)
{
	struct exe exe;

	memset(target, 0, sizeof *target);
	if (identity_of(AT_FDCWD, path, 0, &target->id) || exe_look(AT_FDCWD, path, &exe))
		return false;
	target->kind = (uint16_t)exe.kind;
	target->machine = exe.machine;
	target->type = exe.type;
	target->path_hash = cache_path_hash(path);
	target_set_path(target, path);
	return index_find(&o->index, &target->id, target->path_hash, NULL, ref) ||
	       index_insert(&o->index, target, ref);
}

static uint64_t code_limit(const struct oven *o)
{
	return room_for_code(room_limit_in(o->images, code_store_bytes(o->images)));
}

static int bake_program(struct oven *o, const char *path)
{
	struct bakery_result result;
	struct target target;
	struct index_ref ref;
	enum image_state state;
	enum reason reason;

	if (strlen(path) >= INDEX_PATH_MAX || !enter(o, path, &target, &ref)) {
		say("bake %s: cannot be looked at, or its path is too long", path);
		return EXIT_FOUND;
	}
	if (is_done(o, &target, &ref)) {
		printf("%s: has an image already\n", path);
		return 0;
	}
	bakery_bake(o->images, code_limit(o), &target.id, path, o->envp, &result);
	state = index_image_state(&o->index, &ref, &reason);
	index_image_change(&o->index, &ref, state, result.err ? IMAGE_REFUSED : IMAGE_READY,
			   result.err ? REASON_INELIGIBLE : REASON_NONE);
	if (result.err) {
		say("bake %s: no image: %s", path, result.why);
		return EXIT_FOUND;
	}
	index_count_baked(&o->index);
	printf("%s: %llu KB\n", path, (unsigned long long)((result.size + 1023) / 1024));
	return 0;
}

/* False, after a line on stderr, if there is nothing to bake into. */
static bool open_oven(struct oven *o, const char *directory)
{
	int fd = cachedir_open(directory, geteuid());

	if (fd < 0 || index_open(fd, CACHEDIR_INDEX, geteuid(), &o->index)) {
		say("bake: %s: no longer there, or not ours", directory);
		return false;
	}
	o->images = openat(fd, IMAGE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (o->images < 0)
		say("bake: %s/" IMAGE_DIRECTORY ": %s", directory, strerror(errno));
	close(fd);
	return o->images >= 0;
}

int serve_boot(const char *directory, char *const envp[], char **programs)
{
	struct oven o = {.envp = envp};
	int status = 0;

	umask(077);
	if (!open_oven(&o, directory))
		return EXIT_FOUND;
	/* One at a time: another one's unfinished image is not to be taken for a left-over. */
	flock(o.images, LOCK_EX);
	for (; *programs; programs++) {
		int failed = bake_program(&o, *programs);

		status = failed ? failed : status;
	}
	return output_finish(status);
}
