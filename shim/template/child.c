/*
 * Hazards, and what answers each:
 *  1. The child runs in its parent's memory.  It has a stack of its own, makes system calls only,
 *     and writes to nothing but that stack and its errors.
 *  2. A handler of the parent must not run in the child: all signals are blocked before it is made,
 *     those too that sigset_t hides, and its handlers are gone before its mask is set.
 *  3. The parent may be one thread of many: the others go on, and see nothing but a child.
 *  4. Where memory is short, or mmap(2) forbidden, libc's function fails in the parent, and so must
 *     this: hence a stack of the same size, though the child needs a hundredth of it.
 *  5. An action that cannot be done here must be found before the child is made: libc would repeat
 *     those that came before it.
 */
#include "child.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/wait.h>

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"

/* Since Linux 5.5; older headers lack it. */
#define CLEAR_SIGHAND UINT64_C(0x100000000)

enum {
	STACK_SLACK = 512 + 32 * 1024, /* beside a pointer for each argument; glibc */
	PAGE_BYTES = 4096,
	SPAWN_FAILED = 127, /* posix_spawn(3) */
	SIGNAL_COUNT = 64,
	/* Kept by glibc for pthread_cancel() and setuid(); its children ignore them. */
	SIGNAL_CANCEL = 32,
	SIGNAL_SETXID = 33,
	SUPPORTED_ATTRIBUTES = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
			       POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSID | POSIX_SPAWN_RESETIDS |
			       POSIX_SPAWN_USEVFORK,
};

/* struct sigaction of the kernel (arch/x86/include/uapi/asm/signal.h). */
struct kernel_sigaction {
	uint64_t handler;
	uint64_t flags;
	uint64_t restorer;
	sys_sigset mask;
};

struct child {
	const struct child_start *start;
	sys_sigset mask; /* for the program */
	int error;
	int last_error; /* of a system call, whether it mattered or not */
	int path_error; /* of path, where there is a fallback */
};

bool child_is_like(const char *libc_version)
{
	const char *last = mem_after_prefix(libc_version, "2.3");

	return last && *last >= '4' && *last <= '7' && !(last[1] >= '0' && last[1] <= '9');
}

static sys_sigset bit_of(int signal)
{
	return (sys_sigset)1 << (signal - 1);
}

static sys_sigset set_of(const sigset_t *set)
{
	sys_sigset all;

	mem_copy(&all, set, sizeof all);
	return all;
}

static bool can_be_done(const struct child_start *start)
{
	ssize_t count = file_actions_count(start->file_actions);
	struct action action;

	if (start->attributes.flags & ~SUPPORTED_ATTRIBUTES)
		return false;
	for (ssize_t i = 0; i < count; i++)
		if (!file_actions_at(start->file_actions, (size_t)i, &action) ||
		    action.kind == ACTION_CLOSEFROM || action.kind == ACTION_TCSETPGRP)
			return false;
	return count >= 0;
}

/* The result of a system call; if it is an error, libc's child would have it in errno. */
static int noted(struct child *c, long result)
{
	if (result < 0)
		c->last_error = (int)-result;
	return (int)result;
}

static void set_disposition(struct child *c, int signal, void (*handler)(int))
{
	const struct kernel_sigaction action = {.handler = (uintptr_t)handler};

	noted(c, sys_call4(SYS_rt_sigaction, signal, (long)&action, 0, sizeof action.mask));
}

/* Handlers are gone: what remains is what libc's child would set beyond that. */
static void set_dispositions(struct child *c)
{
	const struct spawn_attributes *wanted = &c->start->attributes;
	sys_sigset defaults = 0;

	if (wanted->flags & POSIX_SPAWN_SETSIGDEF)
		defaults = set_of(&wanted->sigdefault);
	for (int signal = 1; signal <= SIGNAL_COUNT; signal++) {
		if (defaults & bit_of(signal))
			set_disposition(c, signal, SIG_DFL);
		else if (signal == SIGNAL_CANCEL || signal == SIGNAL_SETXID)
			set_disposition(c, signal, SIG_IGN);
	}
}

/* One that is not open is no error, a number that no descriptor can have is. */
static int do_close(struct child *c, int fd)
{
	struct rlimit limit;
	int err = noted(c, sys_close(fd));

	if (!err ||
	    (fd >= 0 && !sys_getrlimit(RLIMIT_NOFILE, &limit) && (rlim_t)fd < limit.rlim_cur))
		return 0;
	return err;
}

