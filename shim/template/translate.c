/*
 * File actions and attributes -> kernel actions.
 *
 * Hazards, and what answers each:
 *  1. The kernel's actions are stricter than libc's, or mean something else.  Each is turned into
 *     a sequence with libc's meaning, below, beside a line on the difference.
 *  2. A child that fails half-way is started again by libc, which goes through all file actions a
 *     second time.  That must not show: an action whose repetition does (creating a file that must
 *     not exist, opening a FIFO whose other end is waiting) is refused.
 *  3. Some sequences need a spare descriptor.  It must be nobody's: not open in the caller, hence
 *     not in the child, and not one that any of the actions names.
 *  4. libc checks numbers against RLIMIT_NOFILE at different places, one kernel action does not:
 *     numbers at or above the limit are refused, and libc produces the error.
 *  5. The child inherits the mask with which the engine makes the call, which blocks everything.
 *     So a mask is always set, last, as posix_spawn() does: the caller's if no other is asked for.
 */
#include "translate.h"

#include <errno.h>
#include <limits.h>

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"

enum {
	/* Not above this, whatever the limit: the child's descriptor table is as large as its
	   highest number. */
	SPARE_MAX = 1024,

	/* The kernel's O_LARGEFILE.  libc's is 0, since open(2) adds it for 64-bit programs; an
	   action is not open(2). */
	KERNEL_O_LARGEFILE = 0100000,

	/* What open(2) knows, but for O_CLOEXEC.  It ignores the rest, and openat2(2) does not.
	   O_SYNC contains O_DSYNC, O_TMPFILE contains O_DIRECTORY. */
	OPEN_FLAGS = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK |
		     O_SYNC | O_ASYNC | O_DIRECT | KERNEL_O_LARGEFILE | O_NOFOLLOW | O_NOATIME |
		     O_PATH | O_TMPFILE,
	/* All that open(2) keeps beside O_PATH. */
	OPEN_PATH_FLAGS = O_DIRECTORY | O_NOFOLLOW | O_PATH,
	/* Its own bit. */
	OPEN_TMPFILE_BIT = O_TMPFILE & ~O_DIRECTORY,

	SUPPORTED_ATTRIBUTES = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
			       POSIX_SPAWN_RESETIDS | POSIX_SPAWN_USEVFORK,

	/* st_rdev >> 8 of /dev/null, /dev/zero and the like: major number 1. */
	MEMORY_DEVICES = 1,
};

struct work {
	const struct action *in;
	size_t n;
	const struct translate_context *context;
	struct translation *out;
	size_t opens;
	bool moved;        /* a change of directory came before */
	const char *quiet; /* the last path that can be opened twice, or null */
	int spare;         /* -1: none chosen yet */
};

static void emit(struct work *w, enum spawn_template_action_type type, int fd, int newfd,
		 const void *arg)
{
	w->out->actions[w->out->count++] = (struct spawn_template_action){
		.type = (uint32_t)type,
		.fd = fd,
		.newfd = newfd,
		.arg = (uintptr_t)arg,
	};
}

static void emit_open(struct work *w, int newfd, const char *path, int flags, mode_t mode)
{
	struct spawn_template_open *open = &w->out->opens[w->opens++];

	*open = (struct spawn_template_open){
		.path = (uintptr_t)path,
		.how = {.flags = (uint64_t)flags, .mode = mode},
	};
	emit(w, SPAWN_TEMPLATE_ACTION_OPEN, AT_FDCWD, newfd, open);
}

static bool below_limit(const struct work *w, int fd)
{
	return fd >= 0 && fd < w->context->descriptor_limit;
}

static bool names(const struct action *action, int fd)
{
	return action->fd == fd || action->newfd == fd;
}

static bool is_spare(const struct work *w, int fd)
{
	for (size_t i = 0; i < w->n; i++)
		if (names(&w->in[i], fd))
			return false;
	return !w->context->is_open(fd);
}

static bool choose_spare(struct work *w)
{
	int limit = w->context->descriptor_limit;

	if (w->spare >= 0)
		return true;
	for (int fd = (limit < SPARE_MAX ? limit : SPARE_MAX) - 1; fd >= 0; fd--)
		if (is_spare(w, fd)) {
			w->spare = fd;
			return true;
		}
	return false;
}

