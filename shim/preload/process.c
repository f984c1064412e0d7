#include "process.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/ptrace.h>

#include "../../elfcache/cachedir.h"
#include "../../elfcache/sys.h"
#include "../template/child.h"
#include "../template/procfs.h"
#include "next.h"
#include "readable.h"

/*
 * The process's state.  All of it is set once, at first use, by whichever thread or vfork() child
 * comes first; a loser of that race takes its own work back.
 */
static struct {
	/* The session's index: null until looked for, &no_index if there is none. */
	_Atomic(struct index_header *) index;
	/* Which directory it was found in; 0 until that is known. */
	_Atomic uint64_t device;
	_Atomic uint64_t inode;
	/* KERNEL_NEW until somebody needs the engine, KERNEL_BUSY while it is being set up. */
	_Atomic int kernel_state;
	struct kernel_engine kernel;
	struct file_actions_builders builders;
	struct attribute_getters getters;
	/* 0: not known; 1: posix_spawn() is libc's and may be replaced; -1: not. */
	_Atomic int spawns_itself;
} process;

enum { KERNEL_NEW, KERNEL_BUSY, KERNEL_READY };

/* An address that no mapping has. */
#define NO_INDEX ((struct index_header *)-1)

/* Out of descriptors or memory just now: not a reason to never try again. */
static bool is_temporary(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM || err == -EINTR;
}

static int open_in(const char *directory, uid_t uid, struct index *index, struct stat *st)
{
	int dirfd = cachedir_open(directory, uid);
	int err;

	if (dirfd < 0)
		return dirfd;
	err = sys_fstat(dirfd, st);
	if (!err)
		err = index_open(dirfd, CACHEDIR_INDEX, uid, index);
	sys_close(dirfd);
	return err;
}

/* Less than PATH_MAX: this is on the stack of somebody else's thread, which may be small. */
enum { CACHE_PATH_MAX = 512 };

/* Without SPAWN_TEMPLATE_CACHE: the first cache directory that has an index. */
static int open_anywhere(uid_t uid, struct index *index, struct stat *st)
{
	char *envp[ENVIRONMENT_OF_CACHE];
	char path[CACHE_PATH_MAX];
	int err = -ENOENT;

	environment_of_cache(envp);
	for (unsigned n = 0; n < CACHEDIR_CANDIDATES; n++) {
		if (cachedir_candidate(n, envp, uid, path, sizeof path) < 0)
			continue;
		err = open_in(path, uid, index, st);
		if (!err || is_temporary(err))
			return err;
	}
	return err;
}

static struct index_header *open_index(const struct settings *settings)
{
	uid_t uid = sys_geteuid();
	struct index_header *expected = NULL;
	struct index index;
	struct stat st;
	int err = settings->cache ? open_in(settings->cache, uid, &index, &st)
				  : open_anywhere(uid, &index, &st);

	if (is_temporary(err))
		return NO_INDEX;
	if (err)
		index.map = NO_INDEX;
	if (atomic_compare_exchange_strong_explicit(&process.index, &expected, index.map,
						    memory_order_acq_rel, memory_order_acquire)) {
		if (!err) {
			atomic_store_explicit(&process.device, st.st_dev, memory_order_relaxed);
			atomic_store_explicit(&process.inode, st.st_ino, memory_order_relaxed);
		}
		return index.map;
	}
	if (!err)
		index_close(&index);
	return expected;
}

bool process_index(const struct settings *settings, struct index *index)
{
	struct index_header *map = atomic_load_explicit(&process.index, memory_order_acquire);

	if (!map)
		map = open_index(settings);
	if (map == NO_INDEX)
		return false;
	index->map = map;
	return index_origin(index)->uid == sys_geteuid();
}

/*
 * Since the index was mapped the path may have become another's: the directory was removed, by its
 * user or by who cleans /var/tmp, and somebody made another one; or this is a child of the process
 * that mapped it, in another root directory.
 */
bool process_cache_stands(const struct settings *settings, const struct index *index)
{
	struct stat st;

	return !sys_fstatat(AT_FDCWD, settings->cache, &st, AT_SYMLINK_NOFOLLOW) &&
	       cachedir_is_safe(&st, index_origin(index)->uid) &&
	       st.st_dev == atomic_load_explicit(&process.device, memory_order_relaxed) &&
	       st.st_ino == atomic_load_explicit(&process.inode, memory_order_relaxed);
}

