/*
 * The session's index: a file that every process of a session maps and counts in.
 *
 * It is a set-associative table of targets keyed by identity and path, of fixed size.  Readers are
 * lock-free and never wait; a writer owns one slot at a time (slot.h) and waits for nobody; when a
 * set is full, its least recently used target makes room.  A process may be killed at any
 * instruction: at worst one slot is lost and one start is counted or not.
 *
 * Everything here but index_create() is safe in a vfork() child and in a signal handler.
 */
#ifndef ST_ELFCACHE_INDEX_H
#define ST_ELFCACHE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "exe.h"
#include "identity.h"
#include "reason.h"

enum {
	INDEX_SETS = 512,
	INDEX_WAYS = 8,
	INDEX_SLOTS = INDEX_SETS * INDEX_WAYS,
	INDEX_PATH_MAX = 384, /* bytes, with the terminating NUL */
	INDEX_BOOT_ID_LEN = 36,
	INDEX_ASKED = 63, /* requests for images whose slots are kept */
};

/* How a start was made. */
enum how { HOW_LIBC, HOW_KERNEL, HOW_IMAGE, HOW_COUNT };

/*
 * What is known of a target.  Immutable once in the index.  Identity and path together are the key:
 * one file started by two names is two targets, since its name is visible to it (AT_EXECFN, comm).
 */
struct target {
	struct identity id;
	uint64_t path_hash; /* cache_path_hash() of the path as it was asked for */
	uint16_t kind;      /* enum exe_kind */
	uint16_t machine;   /* e_machine, 0 if not ELF */
	uint16_t type;      /* e_type, 0 if not ELF */
	uint16_t reserved;
	/* Its absolute path; a longer one is cut at its front and begins "...". */
	char path[INDEX_PATH_MAX];
};

/* What has happened to a target so far. */
struct target_counts {
	uint64_t starts[HOW_COUNT];
	uint64_t last_used; /* logical time: the number of starts in the session until then */
	uint32_t verdict;   /* enum reason of the last start that went to libc, 0 if none did */
};

struct index_totals {
	uint64_t starts[HOW_COUNT];
	uint64_t fallback[REASON_MAX];
	uint64_t baked;
	uint64_t stale;
	uint64_t both; /* of those from images: through a kernel template of the image */
	/* Targets that made room for others, and their starts: included in the totals above, but
	   no longer among the targets. */
	uint64_t evicted_targets;
	uint64_t evicted_starts[HOW_COUNT];
};

/* Who made an index, and when. */
struct index_origin {
	char boot_id[INDEX_BOOT_ID_LEN]; /* /proc/sys/kernel/random/boot_id, not terminated */
	uint32_t uid;
	int32_t pid;        /* the session's leader: the launcher, or the shell of `env` */
	uint64_t pid_start; /* its start time: field 22 of /proc/PID/stat, in clock ticks */
	int64_t created;    /* seconds since the epoch */
	/* The PID namespace in which pid means something: the inode of /proc/PID/ns/pid, 0 if not
	   known. */
	uint64_t pid_namespace;
};

struct index_header;

/* A mapped index.  Plain value; copies share the mapping. */
struct index {
	struct index_header *map;
};

/* A place in an index: valid until the slot is rewritten, and harmless after that. */
struct index_ref {
	uint32_t slot;
	uint64_t generation;
};

/* The size of an index file in bytes. */
size_t index_file_size(void);

/*
 * Create an index file `name` in the directory dirfd, mode 0600, its blocks allocated so that no
 * later write can fail (a full disk would otherwise be a SIGBUS in somebody's process).  It must
 * not exist.  Returns 0 or a negative error number, with nothing left behind.
 */
int index_create(int dirfd, const char *name, const struct index_origin *origin);

/*
 * Map the index file `name` in the directory dirfd.  It must be a regular file (no symbolic link)
 * of the right size, owned by uid and not accessible to anybody else, and have a header that this
 * version wrote.  Returns 0; -ENOENT and the like if it cannot be opened; -EPERM for a wrong owner
 * or mode; -EINVAL for wrong content.  The descriptor used is closed again.
 */
int index_open(int dirfd, const char *name, uid_t uid, struct index *index);
void index_close(struct index *index);

const struct index_origin *index_origin(const struct index *index);

/*
 * Find a target by its key.  target may be null if only the place is wanted; else one that holds
 * nonsense is not found.
 */
