/*
 * The kernel engine.
 *
 * Hazards, and what answers each:
 *
 *  1. The numbers may belong to other system calls.  They are used only if somebody named them, and
 *     only after two calls that spawn_template_create() must refuse were refused in the right way;
 *     every descriptor that it returns must be a template.  One wrong answer, and this process
 *     never calls again.
 *  2. The caller must get errno.  The calls report a failed action or exec only as exit status.
 *     So it is found out whether the child ever executed anything (kernel_child.c); if not, it is
 *     reaped, and libc starts the program once more and produces the true error.  What would show
 *     when it is done twice is not tried at all (translate.c).
 *  3. Signals.  Everything is blocked from before the call until it is known whether the child ran:
 *     no handler can reap the child first, and a failed child's SIGCHLD can be taken back.  The
 *     child gets the right mask by an action.  It never returns to user mode before its exec, so no
 *     handler of the caller can run in it, on the caller's memory.
 *  4. SIGCHLD ignored, or SA_NOCLDWAIT: a failed child would vanish before it can be asked.  Not
 *     started here.  (A thread that changes this at the very same time, or reaps with
 *     waitpid(-1), can make a failed start look like a program that ended with status 1, 126 or
 *     127.)
 *  5. A template pins its file: opening that for writing gives ETXTBSY.  A build that relinks a
 *     tool in place would break.  So only files that this user does not write to are pinned: those
 *     of another owner and without write permission for group and others; for root, who may write
 *     everything, only root's own in /usr (but /usr/local), /bin, /sbin and /lib.  And images: one
 *     that has its name is never written to, only removed.
 *  6. The file is replaced.  The caller of the engine takes the identity of the path anew for each
 *     start; a template is made for that one identity, and the kernel compares again (ESTALE).
 *  7. The name the program was started by is visible to it: AT_EXECFN, and its command name.  Only
 *     a template made of a path knows one; a template made of a descriptor does not.  The path must
 *     be absolute; others are left to libc.
 *  8. Templates are of one process with one set of credentials.  The owner's pid is compared at
 *     each use: what came over fork() is closed and made anew.  After setuid() and the like the
 *     kernel says EACCES: made anew, once.  A vfork() child that starts something, which it should
 *     not, shares our memory but not our descriptors: its parent forgets one that stays open.
 *  9. The program owns its descriptors.  Ours get high numbers, not its next ones.  It may close
 *     them (EBADF), and open something else at the number (EINVAL): the number is forgotten, not
 *     closed, and a template made anew, once.
 * 10. The number of a closed template could be given to another one, and the old entry would then
 *     start the wrong program.  So no number is given twice in the life of a process, and the
 *     preload and the public library, which know nothing of each other, have a lane each.  When a
 *     lane is used up, libc starts everything that has no template yet.
 * 11. A program can lose its right to make the calls (seccomp).  A filter that answers with an
 *     error is like a kernel that refuses.  One that kills is not survived: whoever names the
 *     numbers has to know his filters.
 * 12. A tracer.  It would see no system calls of the child, and depending on the kernel the child
 *     may not stop for it before the exec: gdb then waits for ever.  A traced process is left to
 *     libc; and one that valgrind runs, which does not know the calls, and prints that it does not
 *     (kernel_calls.c).
 * 13. Threads.  Nothing is locked; entries are copies, and what the engine keeps is atomic.  Two
 *     threads may each make a template for one file; the cache tells which one is to be closed.
 */
#include "kernel.h"

#include <errno.h>

#include "../../elfcache/sys.h"
#include "kernel_parts.h"
#include "procfs.h"
#include "translate.h"

/* What the caller of posix_spawn() wants done in the child. */
struct wanted {
	struct spawn_attributes attr;
	struct action actions[ACTIONS_MAX];
	size_t count;
};

static bool file_actions_known(struct kernel_engine *engine)
{
	int known = atomic_load_explicit(&engine->file_actions_known, memory_order_relaxed);

	if (!known) {
		known = file_actions_probe(engine->builders) ? 1 : -1;
		atomic_store_explicit(&engine->file_actions_known, known, memory_order_relaxed);
	}
	return known > 0;
}

static enum reason read_wanted(struct kernel_engine *engine, const struct kernel_start *start,
			       struct wanted *wanted)
{
	ssize_t n = 0;