/* Equal numbers: the descriptor stays open in the program (Austin Group issue 411). */
static int do_dup2(int fd, int newfd)
{
	int flags;

	if (fd != newfd)
		return (int)sys_call3(SYS_dup2, fd, newfd, 0);
	flags = sys_fcntl(fd, F_GETFD, 0);
	return flags < 0 ? flags : sys_fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

static int do_open(struct child *c, const struct action *action)
{
	int err;
	int fd;

	noted(c, sys_close(action->fd));
	fd = sys_openat(AT_FDCWD, action->path, action->oflag, action->mode);
	if (fd < 0 || fd == action->fd)
		return fd;
	err = (int)sys_call3(SYS_dup2, fd, action->fd, 0);
	return err < 0 ? err : sys_close(fd);
}

static int do_action(struct child *c, size_t i)
{
	struct action action;

	if (!file_actions_at(c->start->file_actions, i, &action))
		return -ENOSYS;
	switch (action.kind) {
	case ACTION_CLOSE:
		return do_close(c, action.fd);
	case ACTION_DUP2:
		return do_dup2(action.fd, action.newfd);
	case ACTION_OPEN:
		return do_open(c, &action);
	case ACTION_CHDIR:
		return (int)sys_call3(SYS_chdir, (long)action.path, 0, 0);
	case ACTION_FCHDIR:
		return (int)sys_call3(SYS_fchdir, action.fd, 0, 0);
	case ACTION_CLOSEFROM: /* can_be_done() */
	case ACTION_TCSETPGRP:
	default:
		return -ENOSYS;
	}
}

/* The user first, as glibc. */
static int reset_ids(void)
{
	int err = (int)sys_call3(SYS_setresuid, -1, sys_call3(SYS_getuid, 0, 0, 0), -1);

	if (!err)
		err = (int)sys_call3(SYS_setresgid, -1, sys_call3(SYS_getgid, 0, 0, 0), -1);
	return err;
}

/* That the first path cannot be executed has nothing to do with the start: libc would not have
   tried. */
static int execute(struct child *c)
{
	const struct child_start *start = c->start;
	int err =
		(int)sys_call3(SYS_execve, (long)start->path, (long)start->argv, (long)start->envp);

	if (!start->fallback)
		return err;
	c->path_error = -err;
	return (int)sys_call3(SYS_execve, (long)start->fallback, (long)start->fallback_argv,
			      (long)start->envp);
}

static int do_all(struct child *c)
{
	const struct child_start *start = c->start;
	ssize_t count = file_actions_count(start->file_actions);
	short flags = start->attributes.flags;
	int err = 0;

	set_dispositions(c);
	if (flags & POSIX_SPAWN_SETSID)
		err = (int)sys_call3(SYS_setsid, 0, 0, 0);
	if (err >= 0 && flags & POSIX_SPAWN_SETPGROUP)
		err = (int)sys_call3(SYS_setpgid, 0, start->attributes.pgroup, 0);
	if (err >= 0 && flags & POSIX_SPAWN_RESETIDS)
		err = reset_ids();
	for (ssize_t i = 0; err >= 0 && i < count; i++)
		err = do_action(c, (size_t)i);
	if (err < 0)
		return err;
	sys_sigprocmask(SIG_SETMASK, &c->mask, NULL);
	return execute(c);
}

__attribute__((noreturn, used)) static void child_main(struct child *c)
{
	c->error = -noted(c, do_all(c));
	for (;;)
		sys_call3(SYS_exit_group, SPAWN_FAILED, 0, 0);
}

/* clone3(2), whose child calls child_main() on its new stack.  The process id, or an error. */
static long clone_child(const struct clone_args *args, struct child *c)
{
	register struct child *argument __asm__("r12") = c;
	register void (*function)(struct child *) __asm__("r13") = child_main;
	long ret;

	/* The child has all registers but rax and rsp from here.  Zero in rbp marks its outermost
	   frame. */
	__asm__ volatile("syscall\n"
			 "	test %%rax, %%rax\n"
			 "	jnz 1f\n"
			 "	xor %%ebp, %%ebp\n"
			 "	mov %%r12, %%rdi\n"
			 "	call *%%r13\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone3), "D"(args), "S"(CLONE_ARGS_SIZE_VER0), "r"(argument),
			   "r"(function)
			 : "rcx", "r11", "memory");
	return ret;
}

/* A pointer to nowhere among the arguments ends the caller here, as in libc. */
static size_t stack_size(char *const argv[])
{
	size_t count = 1;

	for (char *const volatile *arg = argv; *arg; arg++)
		count++;
	return (count * sizeof *argv + STACK_SLACK + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
}

/* The process id or an error number of the kernel; what became of the child is in *c. */
static long run_child(struct child *c, void *stack, size_t size)
{
	const struct clone_args args = {
		.flags = CLEAR_SIGHAND | CLONE_VM | CLONE_VFORK,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)stack,
		.stack_size = size,
	};
	const sys_sigset all = ~(sys_sigset)0;
	sys_sigset mask;
	long ret;

	sys_sigprocmask(SIG_BLOCK, &all, &mask);
	c->mask = mask;
	if (c->start->attributes.flags & POSIX_SPAWN_SETSIGMASK)
		c->mask = set_of(&c->start->attributes.sigmask);
	c->mask &= ~(bit_of(SIGNAL_CANCEL) | bit_of(SIGNAL_SETXID)); /* as sigprocmask(3) */
	ret = clone_child(&args, c);
	if (ret < 0)
		c->error = -noted(c, ret);
	else if (c->error)
		noted(c, sys_call4(SYS_wait4, ret, 0, 0, 0));
	sys_sigprocmask(SIG_SETMASK, &mask, NULL);
	return ret;
}

int child_start(const struct child_start *start, struct child_result *result)
{
	struct child c = {.start = start};
	size_t size;
	void *stack;
	long ret;

	if (!can_be_done(start))
		return -ENOTSUP;
	size = stack_size(start->argv);
	stack = sys_mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (sys_is_error(stack)) {
		*result = (struct child_result){.errno_is = -(int)(intptr_t)stack};
		return result->errno_is;
	}
	ret = run_child(&c, stack, size);
	sys_munmap(stack, size);
	/* Not known to the kernel, or to a filter that does not tell the flags apart. */
	if (ret == -ENOSYS || ret == -EINVAL || ret == -EPERM)
		return -ENOTSUP;
	*result = (struct child_result){
		.pid = (pid_t)ret, .errno_is = c.last_error, .path_error = c.path_error};
	return c.error;
}
