/*
 * Reading posix_spawn_file_actions_t back.
 *
 * The layout below is glibc's since 2.3, with kinds appended in 2.29 (chdir, fchdir), 2.34
 * (closefrom) and 2.35 (tcsetpgrp).  It is not part of any interface, so nothing here is believed
 * before file_actions_probe() has seen libc write it.
 */
#include "actions.h"

#include <errno.h>
#include <stdint.h>

#include "../../elfcache/mem.h"

enum libc_tag {
	LIBC_CLOSE,
	LIBC_DUP2,
	LIBC_OPEN,
	LIBC_CHDIR,
	LIBC_FCHDIR,
	LIBC_CLOSEFROM,
	LIBC_TCSETPGRP,
};

struct libc_action {
	uint32_t tag;
	union {
		int fd; /* close, fchdir, closefrom, tcsetpgrp */
		struct {
			int fd;
			int newfd;
		} dup2;
		struct {
			int fd;
			const char *path;
			int oflag;
			mode_t mode;
		} open;
		const char *path; /* chdir */
	} u;
};

struct libc_file_actions {
	int allocated;
	int used;
	const struct libc_action *actions;
	int pad[16];
};

_Static_assert(sizeof(struct libc_file_actions) == sizeof(posix_spawn_file_actions_t),
	       "the object has the size that libc's header gives it");

static const struct libc_file_actions *private_part(const posix_spawn_file_actions_t *fa)
{
	return (const struct libc_file_actions *)(const void *)fa;
}

static bool read_one(const struct libc_action *in, struct action *out)
{
	*out = (struct action){.fd = -1, .newfd = -1};
	switch (in->tag) {
	case LIBC_CLOSE:
		out->kind = ACTION_CLOSE;
		out->fd = in->u.fd;
		return true;
	case LIBC_DUP2:
		out->kind = ACTION_DUP2;
		out->fd = in->u.dup2.fd;
		out->newfd = in->u.dup2.newfd;
		return true;
	case LIBC_OPEN:
		out->kind = ACTION_OPEN;
		out->fd = in->u.open.fd;
		out->path = in->u.open.path;
		out->oflag = in->u.open.oflag;
		out->mode = in->u.open.mode;
		return true;
	case LIBC_CHDIR:
		out->kind = ACTION_CHDIR;
		out->path = in->u.path;
		return true;
	case LIBC_FCHDIR:
		out->kind = ACTION_FCHDIR;
		out->fd = in->u.fd;
		return true;
	case LIBC_CLOSEFROM:
		out->kind = ACTION_CLOSEFROM;
		out->fd = in->u.fd;
		return true;
	case LIBC_TCSETPGRP:
		out->kind = ACTION_TCSETPGRP;
		out->fd = in->u.fd;
		return true;
	default:
		return false;
	}
}

ssize_t file_actions_count(const posix_spawn_file_actions_t *fa)
{
	int used = fa ? private_part(fa)->used : 0;

	return used < 0 ? -ENOTSUP : used;
}

bool file_actions_at(const posix_spawn_file_actions_t *fa, size_t i, struct action *out)
{
	return read_one(&private_part(fa)->actions[i], out);
}

ssize_t file_actions_read(const posix_spawn_file_actions_t *fa, struct action *out, size_t cap)
{
	ssize_t count = file_actions_count(fa);

	if (count > 0 && (size_t)count > cap)
		return -E2BIG;
	for (ssize_t i = 0; i < count; i++)
		if (!file_actions_at(fa, (size_t)i, &out[i]))
			return -ENOTSUP;
	return count;
}

/*
 * The probe.
 *
 * Every kind is added three times, with other values each time: 21 actions where libc has all
 * kinds, which makes it move its array to a larger one twice.  The numbers are small, because libc
 * refuses those at or above the limit, and no two are the same within a round.
 */
enum { PROBE_ROUNDS = 3, PROBE_KINDS = 7, PROBE_MAX = PROBE_ROUNDS * PROBE_KINDS };

struct probe {
	const struct file_actions_builders *libc;
	posix_spawn_file_actions_t fa;
	struct action want[PROBE_MAX];
	int count;
};

/* After each addition: it worked, and the count says so.  Nothing is followed that does not. */
static bool added(struct probe *probe, int err, const struct action *want)
{
	const struct libc_file_actions *in = private_part(&probe->fa);

	if (err)
		return false;
	probe->want[probe->count++] = *want;
	return in->used == probe->count && in->allocated >= in->used && in->actions;
}

