#include "index.h"

#include <errno.h>

#include "index_layout.h"
#include "mem.h"
#include "sys.h"

static const char magic[8] = "spawntpl";

size_t index_file_size(void)
{
	return HEADER_SIZE + (size_t)INDEX_SLOTS * sizeof(struct entry);
}

static uint32_t first_slot(const struct identity *id)
{
	return (uint32_t)(identity_hash(id) % INDEX_SETS) * INDEX_WAYS;
}

/* Blocks for the whole file, by writing it where the file system cannot be asked for them. */
static int allocate(int fd, size_t size)
{
	static const char zeros[4096];
	int err;

	do
		err = (int)sys_call4(SYS_fallocate, fd, 0, 0, (long)size);
	while (err == -EINTR);
	if (err != -EOPNOTSUPP)
		return err;
	for (size_t done = 0; done < size; done += sizeof zeros) {
		ssize_t n = sys_write(fd, zeros, sizeof zeros);

		if (n != sizeof zeros)
			return n < 0 ? (int)n : -ENOSPC;
	}
	return 0;
}

/* mkstemp-like names are not needed: the directory is private to one session. */
int index_create(int dirfd, const char *name, const struct index_origin *origin)
{
	struct index_header *map;
	size_t size = index_file_size();
	struct rlimit limit;
	int err;
	int fd;

	/* The kernel would send SIGXFSZ as well: to wait for whoever unblocks it. */
	if (!sys_getrlimit(RLIMIT_FSIZE, &limit) && limit.rlim_cur < size)
		return -EFBIG;
	fd = sys_openat(dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fd;
	/* Whatever the umask has left of the mode. */
	err = (int)sys_call3(SYS_fchmod, fd, 0600, 0);
	if (!err)
		err = allocate(fd, size);
	if (err)
		goto fail;
	map = sys_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (sys_is_error(map)) {
		err = (int)(intptr_t)map;
		goto fail;
	}
	map->version = FORMAT_VERSION;
	map->header_size = HEADER_SIZE;
	map->entry_size = sizeof(struct entry);
	map->sets = INDEX_SETS;
	map->ways = INDEX_WAYS;
	map->origin = *origin;
	/* Last: a file without its magic is no index, should we be killed here. */
	mem_copy(map->magic, magic, sizeof magic);
	sys_munmap(map, size);
	sys_close(fd);
	return 0;
fail:
	sys_call3(SYS_unlinkat, dirfd, (long)name, 0);
	sys_close(fd);
	return err;
}

static bool header_is_ours(const struct index_header *map, uid_t uid)
{
	return mem_equal(map->magic, magic, sizeof magic) && map->version == FORMAT_VERSION &&
	       map->header_size == HEADER_SIZE && map->entry_size == sizeof(struct entry) &&
	       map->sets == INDEX_SETS && map->ways == INDEX_WAYS && map->origin.uid == uid;
}

int index_open(int dirfd, const char *name, uid_t uid, struct index *index)
{
	struct index_header *map;
	struct stat st;
	/* O_NONBLOCK: a FIFO planted under this name must not stop us. */
	int fd =
		sys_openat(dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	int err;

	if (fd < 0)
		return fd;
	err = sys_fstat(fd, &st);
	if (err)
		goto out;
	if (!S_ISREG(st.st_mode) || st.st_uid != uid || (st.st_mode & 077)) {
		err = -EPERM;
		goto out;
	}
	if ((size_t)st.st_size != index_file_size()) {
		err = -EINVAL;
		goto out;
	}
	map = sys_mmap(NULL, index_file_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (sys_is_error(map)) {
		err = (int)(intptr_t)map;
		goto out;
	}
	if (!header_is_ours(map, uid)) {
		sys_munmap(map, index_file_size());
		err = -EINVAL;
		goto out;
	}
	index->map = map;
out:
	sys_close(fd);
	return err;
}

void index_close(struct index *index)
{
	sys_munmap(index->map, index_file_size());
	index->map = NULL;
}

const struct index_origin *index_origin(const struct index *index)
{
	return &index->map->origin;
}

/* True if the slot holds this target, with the generation at which it was seen. */
static bool entry_has(const struct entry *e, const struct identity *id, uint64_t path_hash,
		      uint64_t *generation)
{
	union {
		struct identity id;
		uint64_t words[KEY_WORDS];
	} seen;

	_Static_assert(offsetof(struct target, id) == 0, "the key comes first");
	_Static_assert(offsetof(struct target, path_hash) == sizeof seen.id, "the key is whole");
	return slot_read(&e->generation, e->target, KEY_WORDS, seen.words, generation) &&
	       seen.words[KEY_WORDS - 1] == path_hash && identity_equal(&seen.id, id);
}

bool index_find(const struct index *index, const struct identity *id, uint64_t path_hash,
		struct target *target, struct index_ref *ref)
{
	uint32_t first = first_slot(id);

	for (uint32_t slot = first; slot < first + INDEX_WAYS; slot++) {
		const struct entry *e = entry_at(index, slot);
		uint64_t generation;
		union {
			struct target target;
			uint64_t words[TARGET_WORDS];
		} copy;

		if (!entry_has(e, id, path_hash, &generation))
			continue;
		if (target) {
			uint64_t again;

			if (!slot_read(&e->generation, e->target, TARGET_WORDS, copy.words,
				       &again) ||
			    again != generation || copy.target.kind >= EXE_KINDS)
				continue;
			*target = copy.target;
			target->path[INDEX_PATH_MAX - 1] = '\0';
		}
		*ref = (struct index_ref){slot, generation};
		return true;
	}
	return false;
}

bool index_holds(const struct index *index, const struct index_ref *ref)
{
	return slot_is_published(ref->generation) &&
	       atomic_load_explicit(&entry_at(index, ref->slot)->generation,
				    memory_order_acquire) == ref->generation;
}

/*
 * The way to write to: an unused one, else the least recently used.  Ways that are being written
 * are left to their writers.
 */
static struct entry *choose_victim(const struct index *index, uint32_t first, uint32_t *slot,
				   uint64_t *generation)
{
	struct entry *best = NULL;
	uint64_t best_used = UINT64_MAX;

	*slot = first;
	*generation = 0;
	for (uint32_t s = first; s < first + INDEX_WAYS; s++) {
		struct entry *e = entry_at(index, s);
		uint64_t g = atomic_load_explicit(&e->generation, memory_order_acquire);
		uint64_t used = atomic_load_explicit(&e->last_used, memory_order_relaxed);

		if (g & 1)
			continue;
		/* One that is used may have last been used at time 0. */
		if (!best || g == 0 || used < best_used) {
			best = e;
			best_used = used;
			*slot = s;
			*generation = g;
		}
		if (g == 0)
			break;
	}
	return best;
}

/* Move the counters of a target that makes room to the totals' account of such targets. */
static void retire(struct index_header *h, struct entry *e)
{
	for (int how = 0; how < HOW_COUNT; how++) {
		uint64_t n = atomic_exchange_explicit(&e->starts[how], 0, memory_order_relaxed);

		atomic_fetch_add_explicit(&h->evicted_starts[how], n, memory_order_relaxed);
	}
	atomic_fetch_add_explicit(&h->evicted_targets, 1, memory_order_relaxed);
}

bool index_insert(struct index *index, const struct target *target, struct index_ref *ref)
{
	uint32_t first = first_slot(&target->id);
	union {
		struct target target;
		uint64_t words[TARGET_WORDS];
	} in;

	in.target = *target;
	/* Each failed claim means that another writer just succeeded, so few rounds are enough. */
	for (int round = 0; round < INDEX_WAYS; round++) {
		uint64_t generation;
		uint32_t slot;
		struct entry *e;

		/* Closes most of the window in which two processes add the same target. */
		if (index_find(index, &target->id, target->path_hash, NULL, ref))
			return true;
		e = choose_victim(index, first, &slot, &generation);
		if (!e)
			return false;
		if (!slot_claim(&e->generation, generation))
			continue;
		if (generation != 0)
			retire(index->map, e);
		atomic_store_explicit(&e->verdict, 0, memory_order_relaxed);
		atomic_store_explicit(&e->image, 0, memory_order_relaxed);
		atomic_store_explicit(
			&e->last_used,
			atomic_load_explicit(&index->map->clock, memory_order_relaxed),
			memory_order_relaxed);
		ref->generation =
			slot_publish(&e->generation, generation, e->target, TARGET_WORDS, in.words);
		ref->slot = slot;
		return true;
	}
	return false;
}

void target_set_path(struct target *target, const char *path)
{
	static const char cut[] = "...";
	size_t len = mem_length(path);

	if (len < INDEX_PATH_MAX) {
		mem_copy(target->path, path, len);
		mem_zero(target->path + len, INDEX_PATH_MAX - len);
	} else {
		size_t keep = INDEX_PATH_MAX - sizeof cut;

		mem_copy(target->path, cut, sizeof cut - 1);
		mem_copy(target->path + sizeof cut - 1, path + len - keep, keep);
		target->path[INDEX_PATH_MAX - 1] = '\0';
	}
}

bool index_ref_at(const struct index *index, uint32_t slot, struct index_ref *ref)
{
	if (slot >= INDEX_SLOTS)
		return false;
	*ref = (struct index_ref){slot, atomic_load_explicit(&entry_at(index, slot)->generation,
							     memory_order_acquire)};
	return slot_is_published(ref->generation);
}

bool index_read(const struct index *index, uint32_t slot, struct target *target,
		struct target_counts *counts)
{
	union {
		struct target target;
		uint64_t words[TARGET_WORDS];
	} copy;
	const struct entry *e;
	uint64_t generation;

	if (slot >= INDEX_SLOTS)
		return false;
	e = entry_at(index, slot);
	if (!slot_read(&e->generation, e->target, TARGET_WORDS, copy.words, &generation))
		return false;
	if (copy.target.kind >= EXE_KINDS)
		return false;
	*target = copy.target;
	target->path[INDEX_PATH_MAX - 1] = '\0';
	for (int how = 0; how < HOW_COUNT; how++)
		counts->starts[how] = atomic_load_explicit(&e->starts[how], memory_order_relaxed);
	counts->last_used = atomic_load_explicit(&e->last_used, memory_order_relaxed);
	counts->verdict = atomic_load_explicit(&e->verdict, memory_order_relaxed);
	return true;
}

uint32_t index_unfinished_slots(const struct index *index)
{
	uint32_t n = 0;

	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++)
		if (atomic_load_explicit(&entry_at(index, slot)->generation, memory_order_relaxed) &
		    1)
			n++;
	return n;
}
