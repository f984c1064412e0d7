#include "kernel_stub.h"
#include "../old_libc.h"

#include <elf.h>
#include <errno.h>
#include <linux/close_range.h>
#include <linux/sched.h>

#include "elfcache/identity.h"
#include "elfcache/mem.h"
#include "elfcache/sys.h"
#include "shim/template/kernel_calls.h"
#include "shim/template/procfs.h"

/* Newer than the oldest libc that this is built with. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

enum {
	PAGE = 4096,
	CHILD_STACK = 64 * 1024,
	STUB_PATH_MAX = 1024,
	STATUS_NOT_FOUND = 127,
	STATUS_NOT_EXECUTABLE = 126,
	STATUS_OTHER = 1,
};

struct kernel_stub kernel_stub;

/* The content of a template's memfd. */
struct stub_template {
	struct identity id;
	pid_t pid;
	uid_t euid;
	bool by_path; /* or by descriptor: path is then where that was found */
	char path[STUB_PATH_MAX];
};

/*
 * What is common to both calls.
 */

static long injected(int *error, unsigned *left)
{
	long result = -*error;

	if (*left > 1)
		--*left;
	else
		*error = 0, *left = 0;
	return result;
}

static bool all_zero(const void *at, size_t n)
{
	const char *p = at;

	while (n && *p == 0)
		n--, p++;
	return n == 0;
}

/* The rule for extensible structs, as in copy_struct_from_user(). */
static long check_size(const void *args, size_t size, size_t known)
{
	if (size < known)
		return -EINVAL;
	if (size > PAGE)
		return -E2BIG;
	if (!args)
		return -EFAULT;
	return all_zero((const char *)args + known, size - known) ? 0 : -E2BIG;
}

/* What another system call behind the number would say; 0 if it is the right one. */
static bool other_call(const struct spawn_template_create_args *args, long *result)
{
	switch (kernel_stub.mode) {
	case STUB_ABSENT:
		*result = -ENOSYS;
		return true;
	case STUB_FORBIDDEN:
		*result = -EPERM;
		return true;
	case STUB_SUCCEEDS:
		*result = 0;
		return true;
	case STUB_LAX:
		*result = args ? 0 : -EINVAL;
		return true;
	case STUB_TEMPLATES:
	case STUB_NO_TEMPLATES:
	default:
		return false;
	}
}

bool kernel_is_template(int fd)
{
	char link[64];

	return procfs_fd_link(fd, link, sizeof link) > 0 &&
	       mem_same_string(link, "/memfd:spawn_template (deleted)");
}

/*
 * create
 */

static int set_path(struct stub_template *t, const char *path)
{
	size_t n = mem_length(path);

	if (n >= sizeof t->path)
		return -ENAMETOOLONG;
	mem_copy(t->path, path, n + 1);
	return 0;
}

static int check_magic(const char *path)
{
	char magic[SELFMAG];
	int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t n;

	if (fd < 0)
		return fd == -EACCES ? 0 : fd;
	n = sys_pread(fd, magic, sizeof magic, 0);
	sys_close(fd);
	return n == SELFMAG && mem_equal(magic, ELFMAG, SELFMAG) ? 0 : -ENOEXEC;
}

static long describe(struct stub_template *t, const struct spawn_template_create_args *args)
{
	long err;

	t->by_path = args->execfd < 0;
	if (t->by_path) {
		err = set_path(t, (const char *)(uintptr_t)args->filename);
	} else {
		err = procfs_fd_link(args->execfd, t->path, sizeof t->path);
		err = err == -ENOENT ? -EBADF : err < 0 ? err : 0;
	}
	if (err)
		return err;
	err = identity_of(AT_FDCWD, t->path, 0, &t->id);
	if (err)
		return err;
	if (!S_ISREG(t->id.mode) || sys_faccessat2(AT_FDCWD, t->path, 1 /* X_OK */, AT_EACCESS))
		return -EACCES;
	t->pid = sys_getpid();
	t->euid = sys_geteuid();
	return check_magic(t->path);
}