	spawn_attributes_read(engine->getters, start->attr, &wanted->attr);
	if (start->file_actions) {
		if (!file_actions_known(engine))
			return REASON_FILE_ACTIONS;
		n = file_actions_read(start->file_actions, wanted->actions, ACTIONS_MAX);
		if (n < 0)
			return REASON_FILE_ACTIONS;
	}
	wanted->count = (size_t)n;
	return REASON_NONE;
}

/*
 * The call failed and no process was created.  REASON_NONE if a new template may help, which the
 * entry then has no more of.
 */
static enum reason call_failed(struct cached *entry, long err, bool *changed)
{
	switch (err) {
	case -EACCES: /* other credentials than the creator's */
		kernel_template_drop(entry, changed);
		return REASON_NONE;
	case -EBADF:
		kernel_template_forget(entry, changed);
		return REASON_NONE;
	case -EINVAL: /* not a template any more; or the kernel does not like the actions */
		if (kernel_is_template(entry->template_fd))
			return REASON_REFUSED;
		kernel_template_forget(entry, changed);
		return REASON_NONE;
	case -ESTALE:
	case -ENOENT:
		kernel_template_drop(entry, changed);
		return REASON_STALE;
	default:
		/* E2BIG, EAGAIN, ENOMEM, EMFILE: libc may meet the same, and says so. */
		return REASON_REFUSED;
	}
}

static enum reason call(struct kernel_engine *engine, const struct kernel_start *start,
			const struct translation *translation, struct kernel_result *result,
			bool *changed)
{
	char *const none[] = {NULL};
	int pidfd = -1;
	const struct spawn_template_spawn_args args = {
		.flags = SPAWN_TEMPLATE_SPAWN_INHERIT_FDS,
		.pidfd = (uintptr_t)&pidfd,
		.argv = (uintptr_t)(start->argv ? start->argv : none),
		.envp = (uintptr_t)(start->envp ? start->envp : none),
		.actions = (uintptr_t)translation->actions,
		.actions_len = translation->count,
	};
	const pid_t self = sys_getpid();
	struct cached *entry = start->entry;
	enum reason reason = REASON_NONE;

	for (int attempt = 0; !reason && attempt < 2; attempt++) {
		long pid;

		reason = kernel_template_get(engine, start, self, changed);
		if (reason)
			break;
		pid = kernel_spawn(&engine->numbers, entry->template_fd, &args, sizeof args);
		if (pid > 0) {
			result->pid = (pid_t)pid;
			result->pidfd = pidfd;
			return kernel_child_ran(result->pid, pidfd) ? REASON_NONE : REASON_FAILED;
		}
		reason = call_failed(entry, pid, changed);
	}
	return reason ? reason : REASON_REFUSED;
}

/* With all signals blocked. */
static enum reason translate_and_call(struct kernel_engine *engine,
				      const struct kernel_start *start, const struct wanted *wanted,
				      sys_sigset caller_mask, struct kernel_result *result,
				      bool *changed)
{
	struct translate_context context;
	struct translation translation;
	enum reason reason;

	translate_context_here(&context, &wanted->attr, caller_mask);
	reason = translate(wanted->actions, wanted->count, &wanted->attr, &context, &translation);
	return reason ? reason : call(engine, start, &translation, result, changed);
}

enum reason kernel_engine_start(struct kernel_engine *engine, const struct kernel_start *start,
				struct kernel_result *result, bool *changed)
{
	const sys_sigset all = ~(sys_sigset)0;
	sys_sigset caller_mask;
	struct wanted wanted;
	enum reason reason;

	*changed = false;
	if (!kernel_engine_available(engine) || start->path[0] != '/')
		return REASON_NO_ENGINE;
	if (start->entry->template_verdict)
		return (enum reason)start->entry->template_verdict;
	if ((procfs_standing() & PROCFS_TRACED))
		return REASON_TRACED;
	reason = read_wanted(engine, start, &wanted);
	if (reason)
		return reason;
	if (kernel_children_vanish())
		return REASON_SIGCHLD;
	if (sys_sigprocmask(SIG_SETMASK, &all, &caller_mask))
		return REASON_REFUSED;
	reason = translate_and_call(engine, start, &wanted, caller_mask, result, changed);
	sys_sigprocmask(SIG_SETMASK, &caller_mask, NULL);
	return reason;
}
