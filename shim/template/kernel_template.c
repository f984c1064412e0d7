/*
 * Template descriptors: which files may have one, how it is made, where it is kept.
 *
 * The rules and their reasons are among the hazards in kernel.c.
 */
#include <errno.h>
#include <limits.h>

#include "../../elfcache/exe.h"
#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"
#include "kernel_parts.h"
#include "procfs.h"

enum {
	TEMPLATES_MAX = 32, /* in one process at a time */

	/* Template descriptors live below the limit, but not above FD_TOP: a process's table is as
	   large as its highest number, and every fork() goes through it (2 us for 768, 0.4 for
	   256).  Nor below 256, where programs that have many files open have their next ones. */
	FD_TOP = 512,
	FD_SPAN = 256, /* so many numbers in both lanes; a quarter of a limit below FD_TOP */
	FD_FLOOR = 64, /* never below: programs know their low numbers */
	FD_TRIES = 16, /* numbers tried that the program has taken before us */
	FD_LANES = 2,
};

/* Unknown to every version of the proposal so far. */
#define UNKNOWN_FLAG (1ULL << 62)

bool kernel_numbers_verify(const struct kernel_numbers *nr)
{
	struct spawn_template_create_args args = {.flags = UNKNOWN_FLAG, .execfd = -1};

	return kernel_create(nr, NULL, 0) == -EINVAL &&
	       kernel_create(nr, &args, sizeof args) == -EINVAL;
}

static bool verify(const struct kernel_engine *engine)
{
	return engine->numbers.create > 0 && engine->numbers.spawn > 0 && procfs_is_ours() &&
	       kernel_child_can_be_asked() && kernel_numbers_verify(&engine->numbers);
}

bool kernel_engine_available(struct kernel_engine *engine)
{
	int verified = atomic_load_explicit(&engine->verified, memory_order_relaxed);

	if (!verified) {
		verified = verify(engine) ? 1 : -1;
		atomic_store_explicit(&engine->verified, verified, memory_order_relaxed);
	}
	return verified > 0;
}

void kernel_template_forget(struct cached *entry, bool *changed)
{
	entry->template_fd = -1;
	entry->template_owner = 0;
	*changed = true;
}

void kernel_engine_drop(const struct cached *entry)
{
	if (entry->template_fd >= 0 && kernel_is_template(entry->template_fd))
		sys_close(entry->template_fd);
}

void kernel_template_drop(struct cached *entry, bool *changed)
{
	kernel_engine_drop(entry);
	kernel_template_forget(entry, changed);
}

static enum reason kind_verdict(enum exe_kind kind)
{
	switch (kind) {
	case EXE_SCRIPT:
		return REASON_SCRIPT;
	case EXE_OTHER:
		return REASON_NOT_ELF;
	case EXE_ELF32:
		return REASON_ELF32;
	case EXE_FOREIGN_ARCH:
		return REASON_FOREIGN_ARCH;
	case EXE_UNREADABLE: /* the kernel will see */
	case EXE_GLIBC:
	case EXE_STATIC:
	case EXE_FOREIGN_LIBC:
	case EXE_SANITIZER:
		return REASON_NONE;
	case EXE_KINDS:
	default:
		return REASON_NO_ENGINE;
	}
}

static bool is_system_path(const char *path)
{
	if (mem_after_prefix(path, "/usr/"))
		return !mem_after_prefix(path, "/usr/local/");
	return mem_after_prefix(path, "/bin/") || mem_after_prefix(path, "/sbin/") ||
	       mem_after_prefix(path, "/lib/") || mem_after_prefix(path, "/lib64/");
}

/* The path of a file without symbolic links and "..", in buf.  0 or a negative error number. */
static int real_path(const char *path, char *buf, size_t size)
{
	int fd = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = procfs_fd_link(fd, buf, size);
	sys_close(fd);
	return n < 0 ? (int)n : 0;
}

/* What an error says about a start; none of these is for ever. */
static enum reason error_reason(long err)
{
	switch (err) {
	case -ENOENT:
	case -ESTALE:
		return REASON_STALE;
	case -EMFILE:
	case -ENFILE:
		return REASON_DESCRIPTOR_LIMIT;
	default:
		return REASON_REFUSED;
	}
}

/* For root, who may write everything: where the file is tells whether he might want to. */
static enum reason root_verdict(const char *path, const struct identity *id)
{
	char real[1024];
	int err;

	if (id->uid != 0)
		return REASON_WRITABLE;
	err = real_path(path, real, sizeof real);
	if (err && err != -ENAMETOOLONG)
		return error_reason(err);
	return !err && is_system_path(real) ? REASON_NONE : REASON_WRITABLE;
}

/* Might this user want to write to the file?  An ACL's mask shows as the group's bits. */
static enum reason writable_verdict(const char *path, const struct identity *id)
{
	uid_t euid = sys_geteuid();

	if (id->mode & (S_IWGRP | S_IWOTH))
		return REASON_WRITABLE;
	if (euid == 0)
		return root_verdict(path, id);
	return id->uid == euid ? REASON_WRITABLE : REASON_NONE;
}