static long make_memfd(const struct stub_template *t, const char *name, unsigned flags)
{
	long fd = sys_call3(SYS_memfd_create, (long)name, flags, 0);

	if (fd >= 0 && sys_write((int)fd, t, sizeof *t) != sizeof *t) {
		sys_close((int)fd);
		return -ENOMEM;
	}
	return fd;
}

static bool is_malformed(const struct spawn_template_create_args *args)
{
	const char *filename = (const char *)(uintptr_t)args->filename;

	return (args->flags & ~SPAWN_TEMPLATE_CREATE_CLOEXEC) || args->exec_flags ||
	       args->actions || args->actions_len ||
	       !all_zero(args->reserved, sizeof args->reserved) ||
	       (args->execfd >= 0) == (filename != NULL) || (filename && filename[0] != '/');
}

long kernel_create(const struct kernel_numbers *nr, const struct spawn_template_create_args *args,
		   size_t size)
{
	struct stub_template t;
	unsigned flags;
	long result;

	(void)nr;
	kernel_stub.create_calls++;
	if (other_call(args, &result))
		return result;
	result = check_size(args, size, sizeof *args);
	if (result)
		return result;
	if (is_malformed(args))
		return -EINVAL;
	if (kernel_stub.before_create)
		kernel_stub.before_create();
	if (kernel_stub.create_error)
		return injected(&kernel_stub.create_error, &kernel_stub.create_errors);
	mem_zero(&t, sizeof t);
	result = describe(&t, args);
	if (result)
		return result;
	flags = args->flags & SPAWN_TEMPLATE_CREATE_CLOEXEC ? 1 /* MFD_CLOEXEC */ : 0;
	return make_memfd(&t, kernel_stub.mode == STUB_NO_TEMPLATES ? "other" : "spawn_template",
			  flags);
}

/*
 * spawn: the rules for actions
 */

static bool open_is_malformed(const struct spawn_template_action *a)
{
	return a->fd < AT_FDCWD || a->newfd < 0 || a->flags || !a->arg;
}

static bool set_is_malformed(const struct spawn_template_action *a)
{
	const struct spawn_template_sigset *set = (const void *)(uintptr_t)a->arg;

	return a->fd || a->newfd || a->flags || !set || set->sigsetsize != sizeof(sys_sigset) ||
	       !set->sigset;
}

static bool action_is_malformed(const struct spawn_template_action *a)
{
	switch (a->type) {
	case SPAWN_TEMPLATE_ACTION_CLOSE:
	case SPAWN_TEMPLATE_ACTION_FCHDIR:
		return a->fd < 0 || a->newfd || a->flags || a->arg;
	case SPAWN_TEMPLATE_ACTION_DUP2:
		return a->fd < 0 || a->newfd < 0 || (a->flags & ~(unsigned)O_CLOEXEC) || a->arg;
	case SPAWN_TEMPLATE_ACTION_OPEN:
		return open_is_malformed(a);
	case SPAWN_TEMPLATE_ACTION_CLOSE_RANGE:
		return a->fd < 0 || (a->newfd < a->fd && a->newfd != -1) || a->arg ||
		       (a->flags & ~(unsigned)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC));
	case SPAWN_TEMPLATE_ACTION_SIGMASK:
	case SPAWN_TEMPLATE_ACTION_SIGDEFAULT:
		return set_is_malformed(a);
	default:
		return true;
	}
}

/*
 * spawn: in the child, which shares the caller's memory and has a stack of its own
 */

struct child {
	const struct spawn_template_spawn_args *args;
	const struct stub_template *t;
};

static int do_dup2(int fd, int newfd, unsigned flags)
{
	if (fd == newfd)
		return sys_fcntl(fd, F_GETFD, 0) < 0 ? -EBADF : 0;
	return (int)sys_call3(SYS_dup3, fd, newfd, flags);
}