/* A descriptor that is not open is no error for libc; CLOSE would fail on it. */
static bool translate_close(struct work *w, int fd)
{
	if (!below_limit(w, fd))
		return false;
	emit(w, SPAWN_TEMPLATE_ACTION_CLOSE_RANGE, fd, fd, NULL);
	return true;
}

/*
 * DUP2 of a number to itself leaves FD_CLOEXEC alone; libc clears it (Austin Group issue 411).
 * There and back again also clears it, and fails where it must: if fd is not open.
 */
static bool translate_dup2(struct work *w, int fd, int newfd)
{
	if (!below_limit(w, fd) || !below_limit(w, newfd))
		return false;
	if (fd != newfd) {
		emit(w, SPAWN_TEMPLATE_ACTION_DUP2, fd, newfd, NULL);
		return true;
	}
	if (!choose_spare(w))
		return false;
	emit(w, SPAWN_TEMPLATE_ACTION_DUP2, fd, w->spare, NULL);
	emit(w, SPAWN_TEMPLATE_ACTION_DUP2, w->spare, fd, NULL);
	emit(w, SPAWN_TEMPLATE_ACTION_CLOSE, w->spare, 0, NULL);
	return true;
}

/* Hazard 2.  A relative path can be looked at only while the child is where the caller is. */
static bool may_open_twice(struct work *w, const struct action *a)
{
	if (a->oflag & O_PATH)
		return true;
	if ((a->oflag & O_CREAT) && (a->oflag & O_EXCL))
		return false;
	/* Created without them, the file could not be opened a second time. */
	if ((a->oflag & O_CREAT) && (a->mode & 0600) != 0600)
		return false;
	if (a->path[0] != '/' && w->moved)
		return false;
	/* Three times /dev/null is usual. */
	if (w->quiet && mem_same_string(w->quiet, a->path))
		return true;
	if (!w->context->opens_quietly(a->path))
		return false;
	w->quiet = a->path;
	return true;
}

/*
 * libc closes fd, if it is open, and then opens; that frees a number if the table is full, and a
 * file that can be opened only once.  Flags and mode become what open(2) makes of them.  With
 * O_CLOEXEC libc's result depends on the number that open(2) happens to return.
 */
static bool translate_open(struct work *w, const struct action *a)
{
	int flags = a->oflag;
	mode_t mode = 0;

	if (!below_limit(w, a->fd) || (flags & ~OPEN_FLAGS) || !may_open_twice(w, a))
		return false;
	if (flags & O_PATH)
		flags &= OPEN_PATH_FLAGS;
	else
		flags |= KERNEL_O_LARGEFILE;
	if (flags & (O_CREAT | OPEN_TMPFILE_BIT))
		mode = a->mode & 07777;
	emit(w, SPAWN_TEMPLATE_ACTION_CLOSE_RANGE, a->fd, a->fd, NULL);
	emit_open(w, a->fd, a->path, flags, mode);
	return true;
}

/* The path is resolved at this point of the sequence, as POSIX wants it. */
static bool translate_chdir(struct work *w, const char *path)
{
	if (!choose_spare(w))
		return false;
	emit_open(w, w->spare, path, O_PATH | O_DIRECTORY, 0);
	emit(w, SPAWN_TEMPLATE_ACTION_FCHDIR, w->spare, 0, NULL);
	emit(w, SPAWN_TEMPLATE_ACTION_CLOSE, w->spare, 0, NULL);
	w->moved = true;
	return true;
}

static bool translate_fchdir(struct work *w, int fd)
{
	if (!below_limit(w, fd))
		return false;
	emit(w, SPAWN_TEMPLATE_ACTION_FCHDIR, fd, 0, NULL);
	w->moved = true;
	return true;
}

static bool translate_closefrom(struct work *w, int fd)
{
	if (fd < 0)
		return false;
	emit(w, SPAWN_TEMPLATE_ACTION_CLOSE_RANGE, fd, -1, NULL);
	return true;
}

