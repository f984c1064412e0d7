#include <errno.h>

#include "../../elfcache/sys.h"
#include "../template/translate.h"
#include "image.h"
#include "readable.h"
#include "search.h"
#include "self_exe.h"
#include "start.h"
#include "target.h"

static bool is_search(const struct spawn_call *call)
{
	return call->function == NEXT_posix_spawnp || call->function == NEXT_posix_spawnp_2_2_5 ||
	       call->function == NEXT_pidfd_spawnp;
}

static bool has_actions(const struct spawn_call *call)
{
	return call->file_actions && call->file_actions->__used != 0;
}

static bool wants_pidfd(const struct spawn_call *call)
{
	return call->function == NEXT_pidfd_spawn || call->function == NEXT_pidfd_spawnp;
}

#define CALL(id) \
	(NEXT(id) ? NEXT(id)(c->result, c->file, c->file_actions, c->attr, c->argv, envp) : ENOSYS)

static int call_next(const struct spawn_call *c, char *const envp[])
{
	switch ((int)c->function) {
	case NEXT_posix_spawn:
		return CALL(posix_spawn);
	case NEXT_posix_spawnp:
		return CALL(posix_spawnp);
	case NEXT_posix_spawn_2_2_5:
		return CALL(posix_spawn_2_2_5);
	case NEXT_posix_spawnp_2_2_5:
		return CALL(posix_spawnp_2_2_5);
	case NEXT_pidfd_spawn:
		return CALL(pidfd_spawn);
	case NEXT_pidfd_spawnp:
		return CALL(pidfd_spawnp);
	default:
		return ENOSYS;
	}
}

/* By a child of our own making if that can be, else by libc's. */
static int start_or_call_next(const struct spawn_call *call, char *const envp[])
{
	int err = start_child(call, NULL, envp);

	return err == -ENOTSUP ? call_next(call, envp) : err;
}

/* Through a kernel template, if that is possible. */
__attribute__((noinline)) static enum reason spawn_by_kernel(struct kernel_engine *engine,
							     const struct spawn_call *call,
							     struct target_view *target,
							     bool is_image, char *const envp[])
{
	struct kernel_start start = {
		.path = target->path,
		.entry = &target->entry,
		.is_image = is_image,
		.file_actions = call->file_actions,
		.attr = call->attr,
		.argv = call->argv,
		.envp = envp,
	};
	struct kernel_result result;
	bool changed = false;
	enum reason reason = kernel_engine_start(engine, &start, &result, &changed);
	struct cache *cache = changed ? cache_get() : NULL;
	struct cached dropped;

	if (cache && cache_store(cache, &target->entry, &dropped))
		kernel_engine_drop(&dropped);
	if (reason != REASON_NONE)
		return reason;
	if (wants_pidfd(call)) {
		*call->result = result.pidfd;
	} else {
		sys_close(result.pidfd);
		if (call->result)
			*call->result = result.pid;
	}
	return REASON_NONE;
}

/* posix_spawn() in place of posix_spawnp() for a path: without a search, which is done. */
static enum next without_search(enum next function)
{
	switch ((int)function) {
	case NEXT_posix_spawnp:
		return NEXT_posix_spawn;
	case NEXT_posix_spawnp_2_2_5:
		return NEXT_posix_spawn_2_2_5;
	case NEXT_pidfd_spawnp:
		return NEXT_pidfd_spawn;
	default:
		return function;
	}
}

/*
 * True if the call can be made again after it failed, and nobody will notice.  What is opened is
 * opened again: that must not be a file that was made and has to be new, nor a pipe or socket with
 * somebody at its other end.
 */
static bool is_repeatable(const struct spawn_call *call)
{
	struct action action;
	struct stat st;
	ssize_t count = 0;

	if (has_actions(call))
		count = process_reads_file_actions() ? file_actions_count(call->file_actions)
						     : -ENOTSUP;
	for (ssize_t i = 0; i < count; i++) {
		if (!file_actions_at(call->file_actions, (size_t)i, &action))
			return false;
		if (action.kind == ACTION_OPEN &&
		    ((action.oflag & O_EXCL) ||
		     (!sys_fstatat(AT_FDCWD, action.path, &st, 0) && !S_ISREG(st.st_mode) &&
		      !S_ISDIR(st.st_mode) && !S_ISCHR(st.st_mode))))
			return false;
	}
	return count >= 0;
}