static bool probe_close(struct probe *probe, int base)
{
	struct action want = {.kind = ACTION_CLOSE, .fd = base, .newfd = -1};

	return added(probe, probe->libc->addclose(&probe->fa, want.fd), &want);
}

static bool probe_dup2(struct probe *probe, int base)
{
	struct action want = {.kind = ACTION_DUP2, .fd = base + 1, .newfd = base + 2};

	return added(probe, probe->libc->adddup2(&probe->fa, want.fd, want.newfd), &want);
}

static bool probe_open(struct probe *probe, int base)
{
	struct action want = {
		.kind = ACTION_OPEN,
		.fd = base + 3,
		.newfd = -1,
		.oflag = 0x12340 + base,
		.mode = 0600 + (mode_t)base,
		.path = base & 1 ? "/probe/open" : "open",
	};

	return added(probe,
		     probe->libc->addopen(&probe->fa, want.fd, want.path, want.oflag, want.mode),
		     &want);
}

static bool probe_chdir(struct probe *probe, int base)
{
	struct action want = {
		.kind = ACTION_CHDIR,
		.fd = -1,
		.newfd = -1,
		.path = base & 1 ? "/probe/chdir" : "chdir",
	};

	if (!probe->libc->addchdir_np)
		return true;
	return added(probe, probe->libc->addchdir_np(&probe->fa, want.path), &want);
}

static bool probe_fd(struct probe *probe, enum action_kind kind, int fd,
		     int (*add)(posix_spawn_file_actions_t *, int))
{
	struct action want = {.kind = kind, .fd = fd, .newfd = -1};

	return !add || added(probe, add(&probe->fa, fd), &want);
}

static bool probe_round(struct probe *probe, int base)
{
	const struct file_actions_builders *libc = probe->libc;

	return probe_close(probe, base) && probe_dup2(probe, base) && probe_open(probe, base) &&
	       probe_chdir(probe, base) &&
	       probe_fd(probe, ACTION_FCHDIR, base + 4, libc->addfchdir_np) &&
	       probe_fd(probe, ACTION_CLOSEFROM, base + 5, libc->addclosefrom_np) &&
	       probe_fd(probe, ACTION_TCSETPGRP, base + 6, libc->addtcsetpgrp_np);
}

/* Paths are libc's own copies, so these are compared by their content. */
static bool same_action(const struct action *got, const struct action *want)
{
	if (got->kind != want->kind || got->fd != want->fd || got->newfd != want->newfd ||
	    got->oflag != want->oflag || got->mode != want->mode)
		return false;
	if (!got->path || !want->path)
		return got->path == want->path;
	return got->path != want->path && mem_same_string(got->path, want->path);
}

static bool probe_reads_back(const struct probe *probe)
{
	struct action got[PROBE_MAX];

	if (file_actions_read(&probe->fa, got, PROBE_MAX) != probe->count)
		return false;
	for (int i = 0; i < probe->count; i++)
		if (!same_action(&got[i], &probe->want[i]))
			return false;
	return true;
}

bool file_actions_probe(const struct file_actions_builders *libc)
{
	struct probe probe;
	bool known;

	if (!libc->init || !libc->destroy || !libc->addclose || !libc->adddup2 || !libc->addopen)
		return false;
	probe.libc = libc;
	probe.count = 0;
	if (libc->init(&probe.fa))
		return false;
	known = private_part(&probe.fa)->used == 0;
	for (int round = 0; known && round < PROBE_ROUNDS; round++)
		known = probe_round(&probe, 7 * round + 3);
	known = known && probe_reads_back(&probe);
	libc->destroy(&probe.fa);
	return known;
}

void spawn_attributes_read(const struct attribute_getters *libc, const posix_spawnattr_t *attr,
			   struct spawn_attributes *out)
{
	mem_zero(out, sizeof *out);
	if (!attr)
		return;
	libc->getflags(attr, &out->flags);
	libc->getpgroup(attr, &out->pgroup);
	libc->getsigmask(attr, &out->sigmask);
	libc->getsigdefault(attr, &out->sigdefault);
}

bool actions_change_directory(const struct action *actions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (actions[i].kind == ACTION_CHDIR || actions[i].kind == ACTION_FCHDIR)
			return true;
	return false;
}