static int do_open(const struct spawn_template_action *a)
{
	const struct spawn_template_open *open = (const void *)(uintptr_t)a->arg;
	int fd = (int)sys_call4(SYS_openat2, a->fd, (long)open->path, (long)&open->how,
				sizeof open->how);
	int err;

	if (fd < 0 || fd == a->newfd)
		return fd;
	err = do_dup2(fd, a->newfd, (unsigned)open->how.flags & O_CLOEXEC);
	sys_close(fd);
	return err;
}

static sys_sigset set_of(const struct spawn_template_action *a)
{
	const struct spawn_template_sigset *set = (const void *)(uintptr_t)a->arg;
	const sys_sigset unblockable = (sys_sigset)1 << (SIGKILL - 1) | (sys_sigset)1
										<< (SIGSTOP - 1);

	return *(const sys_sigset *)(uintptr_t)set->sigset & ~unblockable;
}

/* The kernel's struct sigaction. */
struct stub_sigaction {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	sys_sigset mask;
};

static int set_default(int sig)
{
	const struct stub_sigaction action = {.handler = (uintptr_t)SIG_DFL};

	return (int)sys_call4(SYS_rt_sigaction, sig, (long)&action, 0, sizeof action.mask);
}

static int do_defaults(sys_sigset set)
{
	for (int sig = 1; sig <= 64; sig++)
		if (set >> (sig - 1) & 1) {
			int err = set_default(sig);

			if (err)
				return err;
		}
	return 0;
}

static int do_action(const struct spawn_template_action *a)
{
	sys_sigset set;

	switch (a->type) {
	case SPAWN_TEMPLATE_ACTION_CLOSE:
		return sys_close(a->fd);
	case SPAWN_TEMPLATE_ACTION_DUP2:
		return do_dup2(a->fd, a->newfd, a->flags);
	case SPAWN_TEMPLATE_ACTION_FCHDIR:
		return (int)sys_call3(SYS_fchdir, a->fd, 0, 0);
	case SPAWN_TEMPLATE_ACTION_OPEN:
		return do_open(a);
	case SPAWN_TEMPLATE_ACTION_CLOSE_RANGE:
		return (int)sys_call3(SYS_close_range, a->fd, (unsigned)a->newfd, a->flags);
	case SPAWN_TEMPLATE_ACTION_SIGMASK:
		set = set_of(a);
		return sys_sigprocmask(SIG_SETMASK, &set, NULL);
	case SPAWN_TEMPLATE_ACTION_SIGDEFAULT:
		return do_defaults(set_of(a));
	default:
		return -EINVAL;
	}
}

/*
 * In the kernel no handler can run before the exec.  Here the mask is set in user mode, so handlers
 * go first, as exec would have it.
 */
static void drop_handlers(void)
{
	for (int sig = 1; sig <= 64; sig++) {
		struct stub_sigaction old;

		if (!sys_call4(SYS_rt_sigaction, sig, 0, (long)&old, sizeof old.mask) &&
		    old.handler != (uintptr_t)SIG_DFL && old.handler != (uintptr_t)SIG_IGN)
			set_default(sig);
	}
}

