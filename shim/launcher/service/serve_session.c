/*
 * Hazards, and what answers each:
 *  1. It is killed at any moment, the machine with it.  An image gets its name when it is whole;
 *     the index says that there is one after that.
 *  2. Its session ends: the launcher kills it, and the kernel does if the launcher is killed.  The
 *     shell of `env` does neither: the service looks whether it lives, and removes what is left.
 *  3. An image's files change.  Every start checks that for itself (resume_map.c), and goes to the
 *     program as it is, at a price; so images are looked through from time to time, and those that
 *     have become stale are taken away, to be baked again if they are still wanted.  What becomes
 *     stale again and again is left alone.
 *  4. Disk and memory: images are bounded by number of bytes, and those that were not used for
 *     longest make room.
 *  5. Somebody else's build wants both processors, and the memory: one thing is baked at a time,
 *     with low priority, and where memory runs out the kernel kills this first.
 *  6. Code that was idle is taken from the page cache, and comes back in small pages.  The copies
 *     that used images map are looked at from time to time.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bakery.h"
#include "clock.h"
#include "elfcache/cache.h"
#include "elfcache/cachedir.h"
#include "elfcache/image_name.h"
#include "elfcache/index.h"
#include "message.h"
#include "offenders.h"
#include "proc.h"
#include "refresh.h"
#include "serve.h"
#include "session.h"
#include "shim/template/image/room.h"

enum {
	NICE = 10,
	/* Among sessions: an image that comes late has fewer starts to serve. */
	GROUP_NICE = 2,
	FIRST_TO_GO = 1000, /* for the kernel, when memory runs out */
	BUSY_MS = 1000,     /* how often images are looked through while programs are started */
	IDLE_MS = 2000, /* and how long to sleep while none is: a look at whether there is a session
			 */
	STALE_MAX = 2,  /* a target whose image became stale so often is not baked again */
};

struct kept {
	struct index_ref ref;
	enum image_state state; /* IMAGE_READY or IMAGE_BOOT */
	uint64_t size;          /* of what is ours to remove */
	/* By which it is found on disk, also when its target has made room for another in the
	   index. */
	struct identity id;
	char *path;
};

struct service {
	int fd;     /* the session's directory */
	int images; /* its images */
	int boot;   /* the boot's images, or -1 */
	struct index index;
	char *const *envp;
	struct kept *kept;
	size_t kept_count;
	uint64_t bytes;      /* of images */
	uint64_t code_bytes; /* of copies of code */
	struct offenders offenders;
	struct refresh refresh;
	uint64_t looked; /* index_clock() when images were last looked through */
};

static bool is_over(const struct service *s)
{
	struct stat st;

	return fstat(s->fd, &st) || st.st_nlink == 0 || faccessat(s->fd, CACHEDIR_INDEX, F_OK, 0) ||
	       leader_state(index_origin(&s->index)) == LEADER_DEAD;
}

/* False without memory for it. */
static bool remember(struct service *s, const struct index_ref *ref, enum image_state state,
		     uint64_t size, const struct target *target)
{
	struct kept *more = reallocarray(s->kept, s->kept_count + 1, sizeof *more);
	char *path = strdup(target->path);

	if (more)
		s->kept = more;
	if (!more || !path) {
		free(path);
		return false;
	}
	s->kept[s->kept_count] = (struct kept){*ref, state, size, target->id, NULL};
	s->kept[s->kept_count++].path = path;
	s->bytes += size;
	return true;
}

/* Take image number i away; its target may have another one later, or, with a reason, never. */
static void discard(struct service *s, size_t i, enum reason reason)
{
	struct kept *k = &s->kept[i];

	index_image_change(&s->index, &k->ref, k->state,
			   reason == REASON_NONE ? IMAGE_NONE : IMAGE_REFUSED, reason);
	if (k->state == IMAGE_READY)
		store_remove(s->images, &k->id, k->path);
	s->bytes -= k->size;
	free(k->path);
	s->kept[i] = s->kept[--s->kept_count];
}

