/*
 * Did the child execute the program?
 *
 * spawn_template_spawn() returns a process id also if an action or the exec failed: the child then
 * ends with status 1, 126 or 127, as a program may do of its own accord.  What tells the two apart
 * is the kernel's flag PF_FORKNOEXEC, which a child has from its creation until its exec succeeds.
 *
 * setpgid(2) shows that flag at the price of one plain system call: "EACCES: the child has already
 * performed an execve".  Asked to move the child to a process group that cannot exist, it has no
 * effect in any case.  (process_vm_readv(2) and others that ask for the child's memory look
 * equivalent, but are subject to ptrace permission, leave traces in audit logs where a security
 * module denies them, and see the parent's memory in both windows below.)
 *
 * The caller resumes when the child lets go of its memory, and at that moment is in one of
 * two short stretches of kernel code:
 *
 *   exec succeeds:  past the point of no return, "release" the memory, clear PF_FORKNOEXEC
 *   anything fails: set PF_EXITING, "release" the memory, become a zombie
 *
 * so that the answers, and what they mean, are:
 *
 *   EACCES                                   the program runs, or has run
 *   EPERM, FORKNOEXEC clear                  it runs, and has left our session: setsid(2)
 *   EPERM, FORKNOEXEC set, EXITING clear     in the first stretch: nothing but death stops it
 *   EPERM, FORKNOEXEC set, EXITING set       it never ran
 *   ESRCH                                    another thread has waited for it: see below
 *
 * Flags are read from /proc/PID/stat, only after EPERM: in practice when a start has failed.
 *
 * A child that was killed by a signal before its exec counts as having run: posix_spawn() reports
 * success then too, and the caller finds the corpse.  So does one about which nothing can be learnt
 * any more, because another thread reaped it first: starting a program a second time would be worse
 * than an error that shows only as exit status, which POSIX allows.
 */
#include "kernel_parts.h"

#include <errno.h>
#include <limits.h>
#include <sys/wait.h>

#include "../../elfcache/sys.h"
#include "procfs.h"

/* More than any process group can be: the kernel's pids end at 2^22. */
enum { NO_SUCH_GROUP = INT_MAX };

enum { IDTYPE_PIDFD = 3 }; /* P_PIDFD, which older headers lack */

static int sys_setpgid(pid_t pid, pid_t pgid)
{
	return (int)sys_call3(SYS_setpgid, pid, pgid, 0);
}

static int sys_waitid(int idtype, int id, siginfo_t *info, int options)
{
	int err;

	do
		err = (int)sys_call6(SYS_waitid, idtype, id, (long)info, options, 0, 0);
	while (err == -EINTR);
	return err;
}

static const sys_sigset sigchld_set = (sys_sigset)1 << (SIGCHLD - 1);

static bool is_of(const siginfo_t *info, pid_t pid)
{
	return info->si_pid == pid && info->si_code >= CLD_EXITED && info->si_code <= CLD_CONTINUED;
}

/*
 * Send *info to this process, not to this thread.  The kernel lets a thread forge any siginfo for
 * its own thread id, and then, as kill(2) does, signals the whole process.
 */
static void send_to_ourselves(siginfo_t *info)
{
	if (sys_call3(SYS_rt_sigqueueinfo, sys_call3(SYS_gettid, 0, 0, 0), SIGCHLD, (long)info))
		sys_call3(SYS_kill, sys_getpid(), SIGCHLD, 0);
}

/*
 * Take back the SIGCHLD of a child that the caller is not to know of.
 *
 * Only one SIGCHLD can be pending.  If that is another one's, it is put back as it was, and ours
 * was dropped by the kernel.  If it is ours, that of another child may have been dropped in its
 * favour: if any child can be waited for, the signal that says so is sent again.  It may be one
 * too many, which every handler must cope with, since signals of children merge; it is never one
 * too few.
 */
static void take_back_sigchld(pid_t pid)
{
	const struct timespec now = {0};
	siginfo_t info;
	siginfo_t other;

	if (sys_call4(SYS_rt_sigtimedwait, (long)&sigchld_set, (long)&info, (long)&now,
		      sizeof sigchld_set) != SIGCHLD)
		return;
	other.si_pid = 0; /* and so it stays if no child can be waited for */
	if (!is_of(&info, pid))
		send_to_ourselves(&info);
	else if (!sys_waitid(P_ALL, 0, &other,
			     WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) &&
		 other.si_pid)
		send_to_ourselves(&other);
}

/* The child is dying, and has not executed anything. */
static bool ended_by_itself(int pidfd)
{
	siginfo_t info;
	int err = sys_waitid(IDTYPE_PIDFD, pidfd, &info, WEXITED | WNOWAIT);

	/* If another thread reaped it: it did not run, and that is known. */
	return err == -ECHILD || (!err && info.si_code == CLD_EXITED);
}

static bool never_ran(pid_t pid)
{
	const uint32_t dead = PROCFS_FORKNOEXEC | PROCFS_EXITING;
	struct procfs_task task;

	return !procfs_task(pid, &task) && task.ppid == sys_getpid() && (task.flags & dead) == dead;
}

bool kernel_child_ran(pid_t pid, int pidfd)
{
	siginfo_t info;

	if (sys_setpgid(pid, NO_SUCH_GROUP) == -EACCES)
		return true;
	if (!never_ran(pid) || !ended_by_itself(pidfd))
		return true;
	sys_waitid(IDTYPE_PIDFD, pidfd, &info, WEXITED);
	sys_close(pidfd);
	take_back_sigchld(pid);
	return false;
}

bool kernel_child_can_be_asked(void)
{
	return sys_setpgid(NO_SUCH_GROUP, NO_SUCH_GROUP) == -ESRCH;
}

/* The kernel's struct sigaction, which is not libc's. */
struct kernel_sigaction {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	sys_sigset mask;
};

bool kernel_children_vanish(void)
{
	struct kernel_sigaction action;

	if (sys_call4(SYS_rt_sigaction, SIGCHLD, 0, (long)&action, sizeof action.mask))
		return true;
	return action.handler == (uintptr_t)SIG_IGN || (action.flags & SA_NOCLDWAIT);
}
