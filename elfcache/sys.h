/*
 * Raw system calls.
 *
 * The code of elfcache and of the engines runs inside other people's processes: in a vfork()
 * child, in a signal handler, before libc is initialised, and beside other preloaded libraries
 * that hook libc's own wrappers.  So it enters the kernel directly.  Every function returns the
 * kernel's value, which is a negative error number on failure; errno is never touched.
 */
#ifndef ST_ELFCACHE_SYS_H
#define ST_ELFCACHE_SYS_H

#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>

#if !defined(__x86_64__) || defined(__ILP32__)
#error "spawn-template supports x86-64 only"
#endif

#ifdef __clang_analyzer__
/* The analyser does not know that a system call writes to memory, but that a function may. */
long sys_call6(long nr, long a, long b, long c, long d, long e, long f);
long sys_call4(long nr, long a, long b, long c, long d);
long sys_call3(long nr, long a, long b, long c);
#else
static inline long sys_call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long sys_call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long sys_call4(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}
#endif

static inline int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return (int)sys_call4(SYS_openat, dirfd, (long)path, flags, mode);
}

static inline int sys_close(int fd)
{
	return (int)sys_call3(SYS_close, fd, 0, 0);
}

static inline ssize_t sys_read(int fd, void *buf, size_t len)
{
	return sys_call3(SYS_read, fd, (long)buf, (long)len);
}

static inline ssize_t sys_pread(int fd, void *buf, size_t len, off_t at)
{
	return sys_call4(SYS_pread64, fd, (long)buf, (long)len, at);
}

static inline ssize_t sys_write(int fd, const void *buf, size_t len)
{
	return sys_call3(SYS_write, fd, (long)buf, (long)len);
}

static inline int sys_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
	return (int)sys_call4(SYS_newfstatat, dirfd, (long)path, (long)st, flags);
}

static inline int sys_fstat(int fd, struct stat *st)
{
	return (int)sys_call3(SYS_fstat, fd, (long)st, 0);
}

#ifndef SYS_faccessat2 /* headers of Debian 11 */
#define SYS_faccessat2 439
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* access(2) with the effective ids and without the race of a separate geteuid(); Linux 5.8. */
static inline int sys_faccessat2(int dirfd, const char *path, int mode, int flags)
{
	return (int)sys_call4(SYS_faccessat2, dirfd, (long)path, mode, flags);
}

static inline ssize_t sys_readlinkat(int dirfd, const char *path, char *buf, size_t len)
{
	return sys_call4(SYS_readlinkat, dirfd, (long)path, (long)buf, (long)len);
}

/* mmap(2); test the result with sys_is_error(). */
static inline void *sys_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return (void *)sys_call6(SYS_mmap, (long)at, (long)len, prot, flags, fd, offset);
}

static inline int sys_munmap(void *at, size_t len)
{
	return (int)sys_call3(SYS_munmap, (long)at, (long)len, 0);
}

static inline int sys_is_error(const void *ptr)
{
	return (uintptr_t)ptr >= (uintptr_t)-4095;
}

static inline pid_t sys_getpid(void)
{
	return (pid_t)sys_call3(SYS_getpid, 0, 0, 0);
}

static inline uid_t sys_geteuid(void)
{
	return (uid_t)sys_call3(SYS_geteuid, 0, 0, 0);
}

static inline int sys_fcntl(int fd, int cmd, long arg)
{
	return (int)sys_call3(SYS_fcntl, fd, cmd, arg);
}

static inline int sys_getrlimit(int resource, struct rlimit *limit)
{
	return (int)sys_call4(SYS_prlimit64, 0, resource, 0, (long)limit);
}

/* The kernel's signal set: 64 bits, bit N-1 for signal N.  libc's sigset_t begins with it. */
typedef uint64_t sys_sigset;

static inline int sys_sigprocmask(int how, const sys_sigset *set, sys_sigset *old)
{
	return (int)sys_call4(SYS_rt_sigprocmask, how, (long)set, (long)old, sizeof *set);
}

#endif