/* A target that had made room in the index and is there again gets its image anew. */
static void discard_old(struct service *s, const struct target *target)
{
	for (size_t i = s->kept_count; i-- > 0;)
		if (s->kept[i].state == IMAGE_READY &&
		    identity_equal(&s->kept[i].id, &target->id) &&
		    strcmp(s->kept[i].path, target->path) == 0)
			discard(s, i, REASON_NONE);
}

/* True if what the slot holds is still the target of this image. */
static bool is_kept(const struct service *s, const struct kept *k, struct target *target,
		    struct target_counts *counts)
{
	return index_read(&s->index, k->ref.slot, target, counts) &&
	       index_holds(&s->index, &k->ref);
}

/* Bytes that images and copies of code may have together. */
static uint64_t limit_of(const struct service *s)
{
	return room_limit_in(s->images, s->bytes + s->code_bytes);
}

/* Of copies, which serve many images, none is taken away: they have half of the room. */
static bool make_room(struct service *s, uint64_t wanted)
{
	const uint64_t limit = limit_of(s);

	while (s->bytes + s->code_bytes + wanted > limit) {
		struct target_counts counts;
		struct target target;
		uint64_t oldest_use = UINT64_MAX;
		size_t oldest = s->kept_count;

		for (size_t i = 0; i < s->kept_count; i++) {
			if (s->kept[i].state != IMAGE_READY)
				continue;
			if (!is_kept(s, &s->kept[i], &target, &counts))
				counts.last_used = 0;
			if (counts.last_used < oldest_use) {
				oldest_use = counts.last_used;
				oldest = i;
			}
		}
		if (oldest == s->kept_count)
			return false;
		discard(s, oldest, REASON_NONE);
	}
	return true;
}

static void bake_target(struct service *s, const struct index_ref *ref, const struct target *target)
{
	struct bakery_result result;

	/* A path that was cut, or relative: its key is that of another string. */
	if (target->path[0] != '/' || cache_path_hash(target->path) != target->path_hash) {
		index_image_change(&s->index, ref, IMAGE_WANTED, IMAGE_REFUSED, REASON_RELATIVE);
		return;
	}
	discard_old(s, target);
	if (!make_room(s, 0))
		return;
	bakery_bake(s->images, room_for_code(limit_of(s)), &target->id, target->path, s->envp,
		    &result);
	s->code_bytes = code_store_bytes(s->images);
	if (result.err == -ENOTSUP) {
		index_image_change(&s->index, ref, IMAGE_WANTED, IMAGE_REFUSED,
				   target->id.mode & (S_ISUID | S_ISGID) ? REASON_SETID
									 : REASON_INELIGIBLE);
	} else if (result.err) {
		/* Replaced meanwhile, or no room: not to be tried again at once. */
		index_image_change(&s->index, ref, IMAGE_WANTED, IMAGE_REFUSED, REASON_FAILED);
	} else if (!make_room(s, result.size) ||
		   !remember(s, ref, IMAGE_READY, result.size, target)) {
		store_remove(s->images, &target->id, target->path);
	} else if (!index_image_change(&s->index, ref, IMAGE_WANTED, IMAGE_READY, REASON_NONE)) {
		discard(s, s->kept_count - 1, REASON_NONE);
	} else {
		index_count_baked(&s->index);
	}
}

/* Bake what the slot holds, if it is wanted. */
static void serve_slot(struct service *s, uint32_t slot)
{
	struct target_counts counts;
	struct index_ref ref;
	struct target target;
	enum reason reason;

	if (index_ref_at(&s->index, slot, &ref) &&
	    index_image_state(&s->index, &ref, &reason) == IMAGE_WANTED &&
	    index_read(&s->index, slot, &target, &counts) && index_holds(&s->index, &ref))
		bake_target(s, &ref, &target);
}

/* Requests [from, to). */
static void serve_requests(struct service *s, uint32_t from, uint32_t to)
{
	/* More than are kept: they are found by looking at all. */
	bool all = to - from > INDEX_ASKED;

	for (; !all && from != to; from++) {
		uint32_t slot = index_image_take(&s->index, from);

		if (slot == INDEX_SLOTS)
			all = true;
		else
			serve_slot(s, slot);
	}
	for (uint32_t slot = 0; all && slot < INDEX_SLOTS; slot++)
		serve_slot(s, slot);
}

