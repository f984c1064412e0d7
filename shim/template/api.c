/*
 * libspawn_template: the public face of the engine (include/spawn_template.h).
 *
 * Unlike the engine this is an ordinary library: linked with libc, free to allocate, and setting
 * errno where its manual says so.
 */
#pragma GCC visibility push(default)
#include "../../include/spawn_template.h"
#pragma GCC visibility pop

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../elfcache/exe.h"
#include "../../elfcache/slot.h"
#include "kernel.h"

#ifndef ST_KERNEL_NR_DEFAULT
#define ST_KERNEL_NR_DEFAULT ""
#endif

/* The preload's engine, if it is in this process too, has lane 0. */
enum { LIBRARY_LANE = 1 };

enum { ENTRY_WORDS = sizeof(struct cached) / sizeof(uint64_t) };

/* How the last start was made, and the reason if by libc: one word, so that they go together. */
struct outcome {
	uint32_t how; /* enum how + 1; 0: none yet */
	uint32_t reason;
};

/*
 * The entry is in a slot and not behind a lock: a process may fork() while another of its threads
 * starts something, and the lock would then stay taken in the child.
 */
struct st_template {
	slot_generation generation;
	slot_word words[ENTRY_WORDS];
	_Atomic uint64_t outcome;
	char *path; /* absolute */
};

union copy {
	struct cached entry;
	uint64_t words[ENTRY_WORDS];
};

static const struct file_actions_builders builders = {
	.init = posix_spawn_file_actions_init,
	.destroy = posix_spawn_file_actions_destroy,
	.addclose = posix_spawn_file_actions_addclose,
	.adddup2 = posix_spawn_file_actions_adddup2,
	.addopen = posix_spawn_file_actions_addopen,
	.addchdir_np = posix_spawn_file_actions_addchdir_np,
	.addfchdir_np = posix_spawn_file_actions_addfchdir_np,
#if __GLIBC_PREREQ(2, 34)
	.addclosefrom_np = posix_spawn_file_actions_addclosefrom_np,
#endif
#if __GLIBC_PREREQ(2, 35)
	.addtcsetpgrp_np = posix_spawn_file_actions_addtcsetpgrp_np,
#endif
};

static const struct attribute_getters getters = {
	.getflags = posix_spawnattr_getflags,
	.getpgroup = posix_spawnattr_getpgroup,
	.getsigmask = posix_spawnattr_getsigmask,
	.getsigdefault = posix_spawnattr_getsigdefault,
};

/* What the process starts with, read once. */
struct library {
	struct kernel_engine engine;
	bool numbers_from_environment;
	enum reason off; /* why the engine is not to be used, or REASON_NONE */
};

static _Atomic(struct library *) the_library;

static enum reason read_choice(void)
{
	const char *choice = secure_getenv("SPAWN_TEMPLATE");

	if (choice && !strcmp(choice, "off"))
		return REASON_OFF;
	if (choice && !strcmp(choice, "image"))
		return REASON_NO_ENGINE;
	return REASON_NONE;
}

static struct library *make_library(void)
{
	struct library *library = calloc(1, sizeof *library);
	struct kernel_numbers *numbers;

	if (!library)
		return NULL;
	numbers = &library->engine.numbers;
	library->off = read_choice();
	library->engine.lane = LIBRARY_LANE;
	library->engine.builders = &builders;
	library->engine.getters = &getters;
	library->numbers_from_environment =
		kernel_numbers_parse(secure_getenv("SPAWN_TEMPLATE_KERNEL_NR"), numbers);
	if (!library->numbers_from_environment)
		kernel_numbers_parse(ST_KERNEL_NR_DEFAULT, numbers);
	return library;
}

/* Null if there is no memory for it. */
static struct library *get_library(void)
{
	struct library *library = atomic_load_explicit(&the_library, memory_order_acquire);
	struct library *none = NULL;

	if (library)
		return library;
	library = make_library();
	if (!library || atomic_compare_exchange_strong(&the_library, &none, library))
		return library;
	free(library);
	return none;
}

/*
 * The system calls.
 */

static const struct kernel_numbers *callable_numbers(void)
{
	struct library *library = get_library();

	if (library && library->numbers_from_environment &&
	    kernel_engine_available(&library->engine))
		return &library->engine.numbers;
	errno = ENOSYS;
	return NULL;
}

static int with_errno(long result)
{
	if (result >= 0)
		return (int)result;
	errno = (int)-result;
	return -1;
}

int spawn_template_create(const struct spawn_template_create_args *args, size_t size)
{
	const struct kernel_numbers *nr = callable_numbers();

	return nr ? with_errno(kernel_create(nr, args, size)) : -1;
}

pid_t spawn_template_spawn(int template_fd, const struct spawn_template_spawn_args *args,
			   size_t size)
{
	const struct kernel_numbers *nr = callable_numbers();

	return nr ? with_errno(kernel_spawn(nr, template_fd, args, size)) : -1;
}

/*
 * The library interface.
 */

/* 0, or the error that executing the file would give. */
static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) ? errno : 0;
}

/* The absolute path, allocated; null with errno set on failure. */
static char *absolute_path(const char *path)
{
	char *directory;
	char *absolute = NULL;

	if (path[0] == '/')
		return strdup(path);
	directory = getcwd(NULL, 0);
	if (!directory)
		return NULL;
	/* A directory that cannot be reached from the root has a name that does not begin so. */
	if (directory[0] != '/')
		errno = ENOENT;
	else if (asprintf(&absolute, "%s/%s", strcmp(directory, "/") ? directory : "", path) < 0)
		absolute = NULL;
	free(directory);
	return absolute;
}

