/*
 * The file-action reader and the translation into kernel actions: shim/template/actions.h,
 * translate.h.
 *
 * Input: the circumstances, and then libc's private array of actions as it is in memory, but for
 * the paths, of which there is a choice.  What comes out is checked against what the kernel demands
 * (spawn_template_spawn(2)), and both are carried out on a model of a process: where they work they
 * must have the same effect.
 */
#include "shim/template/actions.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "shim/template/translate.h"

enum {
	RAW = 32, /* sizeof of libc's struct __spawn_action */
	DESCRIPTORS = 64,
	LARGE_FILE = 0100000, /* the kernel's O_LARGEFILE */
};

/* The beginning of a posix_spawn_file_actions_t. */
struct raw_actions {
	int allocated;
	int used;
	uint8_t *actions;
};

static const char *const path_choice[] = {"", "/", "a", "/dev/null", "..", "/b", "a/b", "./a"};

/* A process, as far as file actions are concerned. */
struct opened {
	uint64_t node; /* which file; 0: not open */
	uint64_t flags;
	bool close_on_exec;
};

struct process {
	struct opened fds[DESCRIPTORS];
	uint64_t directory;
	bool failed;
};

static uint64_t open_in_caller;
static bool is_quiet;

static bool is_open(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS && (open_in_caller >> fd & 1);
}

static bool opens_quietly(const char *path)
{
	fuzz_touch_string(path);
	return is_quiet;
}

/* What a path leads to; in a model, every path leads somewhere. */
static uint64_t resolve(const struct process *p, const char *path)
{
	uint64_t node = path[0] == '/' ? 1 : p->directory;

	for (; *path; path++)
		node = (node ^ (unsigned char)*path) * 0x100000001b3;
	return node | 1;
}

static struct opened *descriptor(struct process *p, int64_t fd)
{
	static struct opened none;

	if (fd >= 0 && fd < DESCRIPTORS && p->fds[fd].node)
		return &p->fds[fd];
	p->failed = true;
	none = (struct opened){0};
	return &none;
}

static void close_from(struct process *p, int64_t first, int64_t last)
{
	for (int64_t fd = first; fd <= last && fd < DESCRIPTORS; fd++)
		p->fds[fd] = (struct opened){0};
}

static void open_at(struct process *p, int fd, const char *path, uint64_t flags, uint64_t mode)
{
	p->fds[fd] = (struct opened){.node = resolve(p, path), .flags = flags | mode << 32};
}

/* As posix_spawn(3) has it, and open(2) of a 64-bit program. */
static void as_libc(struct process *p, const struct action *a)
{
	unsigned flags = (unsigned)a->oflag;
	mode_t mode = flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? a->mode & 07777 : 0;

	switch (a->kind) {
	case ACTION_CLOSE:
		close_from(p, a->fd, a->fd);
		break;
	case ACTION_DUP2:
		if (a->fd != a->newfd)
			p->fds[a->newfd] = *descriptor(p, a->fd);
		descriptor(p, a->newfd)->close_on_exec = false;
		break;
	case ACTION_OPEN:
		if (flags & O_PATH)
			open_at(p, a->fd, a->path, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW), 0);
		else
			open_at(p, a->fd, a->path, flags | LARGE_FILE, mode);
		break;
	case ACTION_CHDIR:
		p->directory = resolve(p, a->path);
		break;
	case ACTION_FCHDIR:
		p->directory = descriptor(p, a->fd)->node;
		break;
	case ACTION_CLOSEFROM:
		close_from(p, a->fd, DESCRIPTORS);
		break;
	case ACTION_TCSETPGRP:
	default:
		fuzz_fail(__FILE__, __LINE__, "an action that is not translated");
	}
}

static const void *pointer(uint64_t value)
{
	return (const void *)(uintptr_t)value;
}

static void kernel_open(struct process *p, const struct spawn_template_action *a)
{
	const struct spawn_template_open *open = pointer(a->arg);

	FUZZ_ASSERT(a->fd == AT_FDCWD && a->newfd >= 0 && a->newfd < DESCRIPTORS && open);
	FUZZ_ASSERT(!(open->how.flags & O_CLOEXEC) && !open->how.resolve);
	/* openat2(2) */
	FUZZ_ASSERT((open->how.flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) || !open->how.mode);
	FUZZ_ASSERT((open->how.mode & ~UINT64_C(07777)) == 0);
	open_at(p, a->newfd, pointer(open->path), open->how.flags, open->how.mode);
}

static void kernel_signals(const struct spawn_template_action *a)
{
	const struct spawn_template_sigset *set = pointer(a->arg);

	FUZZ_ASSERT(a->fd == 0 && a->newfd == 0 && set && set->sigsetsize == 8 && set->sigset);
	fuzz_touch(pointer(set->sigset), set->sigsetsize);
}