/* False if it has become stale. */
static bool look_at(struct service *s, const struct kept *k, const struct target *target,
		    bool is_used)
{
	struct image_view view;
	bool is_good;

	if (store_read(k->state == IMAGE_BOOT ? s->boot : s->images, &target->id, target->path,
		       &view))
		return false;
	is_good = !image_stale_file(&view);
	if (is_good && is_used)
		refresh_image(&s->refresh, &view, clock_ms());
	image_read_end(&view);
	return is_good;
}

static void look_through(struct service *s)
{
	const uint64_t now = index_clock(&s->index);

	for (size_t i = s->kept_count; i-- > 0;) {
		struct target_counts counts;
		struct target target;

		if (!is_kept(s, &s->kept[i], &target, &counts)) {
			discard(s, i, REASON_NONE);
		} else if (!look_at(s, &s->kept[i], &target, counts.last_used > s->looked)) {
			unsigned times =
				offenders_note(&s->offenders, &target.id, target.path_hash);

			index_count_stale(&s->index);
			discard(s, i, times < STALE_MAX ? REASON_NONE : REASON_STALE);
		}
	}
	s->looked = now;
}

/* The images that the session was given at its beginning. */
static void find_given(struct service *s)
{
	for (uint32_t slot = 0; s->boot >= 0 && slot < INDEX_SLOTS; slot++) {
		struct target_counts counts;
		struct index_ref ref;
		struct target target;
		enum reason reason;

		if (index_ref_at(&s->index, slot, &ref) &&
		    index_image_state(&s->index, &ref, &reason) == IMAGE_BOOT &&
		    index_read(&s->index, slot, &target, &counts))
			remember(s, &ref, IMAGE_BOOT, 0, &target);
	}
}

static int open_directory(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void tell_kernel(const char *file, int value)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dprintf(fd, "%d", value) < 0)
		say_verbose("%s: %s", file, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* What bakes inherits all of this. */
static void be_modest(void)
{
	setpriority(PRIO_PROCESS, 0, NICE);
	/* Where the kernel groups the processes of each session, that counts among them only: the
	   group itself has to be nice (sched(7), "The autogroup feature"). */
	if (getsid(0) == getpid())
		tell_kernel("/proc/self/autogroup", GROUP_NICE);
	/* Whoever may not say so is killed by its size (proc(5)). */
	tell_kernel("/proc/self/oom_score_adj", FIRST_TO_GO);
}

static bool begin(struct service *s, const char *directory)
{
	s->fd = cachedir_open(directory, geteuid());
	if (s->fd < 0 || index_open(s->fd, CACHEDIR_INDEX, geteuid(), &s->index))
		return false;
	if (mkdirat(s->fd, IMAGE_DIRECTORY, 0700) && errno != EEXIST)
		return false;
	s->images = open_directory(s->fd, IMAGE_DIRECTORY);
	s->boot = open_directory(s->fd, IMAGE_BOOT_DIRECTORY);
	return s->images >= 0;
}

int serve_session(const char *directory, char *const envp[])
{
	struct service s = {.envp = envp};
	int64_t looked = clock_ms();
	uint32_t served = 0;
	uint64_t clock = 0;

	umask(077);
	/* A limit of file sizes is an error like others. */
	signal(SIGXFSZ, SIG_IGN);
	be_modest();
	if (!begin(&s, directory))
		return 1;
	find_given(&s);
	while (!is_over(&s)) {
		uint32_t asked = index_image_requests(&s.index);
		uint64_t now;

		serve_requests(&s, served, asked);
		served = asked;
		now = index_clock(&s.index);
		index_image_wait(&s.index, served, now != clock ? BUSY_MS : IDLE_MS);
		/* Also where requests come without a pause. */
		if (index_clock(&s.index) != clock && clock_ms() - looked >= BUSY_MS) {
			look_through(&s);
			looked = clock_ms();
		}
		clock = now;
	}
	/* Whoever ended it could not wait for us: what was just baked is still there.  Or nobody
	   did, and the shell has ended. */
	session_remove_open(AT_FDCWD, directory, s.fd);
	return 0;
}