enum reason kernel_file_verdict(const char *path, enum exe_kind kind, const struct identity *id)
{
	enum reason reason = kind_verdict(kind);

	if (reason)
		return reason;
	if (id->mode & (S_ISUID | S_ISGID))
		return REASON_SETID;
	return writable_verdict(path, id);
}

/* True for what will be the same the next time, as long as the file is the same. */
static bool is_lasting(enum reason reason)
{
	return reason != REASON_STALE && reason != REASON_DESCRIPTOR_LIMIT &&
	       reason != REASON_REFUSED;
}

static enum reason remember(struct cached *entry, enum reason reason, bool *changed)
{
	if (is_lasting(reason)) {
		entry->template_verdict = reason;
		*changed = true;
	}
	return reason;
}

/* The lane's numbers: first <= number < end.  Empty if the limit leaves no room. */
static void lane_range(const struct kernel_engine *engine, int *first, int *end)
{
	struct rlimit limit;
	int top;
	int span;

	*first = 0;
	*end = 0;
	if (sys_getrlimit(RLIMIT_NOFILE, &limit))
		return;
	top = limit.rlim_cur < FD_TOP ? (int)limit.rlim_cur : FD_TOP;
	span = top < FD_TOP ? top / 4 : FD_SPAN;
	if (top - span < FD_FLOOR)
		return;
	*first = top - span + engine->lane * (span / FD_LANES);
	*end = *first + span / FD_LANES;
}

/* A number of the lane that nobody was given before, and nobody will be again; -1: no more. */
static int reserve_number(struct kernel_engine *engine)
{
	int next = atomic_load_explicit(&engine->next_fd, memory_order_relaxed);
	int first;
	int end;
	int number;

	lane_range(engine, &first, &end);
	do {
		number = next > first ? next : first;
		if (number >= end)
			return -1;
	} while (!atomic_compare_exchange_weak_explicit(
		&engine->next_fd, &next, number + 1, memory_order_relaxed, memory_order_relaxed));
	return number;
}

/* Move fd to a reserved number.  Returns that, or -1; fd is closed in any case. */
static int move_up(struct kernel_engine *engine, int fd)
{
	int moved = -1;

	for (int tries = 0; tries < FD_TRIES; tries++) {
		int number = reserve_number(engine);

		if (number < 0)
			break;
		moved = sys_fcntl(fd, F_DUPFD_CLOEXEC, number);
		if (moved == number || moved < 0)
			break;
		sys_close(moved);
		moved = -1;
	}
	sys_close(fd);
	return moved < 0 ? -1 : moved;
}

static bool is_unchanged(const char *path, const struct identity *id)
{
	struct identity now;

	return !identity_of(AT_FDCWD, path, 0, &now) && identity_equal(&now, id);
}

static enum reason create(struct kernel_engine *engine, const char *path, struct cached *entry,
			  pid_t pid, bool *changed)
{
	struct spawn_template_create_args args = {
		.flags = SPAWN_TEMPLATE_CREATE_CLOEXEC,
		.execfd = -1,
		.filename = (uintptr_t)path,
	};
	long fd = kernel_create(&engine->numbers, &args, sizeof args);
	int number;

	/* ETXTBSY, EACCES, ENOMEM: not the file's fault, or not for ever. */
	if (fd < 0)
		return remember(entry, fd == -ENOEXEC ? REASON_NOT_ELF : error_reason(fd), changed);
	if (fd > INT_MAX || !kernel_is_template((int)fd)) {
		/* Somebody else's system call.  Whatever it returned is left alone. */
		atomic_store_explicit(&engine->verified, -1, memory_order_relaxed);
		return REASON_NO_ENGINE;
	}
	if (!is_unchanged(path, &entry->id)) {
		sys_close((int)fd);
		return REASON_STALE;
	}
	number = move_up(engine, (int)fd);
	if (number < 0)
		return REASON_DESCRIPTOR_LIMIT;
	entry->template_fd = number;
	entry->template_owner = pid;
	*changed = true;
	return REASON_NONE;
}

enum reason kernel_template_get(struct kernel_engine *engine, const struct kernel_start *start,
				pid_t pid, bool *changed)
{
	struct cached *entry = start->entry;
	enum reason reason = REASON_NONE;
	struct cache *cache;

	if (entry->template_fd >= 0 && entry->template_owner == pid)
		return REASON_NONE;
	if (entry->template_fd >= 0)
		kernel_template_drop(entry, changed);
	/* Without /proc, after a chroot(2) say, a template could not be recognised. */
	if (!procfs_is_ours())
		return REASON_REFUSED;
	if (!start->is_image)
		reason = kernel_file_verdict(start->path, (enum exe_kind)entry->kind, &entry->id);
	if (reason)
		return remember(entry, reason, changed);
	cache = cache_get();
	if (cache && cache_count_templates(cache, pid) >= TEMPLATES_MAX)
		return REASON_DESCRIPTOR_LIMIT;
	return create(engine, start->path, entry, pid, changed);
}