bool index_find(const struct index *index, const struct identity *id, uint64_t path_hash,
		struct target *target, struct index_ref *ref);

/* True if the place is still that of the target it was given for. */
bool index_holds(const struct index *index, const struct index_ref *ref);

/*
 * Add a target that index_find() did not find.  False if there was no room without waiting: its
 * starts are then counted in the totals only.  Two processes that add one target at the same time
 * may both succeed; index_find() then always finds the same one of the two.
 */
bool index_insert(struct index *index, const struct target *target, struct index_ref *ref);

/* Set target->path, cut at the front if it is too long.  Its hash is not touched. */
void target_set_path(struct target *target, const char *path);

/*
 * Count a start: in the totals and, if ref is not null, at its target.  reason is REASON_NONE
 * unless how is HOW_LIBC.  index_uncount() takes back a start that index_count() had announced and
 * that did not happen after all (an exec that failed).
 */
void index_count(struct index *index, const struct index_ref *ref, enum how how,
		 enum reason reason);
void index_uncount(struct index *index, const struct index_ref *ref, enum how how,
		   enum reason reason);
/* Of a start that is counted as HOW_IMAGE: a kernel template of the image made it. */
void index_count_both(struct index *index);
void index_count_baked(struct index *index);
void index_count_stale(struct index *index);

/* The place of what a slot holds; false if that is nothing. */
bool index_ref_at(const struct index *index, uint32_t slot, struct index_ref *ref);

/*
 * Read slot 0 <= slot < INDEX_SLOTS.  False if it is empty, being written, or holds nonsense.
 * path is always terminated.
 */
bool index_read(const struct index *index, uint32_t slot, struct target *target,
		struct target_counts *counts);
void index_read_totals(const struct index *index, struct index_totals *totals);

/*
 * Add what another session counted: its totals, and (ref as for index_count()) the starts of one
 * of its targets, which the totals contain already.
 */
void index_add_totals(struct index *index, const struct index_totals *totals);
void index_add_starts(struct index *index, const struct index_ref *ref,
		      const struct target_counts *counts);

/* How far a target has come on its way to an image. */
enum image_state {
	IMAGE_NONE,    /* not wanted yet */
	IMAGE_WANTED,  /* hot; the service has not come to it yet */
	IMAGE_READY,   /* published in the session's own directory: image_name.h */
	IMAGE_BOOT,    /* there is one that was made for the boot */
	IMAGE_REFUSED, /* never: the reason says why */
	IMAGE_STATES
};

/* *reason is REASON_NONE unless the state is IMAGE_REFUSED. */
enum image_state index_image_state(const struct index *index, const struct index_ref *ref,
				   enum reason *reason);

/* Move on from one state to another.  False if it was not in the first, or is gone. */
bool index_image_change(struct index *index, const struct index_ref *ref, enum image_state from,
			enum image_state to, enum reason reason);

/* From IMAGE_NONE to IMAGE_WANTED, and wake the session's service if it sleeps. */
void index_image_want(struct index *index, const struct index_ref *ref);

/* For the service: the number of requests so far; and to sleep until it is not `seen` any more, or
   some milliseconds have passed.  True if it has changed. */
uint32_t index_image_requests(const struct index *index);
/* The slot that request n was about; INDEX_SLOTS if that is not known (any more): look at all. */
uint32_t index_image_take(struct index *index, uint32_t n);
bool index_image_wait(struct index *index, uint32_t seen, unsigned milliseconds);

/* The number of starts in the session so far, roughly. */
uint64_t index_clock(const struct index *index);

/*
 * Say that the session has images, and which condition all of them have: loader_variables_hash()
 * of the environment that they are baked in.  confinement is confinement_hash() of who bakes them.
 */
void index_enable_images(struct index *index, uint64_t variables, uint64_t confinement);
bool index_has_images(const struct index *index);
uint64_t index_variables(const struct index *index);
uint64_t index_confinement(const struct index *index);

/* A process of the session has attached to another as its tracer, ever. */
void index_note_tracer(struct index *index);
bool index_has_tracer(const struct index *index);

/* The starts of one target so far. */
uint64_t index_starts(const struct index *index, const struct index_ref *ref);

/* The number of slots that a killed writer left behind or that are being written just now. */
uint32_t index_unfinished_slots(const struct index *index);

#endif
