#include "image.h"

#include <errno.h>
#include <stdatomic.h>

#include "../../elfcache/confinement.h"
#include "../../elfcache/image_name.h"
#include "../../elfcache/loader_variables.h"
#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"
#include "../template/procfs.h"
#include "process.h"
#include "readable.h"

/*
 * How many starts make a target hot.  What is installed will be started again; what lies in a
 * user's directories may be the product of a build that is run once (conftest) or replaced soon.
 */
enum { HOT_INSTALLED = 2, HOT_ELSEWHERE = 6 };

/*
 * To look whether this process is confined takes nine system calls, and who is stays so.  After so
 * many starts of a target without an image it is looked now and then.
 */
enum { LOOK_ALWAYS = 64, LOOK_EVERY = 16 };

static bool is_installed(const char *path)
{
	static const char directories[][8] = {"/usr/", "/bin/", "/sbin/", "/lib", "/opt/"};

	for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++)
		if (mem_after_prefix(path, directories[i]))
			return true;
	return false;
}

/* True if this environment, which mostly is the process's own, has the loader variables of the
   session. */
static bool has_variables(char *const envp[], struct reader reader, uint64_t expected)
{
	uint64_t hash = 0;

	for (; envp; envp++) {
		char *s;

		if (!reader_pointer(&reader, envp, &s))
			return false;
		if (!s)
			break;
		if (!reader_can(&reader, s))
			return false;
		if (*s != 'L' && *s != 'M' && *s != 'G')
			continue;
		if (!reader_can_string(&reader, s))
			return false;
		hash = loader_variables_add(hash, s);
	}
	return hash == expected;
}

/*
 * An image has all its memory mapped when the kernel could only kill it for want of more, where
 * ld.so would say so and exit.
 */
static bool has_limits(void)
{
	struct rlimit limit;

	return !sys_getrlimit(RLIMIT_AS, &limit) && limit.rlim_cur == RLIM_INFINITY &&
	       !sys_getrlimit(RLIMIT_DATA, &limit) && limit.rlim_cur == RLIM_INFINITY;
}

/* Not for who is confined, as in a sandbox: start-up code is run by the service, which is not. */
static void want(struct target_view *target)
{
	uint64_t starts = index_starts(&target->index, &target->entry.ref) + 1;
	uint64_t hot = is_installed(target->path) ? HOT_INSTALLED : HOT_ELSEWHERE;
	uint64_t confinement = index_confinement(&target->index);

	if (starts >= hot && (starts < LOOK_ALWAYS || starts % LOOK_EVERY == 0) && confinement &&
	    confinement_hash() == confinement)
		index_image_want(&target->index, &target->entry.ref);
}

static enum reason standing_reason(const struct index *index)
{
	unsigned standing;

	if (index_has_tracer(index))
		procfs_ask_anew();
	standing = procfs_standing();
	return standing & PROCFS_TRACED    ? REASON_TRACED
	       : standing & PROCFS_CAPABLE ? REASON_CAPABILITIES
					   : REASON_NONE;
}

static enum reason kind_reason(const struct target_view *target)
{
	switch (target->entry.kind) {
	/* Whether a script's interpreter can have an image, the service finds out. */
	case EXE_GLIBC:
	case EXE_SCRIPT:
		return REASON_NONE;
	case EXE_STATIC:
		return REASON_STATIC;
	case EXE_ELF32:
		return REASON_ELF32;
	case EXE_FOREIGN_ARCH:
		return REASON_FOREIGN_ARCH;
	case EXE_FOREIGN_LIBC:
		return REASON_FOREIGN_LIBC;
	case EXE_SANITIZER:
		return REASON_SANITIZER;
	case EXE_UNREADABLE:
		return REASON_UNREADABLE;
	default:
		return REASON_NOT_ELF;
	}
}

static _Atomic bool are_denied;

enum reason image_choose(struct target_view *target, const struct settings *settings,
			 char *const envp[], char path[IMAGE_PATH_SIZE])
{
	const struct index_ref *ref = &target->entry.ref;
	const char *directory = IMAGE_DIRECTORY;
	enum reason reason;

	if (settings->choice != CHOICE_AUTO && settings->choice != CHOICE_IMAGE)
		return REASON_NO_ENGINE;
	if (!settings->cache || !target->has_index || !target->entry.has_ref ||
	    !index_has_images(&target->index))
		return REASON_NO_ENGINE;
	reason = kind_reason(target);
	if (reason != REASON_NONE)
		return reason;
	if (target->path[0] != '/')
		return REASON_RELATIVE;
	switch ((int)index_image_state(&target->index, ref, &reason)) {
	case IMAGE_READY:
		break;
	case IMAGE_BOOT:
		directory = IMAGE_BOOT_DIRECTORY;
		break;
	case IMAGE_REFUSED:
		return reason;
	case IMAGE_NONE:
		want(target);
		return REASON_NO_IMAGE;
	default:
		return REASON_NO_IMAGE;
	}
	if (atomic_load_explicit(&are_denied, memory_order_relaxed))
		return REASON_FAILED;
	if (!image_path(settings->cache, directory, &target->entry.id, target->path, path,
			IMAGE_PATH_SIZE))
		return REASON_NO_IMAGE;
	if (!has_limits())
		return REASON_LIMITS;
	if (!process_cache_stands(settings, &target->index))
		return REASON_NO_IMAGE;
	/* Permission to execute may depend on more than what identifies the target: on the mount,
	   for one.  Real and effective user are the same, or there is no session. */
	if (sys_call3(SYS_access, (long)target->path, X_OK, 0))
		return REASON_FAILED;
	if (!has_variables(envp, settings->reader, index_variables(&target->index)))
		return REASON_ENVIRONMENT;
	return standing_reason(&target->index);
}

bool image_script_plan(const struct target_view *target, char *const argv[],
		       struct script_plan *plan)
{
	struct reader reader = {.next = 0};
	char *arg;

	if (exe_look(AT_FDCWD, target->path, &plan->exe) || plan->exe.kind != EXE_SCRIPT ||
	    plan->exe.interpreter[0] != '/' || !plan->exe.has_whole_line || !argv)
		return false;
	for (plan->count = 0;; plan->count++) {
		if (plan->count == SCRIPT_ARGS_MAX ||
		    !reader_pointer(&reader, &argv[plan->count], &arg))
			return false;
		if (!arg)
			break;
	}
	/* The kernel reads argv[0] too, before it drops it. */
	if (plan->count == 0 || !reader_can_string(&reader, argv[0]))
		return false;
	plan->count += plan->exe.argument[0] ? 2 : 1;
	return true;
}

void image_script_argv(const struct script_plan *plan, const char *path, char *const argv[],
		       char *out[])
{
	size_t n = 0;

	/* As the kernel does: argv[0] gives way to the script's path (execve(2)). */
	out[n++] = (char *)(uintptr_t)plan->exe.interpreter;
	if (plan->exe.argument[0])
		out[n++] = (char *)(uintptr_t)plan->exe.argument;
	out[n++] = (char *)(uintptr_t)path;
	while (n <= plan->count)
		out[n++] = (char *)(uintptr_t) * ++argv;
}

bool image_is_gone(const char *path)
{
	return sys_call3(SYS_access, (long)path, X_OK, 0) != 0;
}

void image_note_failure(int error)
{
	if (error == EACCES || error == EPERM)
		atomic_store_explicit(&are_denied, true, memory_order_relaxed);
}
