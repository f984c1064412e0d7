#include "target.h"

#include <errno.h>

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"
#include "../template/procfs.h"
#include "target_name.h"

/* Look into the file that was given as path relative to dirfd, or as dirfd itself. */
static int look(const char *path, int dirfd, struct exe *exe)
{
	char fd_path[PROCFS_FD_PATH_MAX];

	if (path[0])
		return exe_look(dirfd, path, exe);
	/* Also one that was opened with O_PATH, which cannot be read from. */
	procfs_fd_path(dirfd, fd_path);
	return exe_look(AT_FDCWD, fd_path, exe);
}

/* These three are apart for what they have on the stack, which may be that of a signal handler. */
__attribute__((noinline)) static bool find(struct target_view *target)
{
	struct cached *entry = &target->entry;
	struct target known;

	if (!target->has_index ||
	    !index_find(&target->index, &entry->id, entry->path_hash, &known, &entry->ref))
		return false;
	entry->has_ref = true;
	entry->kind = known.kind;
	return true;
}

__attribute__((noinline)) static void insert(struct target_view *target, int dirfd,
					     const struct exe *exe)
{
	struct cached *entry = &target->entry;
	struct target known;

	mem_zero(&known, sizeof known);
	known.id = entry->id;
	known.path_hash = entry->path_hash;
	known.kind = (uint16_t)exe->kind;
	known.machine = exe->machine;
	known.type = exe->type;
	target_name(&known, dirfd, target->path);
	entry->has_ref = index_insert(&target->index, &known, &entry->ref);
}

__attribute__((noinline)) static void look_and_insert(struct target_view *target, int dirfd)
{
	struct exe exe;
	/* Unreadable is a kind like the others; what could not be read now may be the next time. */
	int err = look(target->path, dirfd, &exe);

	target->entry.kind = (uint16_t)exe.kind;
	if (target->has_index && (!err || err == -EACCES))
		insert(target, dirfd, &exe);
}

/* Find the target in the index, or look into the file and enter it there. */
static void identify(struct target_view *target, int dirfd)
{
	if (!find(target))
		look_and_insert(target, dirfd);
}

void target_look(struct target_view *target, const struct settings *settings, int dirfd,
		 const char *path, int flags, bool remember)
{
	struct cache *cache;
	struct cached dropped;

	mem_zero(target, sizeof *target);
	target->path = path;
	target->entry.template_fd = -1;
	/* The kernel looks at the path first: one that cannot be read stays untouched by us. */
	if (identity_of(dirfd, path, flags, &target->entry.id) || !S_ISREG(target->entry.id.mode))
		return;
	target->exists = true;
	target->entry.path_hash = cache_path_hash(path);
	target->has_index = process_index(settings, &target->index);
	cache = remember ? cache_get() : NULL;
	if (!cache) {
		identify(target, dirfd);
		return;
	}
	if (cache_find(cache, target->entry.path_hash, &target->entry.id, &target->entry)) {
		/* It may have made room for others in the index since. */
		if (target->has_index && !index_holds(&target->index, &target->entry.ref))
			identify(target, dirfd);
		return;
	}
	identify(target, dirfd);
	if (cache_store(cache, &target->entry, &dropped))
		kernel_engine_drop(&dropped);
}

/* Of what an image's entry has in place of the hash of its path. */
#define IMAGE_OF 0x9e3779b97f4a7c15

bool target_look_image(struct target_view *image, const struct target_view *target,
		       const char *path)
{
	uint64_t path_hash = target->entry.path_hash ^ IMAGE_OF;
	struct cache *cache = cache_get();
	struct cached dropped;

	mem_zero(image, sizeof *image);
	image->path = path;
	image->entry.path_hash = path_hash;
	image->entry.template_fd = -1;
	/* Without the cache a template would be used once. */
	if (!cache)
		return false;
	if (!identity_of(AT_FDCWD, path, 0, &image->entry.id)) {
		cache_find(cache, path_hash, &image->entry.id, &image->entry);
		return true;
	}
	/* A template would keep its file on the disk. */
	if (cache_store(cache, &image->entry, &dropped))
		kernel_engine_drop(&dropped);
	return false;
}

/* True if it cannot take the library. */
static bool kind_rejects_preload(const struct target_view *target, int dirfd)
{
	enum exe_kind kind = (enum exe_kind)target->entry.kind;
	struct exe exe;

	if (!target->exists)
		return false;
	/* The interpreter may be replaced while the script stays the same: look anew each time. */
	if (kind == EXE_SCRIPT) {
		if (look(target->path, dirfd, &exe))
			return false;
		kind = exe_loaded_kind(&exe);
	}
	return exe_rejects_preload(kind);
}

bool target_rejects_preload(const struct target_view *target, const struct settings *settings,
			    int dirfd)
{
	return kind_rejects_preload(target, dirfd) || !environment_leads_to_us(settings);
}

void target_count(struct target_view *target, const struct settings *settings, enum how how,
		  enum reason reason)
{
	if (target->has_index)
		index_count(&target->index, target->entry.has_ref ? &target->entry.ref : NULL, how,
			    reason);
	process_log(settings, target->path, how, reason);
}

void target_uncount(struct target_view *target, enum how how, enum reason reason)
{
	if (target->has_index)
		index_uncount(&target->index, target->entry.has_ref ? &target->entry.ref : NULL,
			      how, reason);
}