/*
 * By libc, whose function does not tell an image that cannot be executed from a file action that
 * failed.  So an image that is gone must not be found out by a child, and what may be due to the
 * image only is tried again without it; what cannot be, is not tried with it.
 */
__attribute__((noinline)) static int image_by_libc(const struct spawn_call *call,
						   struct in_place *image, char *const envp[])
{
	struct spawn_call other = *call;
	int err;

	image->error = image_is_gone(image->path) ? ENOENT : is_repeatable(call) ? 0 : ENOTSUP;
	if (image->error)
		return image->error;
	other.file = image->path;
	other.argv = image->argv;
	err = call_next(&other, envp);
	if (err == E2BIG || err == EACCES || err == EPERM || (err && image_is_gone(image->path)))
		image->error = err;
	return err;
}

/* Through a kernel template of the image.  Apart for what it has on the stack. */
__attribute__((noinline)) static bool image_by_kernel(const struct spawn_call *call,
						      const struct in_place *image,
						      struct kernel_engine *engine,
						      struct target_view *target,
						      char *const envp[])
{
	struct spawn_call other = *call;
	struct target_view view;

	other.argv = image->argv;
	if (!target_look_image(&view, target, image->path) ||
	    spawn_by_kernel(engine, &other, &view, true, envp) != REASON_NONE)
		return false;
	if (target->has_index)
		index_count_both(&target->index);
	return true;
}

/*
 * From the image: through a kernel template of it, if there is that engine.  If the template cannot
 * do it, the other ways end in the same, or in the right error.  call names the target.
 */
static int start_image(const struct spawn_call *call, struct in_place *image,
		       struct kernel_engine *engine, struct target_view *target, char *const envp[])
{
	int err;

	if (engine && image_by_kernel(call, image, engine, target, envp))
		return 0;
	err = start_child(call, image, envp);
	return err == -ENOTSUP ? image_by_libc(call, image, envp) : err;
}

/* More arguments of a script and the kernel engine's arrays are too much for a small stack. */
enum { SCRIPT_ARGS_WITH_ENGINE = 256 };

/* A script; false if it is none any more.  Apart, for its arrays. */
__attribute__((noinline)) static bool spawn_script(const struct spawn_call *call,
						   struct in_place *image,
						   struct kernel_engine *engine,
						   struct target_view *target, char *const envp[],
						   int *err)
{
	struct script_plan plan;

	if (!image_script_plan(target, call->argv, &plan) || !stack_takes(plan.count))
		return false;
	char *argv[plan.count + 1];

	image_script_argv(&plan, target->path, call->argv, argv);
	image->argv = argv;
	*err = start_image(call, image, plan.count <= SCRIPT_ARGS_WITH_ENGINE ? engine : NULL,
			   target, envp);
	return true;
}

/*
 * From an image, if there is one.  REASON_NONE: that is done, with libc's result in *err.  Else
 * errno is as it was, and *err the error with which an image that is there was not executed, if it
 * was that.  Apart, for its buffer.
 */
__attribute__((noinline)) static enum reason spawn_image(const struct spawn_call *call,
							 const struct settings *settings,
							 struct target_view *target,
							 char *const envp[], int *err)
{
	struct spawn_call other = *call;
	struct kernel_engine *engine;
	char path[IMAGE_PATH_SIZE];
	struct in_place image = {.path = path, .argv = call->argv};
	enum reason reason = image_choose(target, settings, envp, path);
	int saved = errno;
	int denied;

	*err = 0;
	if (reason != REASON_NONE)
		return reason;
	engine = process_kernel_engine(settings);
	other.file = target->path;
	other.function = without_search(call->function);
	if (target->entry.kind != EXE_SCRIPT)
		*err = start_image(&other, &image, engine, target, envp);
	else if (!spawn_script(&other, &image, engine, target, envp, err))
		return REASON_SCRIPT;
	denied = image.error && !image_is_gone(path) ? image.error : 0;
	if (!*err) {
		reason = image.error ? REASON_FAILED : REASON_NONE;
		target_count(target, settings, reason ? HOW_LIBC : HOW_IMAGE, reason);
		image_note_failure(denied);
		return REASON_NONE;
	}
	/* What a search goes on with is libc's to know. */
	if (!image.error || (image.went_on && !is_search(call)))
		return REASON_NONE;
	errno = saved;
	*err = denied;
	return REASON_FAILED;
}