void process_note_ptrace(int request)
{
	struct settings settings;
	struct index index;

	procfs_ask_anew();
	if (request != PTRACE_SEIZE && request != PTRACE_ATTACH)
		return;
	settings_read(&settings);
	if (process_index(&settings, &index))
		index_note_tracer(&index);
}

static void fill_builders(struct file_actions_builders *b)
{
	*b = (struct file_actions_builders){
		.init = NEXT(posix_spawn_file_actions_init),
		.destroy = NEXT(posix_spawn_file_actions_destroy),
		.addclose = NEXT(posix_spawn_file_actions_addclose),
		.adddup2 = NEXT(posix_spawn_file_actions_adddup2),
		.addopen = NEXT(posix_spawn_file_actions_addopen),
		.addchdir_np = NEXT(posix_spawn_file_actions_addchdir_np),
		.addfchdir_np = NEXT(posix_spawn_file_actions_addfchdir_np),
		.addclosefrom_np = NEXT(posix_spawn_file_actions_addclosefrom_np),
		.addtcsetpgrp_np = NEXT(posix_spawn_file_actions_addtcsetpgrp_np),
	};
}

bool process_reads_file_actions(void)
{
	_Atomic int *known = &process.kernel.file_actions_known;
	int state = atomic_load_explicit(known, memory_order_relaxed);

	if (state == 0) {
		struct file_actions_builders builders;

		fill_builders(&builders);
		state = file_actions_probe(&builders) ? 1 : -1;
		atomic_store_explicit(known, state, memory_order_relaxed);
	}
	return state > 0;
}

static void fill_getters(struct attribute_getters *g)
{
	*g = (struct attribute_getters){
		.getflags = NEXT(posix_spawnattr_getflags),
		.getpgroup = NEXT(posix_spawnattr_getpgroup),
		.getsigmask = NEXT(posix_spawnattr_getsigmask),
		.getsigdefault = NEXT(posix_spawnattr_getsigdefault),
	};
}

void process_read_attributes(const posix_spawnattr_t *attr, struct spawn_attributes *out)
{
	struct attribute_getters getters;

	fill_getters(&getters);
	spawn_attributes_read(&getters, attr, out);
}

static bool is_replaceable(void)
{
	const char *(*version)(void) = NEXT(gnu_get_libc_version);

	return version && child_is_like(version()) && next_is_libc(NEXT_posix_spawn);
}

bool process_spawns_itself(void)
{
	int state = atomic_load_explicit(&process.spawns_itself, memory_order_relaxed);

	if (state == 0) {
		state = is_replaceable() ? 1 : -1;
		atomic_store_explicit(&process.spawns_itself, state, memory_order_relaxed);
	}
	return state > 0;
}

/* Never unasked: the numbers may be another call's. */
bool process_wants_kernel_engine(const struct settings *settings)
{
	return settings->kernel_nr &&
	       (settings->choice == CHOICE_AUTO || settings->choice == CHOICE_KERNEL);
}

struct kernel_engine *process_kernel_engine(const struct settings *settings)
{
	int state = atomic_load_explicit(&process.kernel_state, memory_order_acquire);

	if (!process_wants_kernel_engine(settings))
		return NULL;
	if (state == KERNEL_NEW) {
		struct kernel_numbers numbers;

		if (!kernel_numbers_parse(settings->kernel_nr, &numbers))
			return NULL;
		if (!atomic_compare_exchange_strong(&process.kernel_state, &state, KERNEL_BUSY))
			return NULL;
		process.kernel.numbers = numbers;
		fill_builders(&process.builders);
		fill_getters(&process.getters);
		process.kernel.builders = &process.builders;
		process.kernel.getters = &process.getters;
		state = KERNEL_READY;
		atomic_store_explicit(&process.kernel_state, state, memory_order_release);
	}
	/* It takes 5 KiB of stack. */
	if (state != KERNEL_READY || !kernel_engine_available(&process.kernel) ||
	    stack_is_alternate())
		return NULL;
	return &process.kernel;
}