static int execute(const struct child *child)
{
	const struct spawn_template_spawn_args *args = child->args;
	int fd;

	if (child->t->by_path)
		return (int)sys_call3(SYS_execve, (long)child->t->path, (long)args->argv,
				      (long)args->envp);
	fd = sys_openat(AT_FDCWD, child->t->path, O_PATH | O_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	return (int)sys_call6(SYS_execveat, fd, (long)"", (long)args->argv, (long)args->envp,
			      AT_EMPTY_PATH, 0);
}

static int prepare_and_execute(const struct child *child)
{
	const struct spawn_template_spawn_args *args = child->args;
	const struct spawn_template_action *actions = (const void *)(uintptr_t)args->actions;

	drop_handlers();
	for (uint64_t i = 0; i < args->actions_len; i++) {
		int err = do_action(&actions[i]);

		if (err < 0)
			return err;
	}
	if (!(args->flags & SPAWN_TEMPLATE_SPAWN_INHERIT_FDS))
		sys_call3(SYS_close_range, 3, ~0U, 0);
	return execute(child);
}

__attribute__((noreturn)) static void child_main(const struct child *child)
{
	int err = prepare_and_execute(child);
	int status = STATUS_OTHER;

	if (err == -ENOENT)
		status = STATUS_NOT_FOUND;
	else if (err == -EACCES || err == -ENOEXEC)
		status = STATUS_NOT_EXECUTABLE;
	for (;;)
		sys_call3(SYS_exit_group, status, 0, 0);
}

/* clone(2) with the flags of vfork(); the child calls child_main(child) on the new stack. */
static long clone_child(const struct child *child, long stack_end, long pidfd)
{
	register int *r10 __asm__("r10") = NULL;
	register long r8 __asm__("r8") = 0;
	register const struct child *r12 __asm__("r12") = child;
	register void (*r13)(const struct child *) __asm__("r13") = child_main;
	long flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r12, %%rdi\n\t"
			 "call *%%r13\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone), "D"(flags), "S"(stack_end), "d"(pidfd), "r"(r10),
			   "r"(r8), "r"(r12), "r"(r13)
			 : "rcx", "r11", "memory");
	return ret;
}

/*
 * spawn: the call
 */

static long check_spawn(const struct spawn_template_spawn_args *args)
{
	const struct spawn_template_action *actions = (const void *)(uintptr_t)args->actions;

	if ((args->flags & ~SPAWN_TEMPLATE_SPAWN_INHERIT_FDS) || !args->pidfd ||
	    !all_zero(args->reserved, sizeof args->reserved))
		return -EINVAL;
	if (args->actions_len > SPAWN_TEMPLATE_MAX_ACTIONS)
		return -E2BIG;
	for (uint64_t i = 0; i < args->actions_len; i++)
		if (action_is_malformed(&actions[i]))
			return -EINVAL;
	return 0;
}

static long read_template(int fd, struct stub_template *t)
{
	struct identity now;
	int err;

	if (sys_fcntl(fd, F_GETFD, 0) < 0)
		return -EBADF;
	if (!kernel_is_template(fd) || sys_pread(fd, t, sizeof *t, 0) != sizeof *t)
		return -EINVAL;
	if (t->pid != sys_getpid() || t->euid != sys_geteuid())
		return -EACCES;
	err = identity_of(AT_FDCWD, t->path, 0, &now);
	if (err)
		return t->by_path ? err : -ESTALE;
	return identity_equal(&now, &t->id) ? 0 : -ESTALE;
}

static long start_child(struct child *child, int *pidfd)
{
	char *stack = sys_mmap(NULL, CHILD_STACK, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = -1;
	long pid;

	if (sys_is_error(stack))
		return -ENOMEM;
	pid = clone_child(child, (long)stack + CHILD_STACK, (long)&fd);
	sys_munmap(stack, CHILD_STACK);
	if (pid > 0) {
		kernel_stub.children++;
		*pidfd = fd;
	}
	return pid;
}

long kernel_spawn(const struct kernel_numbers *nr, int template_fd,
		  const struct spawn_template_spawn_args *args, size_t size)
{
	struct stub_template t;
	struct child child = {.args = args, .t = &t};
	long err;

	(void)nr;
	kernel_stub.spawn_calls++;
	if (kernel_stub.before_spawn)
		kernel_stub.before_spawn();
	if (other_call(NULL, &err))
		return err;
	if (kernel_stub.spawn_error)
		return injected(&kernel_stub.spawn_error, &kernel_stub.spawn_errors);
	err = check_size(args, size, sizeof *args);
	if (!err)
		err = check_spawn(args);
	if (!err)
		err = read_template(template_fd, &t);
	return err ? err : start_child(&child, (int *)(uintptr_t)args->pidfd);
}