static bool translate_one(struct work *w, const struct action *a)
{
	switch (a->kind) {
	case ACTION_CLOSE:
		return translate_close(w, a->fd);
	case ACTION_DUP2:
		return translate_dup2(w, a->fd, a->newfd);
	case ACTION_OPEN:
		return translate_open(w, a);
	case ACTION_CHDIR:
		return translate_chdir(w, a->path);
	case ACTION_FCHDIR:
		return translate_fchdir(w, a->fd);
	case ACTION_CLOSEFROM:
		return translate_closefrom(w, a->fd);
	case ACTION_TCSETPGRP:
	default:
		return false;
	}
}

static uint64_t kernel_set(const sigset_t *set)
{
	uint64_t bits;

	mem_copy(&bits, set, sizeof bits);
	return bits;
}

static void emit_signals(struct work *w, enum spawn_template_action_type type,
			 struct spawn_template_sigset *arg, uint64_t *at, uint64_t bits)
{
	*at = bits;
	*arg = (struct spawn_template_sigset){.sigset = (uintptr_t)at, .sigsetsize = sizeof *at};
	emit(w, type, 0, 0, arg);
}

static void translate_defaults(struct work *w, const struct spawn_attributes *attr)
{
	uint64_t bits = attr->flags & POSIX_SPAWN_SETSIGDEF ? kernel_set(&attr->sigdefault) : 0;

	if (bits)
		emit_signals(w, SPAWN_TEMPLATE_ACTION_SIGDEFAULT, &w->out->sigdefault_arg,
			     &w->out->sigdefault, bits);
}

/* libc keeps signals 32 and 33, which it uses itself, out of every mask it sets. */
static void translate_mask(struct work *w, const struct spawn_attributes *attr)
{
	uint64_t bits = attr->flags & POSIX_SPAWN_SETSIGMASK ? kernel_set(&attr->sigmask)
							     : w->context->caller_sigmask;

	bits &= ~((uint64_t)3 << 31);
	emit_signals(w, SPAWN_TEMPLATE_ACTION_SIGMASK, &w->out->sigmask_arg, &w->out->sigmask,
		     bits);
}

enum reason translate(const struct action *in, size_t n, const struct spawn_attributes *attr,
		      const struct translate_context *context, struct translation *out)
{
	struct work w = {.in = in, .n = n, .context = context, .out = out, .spare = -1};

	out->count = 0;
	if (attr->flags & ~SUPPORTED_ATTRIBUTES)
		return REASON_ATTRIBUTES;
	if (attr->flags & POSIX_SPAWN_RESETIDS && !context->ids_are_reset)
		return REASON_ATTRIBUTES;
	if (n > ACTIONS_MAX)
		return REASON_FILE_ACTIONS;
	translate_defaults(&w, attr);
	for (size_t i = 0; i < n; i++)
		if (!translate_one(&w, &in[i]))
			return REASON_FILE_ACTIONS;
	translate_mask(&w, attr);
	return REASON_NONE;
}

static bool is_open_here(int fd)
{
	return sys_fcntl(fd, F_GETFD, 0) >= 0;
}

static bool opens_quietly_here(const char *path)
{
	struct stat st;
	int err = sys_fstatat(AT_FDCWD, path, &st, 0);

	if (err)
		return err == -ENOENT;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
	       (S_ISCHR(st.st_mode) && st.st_rdev >> 8 == MEMORY_DEVICES);
}

static long id(long call)
{
	return sys_call3(call, 0, 0, 0);
}

static bool ids_are_reset_here(void)
{
	return id(SYS_getuid) == id(SYS_geteuid) && id(SYS_getgid) == id(SYS_getegid);
}

void translate_context_here(struct translate_context *context, const struct spawn_attributes *attr,
			    uint64_t caller_sigmask)
{
	struct rlimit limit;

	*context = (struct translate_context){
		.caller_sigmask = caller_sigmask,
		.is_open = is_open_here,
		.opens_quietly = opens_quietly_here,
		.ids_are_reset = !(attr->flags & POSIX_SPAWN_RESETIDS) || ids_are_reset_here(),
	};
	if (!sys_getrlimit(RLIMIT_NOFILE, &limit))
		context->descriptor_limit =
			limit.rlim_cur > INT_MAX ? INT_MAX : (int)limit.rlim_cur;
}
