#include <errno.h>

#include "../../elfcache/sys.h"
#include "image.h"
#include "readable.h"
#include "search.h"
#include "self_exe.h"
#include "start.h"
#include "target.h"

static bool is_search(const struct exec_call *call)
{
	return call->function == NEXT_execvp || call->function == NEXT_execvpe;
}

static bool is_by_descriptor(const struct exec_call *call)
{
	return call->function == NEXT_fexecve || call->function == NEXT_execveat;
}

/* The environment that the call passes on: its own, or the process's. */
static char *const *environment_of(const struct exec_call *call)
{
	if (call->function == NEXT_execv || call->function == NEXT_execvp)
		return environment_get();
	return call->envp;
}

static int not_there(void)
{
	errno = ENOSYS;
	return -1;
}

#define CALL(id, ...) (NEXT(id) ? NEXT(id)(__VA_ARGS__) : not_there())

/* The call as it was made. */
static int call_next(const struct exec_call *c)
{
	switch ((int)c->function) {
	case NEXT_execve:
		return CALL(execve, c->file, c->argv, c->envp);
	case NEXT_execv:
		return CALL(execv, c->file, c->argv);
	case NEXT_execvp:
		return CALL(execvp, c->file, c->argv);
	case NEXT_execvpe:
		return CALL(execvpe, c->file, c->argv, c->envp);
	case NEXT_execveat:
		return CALL(execveat, c->dirfd, c->file, c->argv, c->envp, c->flags);
	case NEXT_fexecve:
		return CALL(fexecve, c->dirfd, c->argv, c->envp);
	default:
		return not_there();
	}
}

/* The call with another environment. */
static int call_next_with(const struct exec_call *call, char *const envp[])
{
	struct exec_call other = *call;

	other.envp = envp;
	if (call->function == NEXT_execv)
		other.function = NEXT_execve;
	else if (call->function == NEXT_execvp)
		other.function = NEXT_execvpe;
	return call_next(&other);
}

/* Apart, so that only the rare call that needs it has these arrays on its stack. */
__attribute__((noinline)) static int call_next_stripped(const struct exec_call *call,
							char *const envp[],
							const struct strip_plan *plan)
{
	char *stripped[plan->count + 1];
	char value[plan->value_size];

	environment_strip(envp, plan, stripped, value);
	return call_next_with(call, stripped);
}

/* A script, from the image path.  Apart, for its arrays. */
__attribute__((noinline)) static void exec_script(const struct target_view *target,
						  const char *path, char *const argv[],
						  char *const envp[])
{
	struct script_plan plan;

	if (image_script_plan(target, argv, &plan) && stack_takes(plan.count)) {
		char *new_argv[plan.count + 1];

		image_script_argv(&plan, target->path, argv, new_argv);
		NEXT(execve)(path, new_argv, envp);
	}
}

/*
 * From an image, if there is one: returns only if that cannot be executed here, with the reason.
 * Apart, for its buffer.
 */
__attribute__((noinline)) static enum reason exec_image(const struct exec_call *call,
							const struct settings *settings,
							struct target_view *target)
{
	char *const *envp = environment_of(call);
	char path[IMAGE_PATH_SIZE];
	enum reason reason = image_choose(target, settings, envp, path);
	int saved;

	if (reason != REASON_NONE || !NEXT(execve))
		return reason;
	saved = errno;
	target_count(target, settings, HOW_IMAGE, reason);
	if (target->entry.kind == EXE_SCRIPT)
		exec_script(target, path, call->argv, envp);
	else
		NEXT(execve)(path, call->argv, envp);
	errno = saved;
	target_uncount(target, HOW_IMAGE, reason);
	return REASON_FAILED;
}

/* With a path that was found: count, start, and take the count back if that failed. */
static int exec_target(const struct exec_call *call, const struct settings *settings, int dirfd,
		       const char *path, int flags)
{
	enum reason reason = REASON_NO_ENGINE;
	struct target_view target;
	struct strip_plan plan;
	char *const *envp;
	int ret;

	target_look(&target, settings, dirfd, path, flags, false);
	if (!target.exists)
		return call_next(call);
	if (settings->choice == CHOICE_OFF)
		reason = REASON_OFF;
	else if (is_by_descriptor(call))
		reason = REASON_DESCRIPTOR;
	else
		reason = exec_image(call, settings, &target);
	if (reason == REASON_NO_ENGINE && process_wants_kernel_engine(settings))
		reason = REASON_EXEC;
	target_count(&target, settings, HOW_LIBC, reason);
	/* The environment is read only where it must be: a pointer to nowhere is EFAULT, not ours
	   to trip over. */
	if (target_rejects_preload(&target, settings, dirfd) &&
	    environment_plan_strip(envp = environment_of(call), &plan))
		ret = call_next_stripped(call, envp, &plan);
	else
		ret = call_next(call);
	target_uncount(&target, HOW_LIBC, reason);
	return ret;
}

/* Apart for its buffer: most calls come with a path. */
__attribute__((noinline)) static int exec_search(const struct exec_call *call,
						 const struct settings *settings)
{
	const size_t room = search_room(call->file, settings->path);
	char found[room];

	if (!search_path(call->file, settings->path, found, room))
		return call_next(call);
	return exec_target(call, settings, AT_FDCWD, found, 0);
}

/* In a process from an image: the program that one of its own names stands for.  Else null. */
static const char *own_exe(const struct exec_call *call)
{
	if (call->function == NEXT_fexecve ||
	    (call->function == NEXT_execveat && (call->flags & AT_SYMLINK_NOFOLLOW)))
		return NULL;
	return self_exe_checked(call->file);
}

int start_exec(const struct exec_call *call)
{
	const char *exe = own_exe(call);
	struct settings settings;
	struct exec_call own;

	if (exe) {
		own = *call;
		own.file = exe;
		call = &own;
	}
	settings_read(&settings);
	if (is_search(call) && search_is_needed(call->file))
		return exec_search(call, &settings);
	if (call->function == NEXT_fexecve)
		return exec_target(call, &settings, call->dirfd, "", AT_EMPTY_PATH);
	if (call->function == NEXT_execveat)
		return exec_target(call, &settings, call->dirfd, call->file,
				   call->flags & (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
	return exec_target(call, &settings, AT_FDCWD, call->file, 0);
}