/* Not from an image, for that reason. */
static int spawn_with(const struct spawn_call *call, const struct settings *settings,
		      struct target_view *target, char *const envp[], enum reason reason)
{
	struct kernel_engine *engine = NULL;
	int err;

	if (settings->choice != CHOICE_OFF)
		engine = process_kernel_engine(settings);
	if (engine)
		reason = spawn_by_kernel(engine, call, target, false, envp);
	if (reason == REASON_NONE) {
		target_count(target, settings, HOW_KERNEL, reason);
		return 0;
	}
	if (settings->choice == CHOICE_OFF || engine)
		err = call_next(call, envp);
	else
		err = start_or_call_next(call, envp);
	if (!err)
		target_count(target, settings, HOW_LIBC, reason);
	return err;
}

/* Apart, so that only the rare call that needs it has these arrays on its stack. */
__attribute__((noinline)) static int spawn_stripped(const struct spawn_call *call,
						    const struct settings *settings,
						    struct target_view *target,
						    const struct strip_plan *plan,
						    enum reason reason)
{
	char *stripped[plan->count + 1];
	char value[plan->value_size];

	environment_strip(call->envp, plan, stripped, value);
	return spawn_with(call, settings, target, stripped, reason);
}

static int spawn_target(const struct spawn_call *call, const struct settings *settings,
			const char *path)
{
	enum reason reason = REASON_NO_ENGINE;
	struct target_view target;
	struct strip_plan plan;
	int failure = 0;
	int err;

	target_look(&target, settings, AT_FDCWD, path, 0, true);
	if (!target.exists)
		return call_next(call, call->envp);
	if (settings->choice == CHOICE_OFF)
		reason = REASON_OFF;
	else
		reason = spawn_image(call, settings, &target, call->envp, &failure);
	if (reason == REASON_NONE)
		return failure;
	/* After the images, which are of programs that take the library. */
	if (target_rejects_preload(&target, settings, AT_FDCWD) &&
	    environment_plan_strip(call->envp, &plan))
		return spawn_stripped(call, settings, &target, &plan, reason);
	err = spawn_with(call, settings, &target, call->envp, reason);
	if (!err)
		image_note_failure(failure);
	return err;
}

/* True if it cannot be said here what a relative path will mean in the child. */
static bool may_change_directory(const struct spawn_call *call)
{
	struct action action;
	ssize_t count;

	if (!has_actions(call))
		return false;
	count = process_reads_file_actions() ? file_actions_count(call->file_actions) : -ENOTSUP;
	for (ssize_t i = 0; i < count; i++)
		if (!file_actions_at(call->file_actions, (size_t)i, &action) ||
		    actions_change_directory(&action, 1))
			return true;
	return count < 0;
}

/* Which file will run is not known; that one does is. */
static int spawn_unresolved(const struct spawn_call *call, const struct settings *settings)
{
	struct target_view target = {.path = call->file};
	int err = call_next(call, call->envp);

	if (err)
		return err;
	target.has_index = process_index(settings, &target.index);
	target_count(&target, settings, HOW_LIBC,
		     settings->choice == CHOICE_OFF ? REASON_OFF : REASON_UNRESOLVED);
	return 0;
}

/* The path is known. */
static int spawn_path(const struct spawn_call *call, const struct settings *settings,
		      const char *path)
{
	const char *exe = self_exe(path);
	struct spawn_call own;

	if (exe) {
		own = *call;
		own.file = path = exe;
		call = &own;
	}
	if (path[0] != '/' && may_change_directory(call))
		return spawn_unresolved(call, settings);
	return spawn_target(call, settings, path);
}

/* Apart for its buffer: most calls come with a path. */
__attribute__((noinline)) static int spawn_search(const struct spawn_call *call,
						  const struct settings *settings)
{
	const size_t room = search_room(call->file, settings->path);
	char found[room];

	if (!search_path(call->file, settings->path, found, room))
		return spawn_unresolved(call, settings);
	return spawn_path(call, settings, found);
}

int start_spawn(const struct spawn_call *call)
{
	struct settings settings;

	settings_read(&settings);
	if (is_search(call) && search_is_needed(call->file))
		return spawn_search(call, &settings);
	if (!readable_string(call->file))
		return call_next(call, call->envp);
	return spawn_path(call, &settings, call->file);
}