static int open_template(struct st_template **result, const char *path)
{
	struct st_template *t;
	int err = check_executable(path);

	if (err)
		return err;
	t = calloc(1, sizeof *t);
	if (!t)
		return ENOMEM;
	t->path = absolute_path(path);
	if (!t->path) {
		err = errno;
		free(t);
		return err;
	}
	*result = t;
	return 0;
}

int st_template_open(struct st_template **result, const char *path)
{
	int saved = errno;
	int err = result && path ? open_template(result, path) : EINVAL;

	errno = saved;
	return err;
}

/* The entry of the file as it is now; *fresh if it is not the one that is kept. */
static bool look(struct st_template *t, union copy *copy, bool *fresh)
{
	struct identity id;
	struct exe exe;
	uint64_t generation;

	if (identity_of(AT_FDCWD, t->path, 0, &id) || !S_ISREG(id.mode))
		return false;
	*fresh = !slot_read(&t->generation, t->words, ENTRY_WORDS, copy->words, &generation) ||
		 !identity_equal(&copy->entry.id, &id);
	if (!*fresh)
		return true;
	exe_look(AT_FDCWD, t->path, &exe);
	memset(copy, 0, sizeof *copy);
	copy->entry.id = id;
	copy->entry.kind = (uint16_t)exe.kind;
	copy->entry.template_fd = -1;
	return true;
}

/* Keep the entry.  Whichever template is not kept, the old one or this one, is closed. */
static void keep(struct st_template *t, const union copy *in)
{
	uint64_t generation = atomic_load_explicit(&t->generation, memory_order_acquire);
	union copy old = {.entry = {.template_fd = -1}};

	if (slot_is_published(generation) &&
	    !slot_read(&t->generation, t->words, ENTRY_WORDS, old.words, &generation))
		old.entry.template_fd = -1;
	if (generation % 2 || !slot_claim(&t->generation, generation)) {
		kernel_engine_drop(&in->entry);
		return;
	}
	slot_publish(&t->generation, generation, t->words, ENTRY_WORDS, in->words);
	if (old.entry.template_fd != in->entry.template_fd)
		kernel_engine_drop(&old.entry);
}

static enum reason spawn_by_kernel(struct st_template *t, pid_t *pid,
				   const posix_spawn_file_actions_t *file_actions,
				   const posix_spawnattr_t *attr, char *const argv[],
				   char *const envp[])
{
	struct library *library = get_library();
	struct kernel_result result;
	union copy copy;
	struct kernel_start start = {
		.path = t->path,
		.entry = &copy.entry,
		.file_actions = file_actions,
		.attr = attr,
		.argv = argv,
		.envp = envp,
	};
	enum reason reason;
	bool changed;
	bool fresh;

	if (!library)
		return REASON_NO_ENGINE;
	if (library->off)
		return library->off;
	if (!kernel_engine_available(&library->engine))
		return REASON_NO_ENGINE;
	if (!look(t, &copy, &fresh))
		return REASON_FAILED;
	reason = kernel_engine_start(&library->engine, &start, &result, &changed);
	if (changed || fresh)
		keep(t, &copy);
	if (reason)
		return reason;
	close(result.pidfd);
	if (pid)
		*pid = result.pid;
	return REASON_NONE;
}

int st_template_spawn(struct st_template *t, pid_t *pid,
		      const posix_spawn_file_actions_t *file_actions, const posix_spawnattr_t *attr,
		      char *const argv[], char *const envp[])
{
	enum reason reason = spawn_by_kernel(t, pid, file_actions, attr, argv, envp);
	struct outcome outcome = {.how = HOW_KERNEL + 1, .reason = reason};
	uint64_t word;
	int err = 0;

	if (reason) {
		outcome.how = HOW_LIBC + 1;
		err = posix_spawn(pid, t->path, file_actions, attr, argv, envp);
	}
	memcpy(&word, &outcome, sizeof word);
	atomic_store_explicit(&t->outcome, word, memory_order_relaxed);
	return err;
}

void st_template_close(struct st_template *t)
{
	union copy copy;
	uint64_t generation;

	if (!t)
		return;
	if (slot_read(&t->generation, t->words, ENTRY_WORDS, copy.words, &generation))
		kernel_engine_drop(&copy.entry);
	free(t->path);
	free(t);
}

const char *st_template_path(const struct st_template *t)
{
	return t->path;
}

static struct outcome last_outcome(const struct st_template *t)
{
	uint64_t word = atomic_load_explicit(&t->outcome, memory_order_relaxed);
	struct outcome outcome;

	memcpy(&outcome, &word, sizeof outcome);
	return outcome;
}

const char *st_template_engine(const struct st_template *t)
{
	switch (last_outcome(t).how) {
	case HOW_KERNEL + 1:
		return "kernel";
	case HOW_LIBC + 1:
		return "libc";
	default:
		return "none";
	}
}

const char *st_template_reason(const struct st_template *t)
{
	return reason_name(last_outcome(t).reason);
}

#define STRING(x)  STRING_(x)
#define STRING_(x) #x

const char *st_version(void)
{
	return STRING(ST_VERSION_MAJOR) "." STRING(ST_VERSION_MINOR) "." STRING(ST_VERSION_PATCH);
}
