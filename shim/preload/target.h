/*
 * What is to be started: the file behind a path, and what is known of it.
 */
#ifndef ST_PRELOAD_TARGET_H
#define ST_PRELOAD_TARGET_H

#include <stdbool.h>

#include "../../elfcache/cache.h"
#include "process.h"

struct target_view {
	const char *path; /* as the kernel will be given it */
	/* False if there is no regular file there: libc will fail, or knows better. */
	bool exists;
	bool has_index; /* index is mapped */
	struct index index;
	struct cached entry; /* identity, kind, place in the index */
};

/*
 * Look at the file `path` (relative to dirfd, with fstatat's flags) and find or enter it in the
 * index.  remember: keep what was found in the per-process cache, for a caller that will come
 * again and is not about to be replaced.
 */
void target_look(struct target_view *target, const struct settings *settings, int dirfd,
		 const char *path, int flags, bool remember);

/*
 * The target's image at `path`, as what a kernel template is made of.  The process's cache has one
 * image for each path of a target, and another one takes the place of its template.  False if the
 * image is gone; its template then is too.
 */
bool target_look_image(struct target_view *image, const struct target_view *target,
		       const char *path);

/* True if LD_PRELOAD must not name us when the kernel loads this file or its interpreter: either
   cannot take the library, or it is not to be had here. */
bool target_rejects_preload(const struct target_view *target, const struct settings *settings,
			    int dirfd);

/* Count a start of the target and log it; target_uncount() takes a start back. */
void target_count(struct target_view *target, const struct settings *settings, enum how how,
		  enum reason reason);
void target_uncount(struct target_view *target, enum how how, enum reason reason);

#endif
