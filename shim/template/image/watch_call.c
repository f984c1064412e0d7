#include "watch_part.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARCH_SET_FS_CODE 0x1002
/* Queries for control-flow enforcement; EINVAL on kernels without, and no state either way. */
#define ARCH_CET_STATUS   0x3001
#define ARCH_SHSTK_STATUS 0x5005

/* Others are what whoever starts the program makes of them. */
int watch_own_descriptor(struct watch *w, uint64_t arg)
{
	const uint32_t fd = (uint32_t)arg;

	return fd < WATCH_DESCRIPTORS && w->opened >> fd & 1
		       ? 0
		       : watch_refuse(w, "its start-up uses descriptor %d", (int)fd);
}

/*
 * A standard stream: libLLVM 19 asks for standard error's position, and whether it is a file.
 * Here it is what cannot be sought, another such thing in each run (bake.c), which must not matter;
 * what it is to a program that it can be sought is seen by more runs (streams.h).  It is open, and
 * stays so: to close it is refused.
 */
static bool is_stream(uint64_t arg)
{
	return (uint32_t)arg <= STDERR_FILENO;
}

static int answer(const struct tracee *t, struct user_regs_struct *regs, long result)
{
	regs->rax = (unsigned long long)result;
	return tracee_set_regs(t, regs);
}

/*
 * After fstat(2) of one, to the address `at`.  What depends on the stream, and not on its kind
 * alone, is one thing in the first run and another in the second.
 */
static int stream_seen(struct watch *w, const struct place *p, const struct tracee *t, uint64_t fd,
		       uint64_t at, struct user_regs_struct *regs)
{
	const uint64_t r = p->spot->random;
	const int64_t size = p->spot->stream.size;
	const struct stat st = {
		.st_dev = r & 0xff,
		.st_ino = r >> 8 & 0xffffff,
		.st_nlink = 1 + (r >> 32 & 1),
		.st_mode = p->spot->stream.mode,
		.st_uid = r >> 33 & 1 ? geteuid() : r >> 34 & 0x3ff,
		.st_gid = r >> 43 & 1 ? getegid() : r >> 44 & 0x3ff,
		.st_rdev = S_ISCHR(p->spot->stream.mode) ? r >> 53 & 0xff : 0,
		.st_size = size,
		.st_blksize = r >> 61 & 1 ? 1024 : 4096,
		.st_blocks = size / 512 + (size % 512 != 0),
		.st_atim = {(time_t)(r >> 20 & 0x7fffffff), (long)(r >> 3 & 0xfffffff)},
		.st_mtim = {(time_t)(r >> 21 & 0x7fffffff), (long)(r >> 4 & 0xfffffff)},
		.st_ctim = {(time_t)(r >> 22 & 0x7fffffff), (long)(r >> 5 & 0xfffffff)},
	};
	int err = tracee_write(t, at, &st, sizeof st);

	w->streams |= UINT32_C(1) << (uint32_t)fd;
	return err ? err : answer(t, regs, 0);
}

/* Before fstat(2). */
static int may_look_at(struct watch *w, uint64_t fd)
{
	return is_stream(fd) ? 0 : watch_own_descriptor(w, fd);
}

/* Before lseek(2): where it is, and no further. */
static int may_seek(struct watch *w, const struct call *c)
{
	return is_stream(c->arg[0]) && c->arg[1] == 0 && c->arg[2] == SEEK_CUR
		       ? 0
		       : watch_own_descriptor(w, c->arg[0]);
}

/* After lseek(2). */
static int sought(struct watch *w, const struct place *p, const struct tracee *t, uint64_t fd,
		  struct user_regs_struct *regs)
{
	if (!is_stream(fd))
		return 0;
	w->streams |= UINT32_C(1) << (uint32_t)fd;
	return answer(t, regs, p->spot->stream.position);
}

/* After newfstatat(2): by descriptor, of a file that was named when it was opened, or by name. */
static int looked_at(struct watch *w, const struct place *p, const struct tracee *t,
		     const struct call *c, struct user_regs_struct *regs)
{
	char first;
	int err = tracee_read(t, c->arg[1], &first, 1);

	if (err)
		return err;
	if (first || !(c->arg[3] & AT_EMPTY_PATH))
		return watch_named_file(w, t, c->arg[1], 0, (long)regs->rax);
	return is_stream(c->arg[0]) ? stream_seen(w, p, t, c->arg[0], c->arg[2], regs)
				    : watch_own_descriptor(w, c->arg[0]);
}

/* Of an open file it is known when it is closed. */
static int note_opened(struct watch *w, const struct call *c, long result)
{
	if ((c->nr == SYS_openat || c->nr == SYS_open) && result >= WATCH_DESCRIPTORS)
		return watch_refuse(w, "its start-up opens too many files");
	if ((c->nr == SYS_openat || c->nr == SYS_open) && result >= 0)
		w->opened |= UINT64_C(1) << result;
	if (c->nr == SYS_close && result == 0)
		w->opened &= ~(UINT64_C(1) << (uint32_t)c->arg[0]);
	return 0;
}