static void as_kernel(struct process *p, const struct spawn_template_action *a)
{
	FUZZ_ASSERT(a->flags == 0);
	switch (a->type) {
	case SPAWN_TEMPLATE_ACTION_CLOSE:
		FUZZ_ASSERT(a->fd >= 0 && a->newfd == 0 && a->arg == 0);
		*descriptor(p, a->fd) = (struct opened){0};
		break;
	case SPAWN_TEMPLATE_ACTION_DUP2:
		FUZZ_ASSERT(a->fd >= 0 && a->newfd >= 0 && a->newfd < DESCRIPTORS && a->arg == 0);
		FUZZ_ASSERT(a->fd != a->newfd);
		p->fds[a->newfd] = *descriptor(p, a->fd);
		p->fds[a->newfd].close_on_exec = false;
		break;
	case SPAWN_TEMPLATE_ACTION_FCHDIR:
		FUZZ_ASSERT(a->fd >= 0 && a->newfd == 0 && a->arg == 0);
		p->directory = descriptor(p, a->fd)->node;
		break;
	case SPAWN_TEMPLATE_ACTION_OPEN:
		kernel_open(p, a);
		break;
	case SPAWN_TEMPLATE_ACTION_CLOSE_RANGE:
		FUZZ_ASSERT(a->fd >= 0 && (a->newfd == -1 || a->newfd >= a->fd) && a->arg == 0);
		close_from(p, a->fd, a->newfd == -1 ? DESCRIPTORS : a->newfd);
		break;
	case SPAWN_TEMPLATE_ACTION_SIGMASK:
	case SPAWN_TEMPLATE_ACTION_SIGDEFAULT:
		kernel_signals(a);
		break;
	default:
		fuzz_fail(__FILE__, __LINE__, "no action of the kernel");
	}
}

static struct process caller(void)
{
	struct process p = {.directory = 7};

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (is_open(fd))
			p.fds[fd] = (struct opened){.node = 100 + (uint64_t)fd * 2,
						    .close_on_exec = fd % 2};
	return p;
}

static void compare(const struct action *in, size_t n, const struct translation *out)
{
	struct process libc = caller();
	struct process kernel = caller();

	FUZZ_ASSERT(out->count <= TRANSLATED_MAX);
	for (size_t i = 0; i < n && !libc.failed; i++)
		as_libc(&libc, &in[i]);
	for (size_t i = 0; i < out->count && !kernel.failed; i++)
		as_kernel(&kernel, &out->actions[i]);
	FUZZ_ASSERT(libc.failed == kernel.failed);
	if (libc.failed)
		return;
	FUZZ_ASSERT(libc.directory == kernel.directory);
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		FUZZ_ASSERT(libc.fds[fd].node == kernel.fds[fd].node);
		FUZZ_ASSERT(libc.fds[fd].flags == kernel.fds[fd].flags);
		FUZZ_ASSERT(libc.fds[fd].close_on_exec == kernel.fds[fd].close_on_exec);
	}
}

/* The pointer of an open (tag 2) or a chdir (3) becomes one to a string. */
static void set_path(uint8_t *raw)
{
	uint32_t tag;
	size_t at;
	uint64_t choice;
	const char *path;

	memcpy(&tag, raw, sizeof tag);
	if (tag != 2 && tag != 3)
		return;
	at = tag == 2 ? 16 : 8;
	memcpy(&choice, raw + at, sizeof choice);
	path = path_choice[choice % (sizeof path_choice / sizeof path_choice[0])];
	memcpy(raw + at, &path, sizeof path);
}

/* As many as `used` says, if it says what could be: reading more is an error that shows. */
static uint8_t *make_actions(struct fuzz_input *in, int used, size_t cap)
{
	size_t count = used > 0 && (size_t)used <= cap ? (size_t)used : 0;
	uint8_t *raw = calloc(count ? count : 1, RAW);
	size_t got;
	const uint8_t *from = fuzz_bytes(in, count * RAW, &got);

	FUZZ_ASSERT(raw);
	if (got)
		memcpy(raw, from, got);
	for (size_t i = 0; i < count; i++)
		set_path(raw + i * RAW);
	return raw;
}

static void check_read(const struct action *a)
{
	FUZZ_ASSERT((unsigned)a->kind <= ACTION_TCSETPGRP);
	FUZZ_ASSERT((a->kind == ACTION_OPEN || a->kind == ACTION_CHDIR) == (a->path != NULL));
	fuzz_touch_string(a->path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct action actions[ACTIONS_MAX];
	struct spawn_attributes attributes = {0};
	struct translate_context context = {.is_open = is_open, .opens_quietly = opens_quietly};
	struct raw_actions raw = {0};
	posix_spawn_file_actions_t fa = {0};
	struct translation out;
	uint64_t flags;
	ssize_t n;

	open_in_caller = fuzz_number(&in, 8);
	is_quiet = fuzz_number(&in, 1) & 1;
	flags = fuzz_number(&in, 2);
	memcpy(&attributes.flags, &flags, sizeof attributes.flags);
	flags = fuzz_number(&in, 8);
	memcpy(&attributes.sigmask, &flags, sizeof flags);
	memcpy(&attributes.sigdefault, &flags, sizeof flags);
	context.descriptor_limit = (int)fuzz_number(&in, 1) % (DESCRIPTORS + 1);
	context.ids_are_reset = fuzz_number(&in, 1) & 1;
	raw.used = (int)(int16_t)fuzz_number(&in, 2);
	raw.allocated = raw.used;
	raw.actions = make_actions(&in, raw.used, ACTIONS_MAX);
	memcpy(&fa, &raw, sizeof raw);
	n = file_actions_read(&fa, actions, ACTIONS_MAX);
	FUZZ_ASSERT(n == raw.used || n == -ENOTSUP || (n == -E2BIG && raw.used > ACTIONS_MAX));
	for (ssize_t i = 0; i < n; i++)
		check_read(&actions[i]);
	if (n > 0)
		actions_change_directory(actions, (size_t)n);
	if (n >= 0 && translate(actions, (size_t)n, &attributes, &context, &out) == REASON_NONE)
		compare(actions, (size_t)n, &out);
	free(raw.actions);
	return 0;
}
