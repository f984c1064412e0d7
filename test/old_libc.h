/*
 * What tests use and older headers lack: those of glibc before 2.34, of Linux before 5.11.
 */
#ifndef ST_TEST_OLD_LIBC_H
#define ST_TEST_OLD_LIBC_H

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#if !__GLIBC_PREREQ(2, 32)
/* The names of those that tests look for. */
static inline const char *strerrorname_np(int error)
{
	static const struct {
		int number;
		const char *name;
	} errors[] = {
		{EPERM, "EPERM"},   {ENOENT, "ENOENT"}, {EINTR, "EINTR"},   {EIO, "EIO"},
		{EBADF, "EBADF"},   {EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"}, {EACCES, "EACCES"},
		{EXDEV, "EXDEV"},   {ENFILE, "ENFILE"}, {EMFILE, "EMFILE"}, {ENOSPC, "ENOSPC"},
		{ENOSYS, "ENOSYS"},
	};

	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (errors[i].number == error)
			return errors[i].name;
	return strerror(error);
}
#endif

#if !__GLIBC_PREREQ(2, 33)
#define mallinfo2 mallinfo
#endif

#if !__GLIBC_PREREQ(2, 36)
#define P_PIDFD ((idtype_t)3)
#endif

#if !__GLIBC_PREREQ(2, 34)
static inline int close_range(unsigned first, unsigned last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline void closefrom(int first)
{
	close_range((unsigned)first, ~0U, 0);
}

static inline int execveat(int dirfd, const char *path, char *const argv[], char *const envp[],
			   int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
}
#endif

#endif