/* ld.so asks for the program's directory, for $ORIGIN (since glibc 2.41 by readlinkat(2)): the same
   whenever this target starts. */
static int link_read(struct watch *w, const struct tracee *t, uint64_t name, long result)
{
	char path[PATH_MAX];
	int err = tracee_read_string(t, name, path, sizeof path);

	if (err || strcmp(path, "/proc/self/exe") == 0)
		return err;
	return result < 0 ? watch_named_file(w, t, name, 0, result)
			  : watch_refuse(w, "its start-up reads the symbolic link %.80s", path);
}

static int note_bound(struct watch *w, uint64_t capability, long answer)
{
	if (w->bound_count == WATCH_BOUNDS)
		return watch_refuse(w, "its start-up looks at too many capabilities");
	w->bounds[w->bound_count++] = (struct image_bound){(uint32_t)capability, (int32_t)answer};
	return 0;
}

/* Resume does the same.  What was set before is another thing in each process. */
static int note_action(struct watch *w, const struct tracee *t, const struct call *c)
{
	struct image_action *a = &w->actions[w->action_count];

	if (!c->arg[1] || c->arg[2])
		return watch_refuse(w, "its start-up asks what a signal does");
	if (w->action_count == WATCH_ACTIONS)
		return watch_refuse(w, "its start-up sets what too many signals do");
	a->signal = c->arg[0];
	w->action_count++;
	return tracee_read(t, c->arg[1], &a->action, sizeof a->action);
}

/* What has come of it is seen at the end, from two masks that it began with; but not of signals
   that a tracee gets even if they are blocked, which unblocks them. */
static int see_mask(struct watch *w, const struct tracee *t, const struct call *c)
{
	uint64_t set = 0;
	int err = c->arg[1] ? tracee_read(t, c->arg[1], &set, sizeof set) : 0;

	if (!err && c->arg[0] == SIG_UNBLOCK && (set & WATCH_UNBLOCKABLE))
		err = watch_refuse(w, "its start-up changes the signal mask");
	return err;
}

/*
 * It runs on one processor, for our sake.  Where it will be started it may run on those that we
 * may, or is started natively.
 */
static int note_affinity(struct watch *w, const struct tracee *t, const struct call *c,
			 struct user_regs_struct *regs)
{
	struct image_affinity *a = &w->affinities[w->affinity_count];
	int err = 0;

	if (c->arg[0] != 0 && (pid_t)c->arg[0] != t->pid)
		return watch_refuse(w, "its start-up asks for the processors of another process");
	if (c->arg[1] > sizeof a->set || w->affinity_count == WATCH_AFFINITIES)
		return watch_refuse(w, "its start-up asks for too many processors");
	*a = (struct image_affinity){.size = (uint32_t)c->arg[1]};
	a->result = tracee_affinity(a->size, a->set);
	w->affinity_count++;
	if (a->result > 0)
		err = tracee_write(t, c->arg[2], a->set, (size_t)a->result);
	regs->rax = (unsigned long long)(long long)a->result;
	return err ? err : tracee_set_regs(t, regs);
}

static bool is_loader(const struct place *p, const struct user_regs_struct *regs)
{
	return regs->rip >= p->loader && regs->rip < p->loader_end;
}

int watch_before_call(struct watch *w, struct place *p, struct tracee *t, struct call *c,
		      struct user_regs_struct *regs)
{
	int err;

	*c = (struct call){.nr = (long)regs->orig_rax,
			   .arg = {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9}};
	switch (c->nr) {
	case SYS_brk:
		watch_brk(p, c, regs);
		return tracee_set_regs(t, regs);
	case SYS_mmap:
		err = watch_mmap(w, p, t, c, regs);
		return err ? err : tracee_set_regs(t, regs);
	case SYS_arch_prctl:
		if (c->arg[0] != ARCH_SET_FS_CODE && c->arg[0] != ARCH_CET_STATUS &&
		    c->arg[0] != ARCH_SHSTK_STATUS)
			return watch_refuse(w, "its start-up calls arch_prctl(%#lx)", c->arg[0]);
		return 0;
	case SYS_rseq:
		if (c->arg[2])
			return watch_refuse(w, "its start-up calls rseq(2) with flags %#lx",
					    c->arg[2]);
		return 0;
	case SYS_openat:
		if ((c->arg[2] & O_ACCMODE) != O_RDONLY || (c->arg[2] & (O_CREAT | O_TRUNC)))
			return watch_refuse(w, "its start-up opens a file for writing");
		return watch_may_open(w, t, c->arg[1]);
	case SYS_open:
		if ((c->arg[1] & O_ACCMODE) != O_RDONLY || (c->arg[1] & (O_CREAT | O_TRUNC)))
			return watch_refuse(w, "its start-up opens a file for writing");
		return watch_may_open(w, t, c->arg[0]);
	case SYS_getrandom:
		return watch_random_size(w, p, c->arg[1]);
	case SYS_fstat:
		w->uses_fstat |= is_loader(p, regs);
		return may_look_at(w, c->arg[0]);
	case SYS_lseek:
		return may_seek(w, c);
	case SYS_uname:
		/* ld.so looks at the kernel's version (glibc before 2.37); who else asks may be in
		   another UTS namespace next time, or the host have another name. */
		if (!is_loader(p, regs))
			return watch_refuse(w, "its start-up asks for the host's name");
		return 0;
	case SYS_futex:
		/* pthread_once() and C++ statics wake whoever might wait, which is nobody. */
		if ((c->arg[1] & FUTEX_CMD_MASK) != FUTEX_WAKE)
			return watch_refuse(w, "its start-up waits for a futex");
		return 0;
	case SYS_rt_sigaction:
		return note_action(w, t, c);
	case SYS_rt_sigprocmask:
		return see_mask(w, t, c);
	case SYS_prctl:
		if (c->arg[0] != PR_CAPBSET_READ)
			return watch_refuse(w, "its start-up calls prctl(%lu)", c->arg[0]);
		return 0;
	case SYS_read:
	case SYS_pread64:
	case SYS_close:
		return watch_own_descriptor(w, c->arg[0]);
	case SYS_munmap:
	case SYS_mprotect:
		return watch_change(w, p, t, c);
	/* Of the thread, noted at the exit. */
	case SYS_set_tid_address:
	case SYS_set_robust_list:
	/* Conditions, likewise. */
	case SYS_access:
	case SYS_faccessat:
	case SYS_stat:
	case SYS_lstat:
	case SYS_newfstatat:
	case SYS_readlink:
	case SYS_readlinkat:
	case SYS_statfs:
	case SYS_prlimit64:
	case SYS_getrlimit:
	case SYS_sched_getaffinity:
		return 0;
	default:
		return watch_refuse(w, "its start-up makes system call %ld", c->nr);
	}
}

/* What the kernel knows of the thread from now on; who asks in vain changes nothing. */
static void note_thread(struct watch *w, const struct call *c)
{
	if (c->nr == SYS_arch_prctl && c->arg[0] == ARCH_SET_FS_CODE) {
		w->fs_base = c->arg[1];
	} else if (c->nr == SYS_set_tid_address) {
		w->tid_address = c->arg[0];
	} else if (c->nr == SYS_set_robust_list) {
		w->robust_list = c->arg[0];
		w->robust_list_size = c->arg[1];
	} else if (c->nr == SYS_rseq) {
		/* Nobody has taken back an earlier one: before_call() saw to it. */
		w->rseq = c->arg[0];
		w->rseq_size = (uint32_t)c->arg[1];
		w->rseq_signature = (uint32_t)c->arg[3];
	}
}

int watch_after_call(struct watch *w, const struct place *p, const struct tracee *t,
		     const struct call *c, struct user_regs_struct *regs)
{
	long result = (long)regs->rax;
	int err;

	if (c->emulated) {
		if (result < 0)
			return (int)result;
		regs->rax = c->result;
		return tracee_set_regs(t, regs);
	}
	err = note_opened(w, c, result);
	if (err)
		return err;
	if (result >= 0)
		note_thread(w, c);
	switch (c->nr) {
	case SYS_newfstatat:
		return looked_at(w, p, t, c, regs);
	case SYS_fstat:
		return is_stream(c->arg[0]) ? stream_seen(w, p, t, c->arg[0], c->arg[1], regs) : 0;
	case SYS_lseek:
		return sought(w, p, t, c->arg[0], regs);
	case SYS_openat:
		return watch_named_file(w, t, c->arg[1], R_OK, result);
	case SYS_faccessat:
		return watch_named_file(w, t, c->arg[1], (int)c->arg[2], result);
	case SYS_open:
		return watch_named_file(w, t, c->arg[0], R_OK, result);
	case SYS_access:
		return watch_named_file(w, t, c->arg[0], (int)c->arg[1], result);
	case SYS_stat:
	case SYS_lstat:
		return watch_named_file(w, t, c->arg[0], 0, result);
	case SYS_statfs:
		return result < 0 ? watch_named_file(w, t, c->arg[0], 0, result)
				  : watch_refuse(w, "its start-up asks about a file system");
	case SYS_readlink:
		return link_read(w, t, c->arg[0], result);
	case SYS_readlinkat:
		return link_read(w, t, c->arg[1], result);
	case SYS_getrandom:
		return watch_random_call(p, t, c, result);
	case SYS_prlimit64:
		return watch_limit(w, p, t, c, regs);
	case SYS_sched_getaffinity:
		return note_affinity(w, t, c, regs);
	case SYS_prctl:
		return note_bound(w, c->arg[1], result);
	case SYS_getrlimit:
		return watch_refuse(w, "its start-up calls getrlimit");
	case SYS_rt_sigaction:
		return result ? watch_refuse(w, "its start-up cannot set what a signal does") : 0;
	default:
		return 0;
	}
}
