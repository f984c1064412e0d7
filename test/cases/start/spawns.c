/* posix_spawn() and its relatives, with file actions and attributes of every kind. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../old_libc.h"
#include "../lib/case.h"
#include "start.h"

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *,
			   const posix_spawnattr_t *, char *const[], char *const[]);

/* What executables are bound to that were linked before glibc 2.15. */
extern spawn_function old_posix_spawn;
extern spawn_function old_posix_spawnp;
__asm__(".symver old_posix_spawn, posix_spawn@GLIBC_2.2.5");
__asm__(".symver old_posix_spawnp, posix_spawnp@GLIBC_2.2.5");

static int finish(int ret, pid_t pid, int *error)
{
	int saved = errno;
	int status;

	*error = ret;
	if (ret != 0)
		return -1;
	status = wait_for(pid);
	errno = saved;
	return status;
}

static int spawn(spawn_function *function, const struct job *job, const char *path, int *error)
{
	pid_t pid = -1;
	int ret = function(&pid, path, NULL, NULL, job->argv, job->envp);

	return finish(ret, pid, error);
}

static int search(spawn_function *function, const struct job *job, int *error)
{
	char *path = strdup(getenv("PATH"));
	int status;
	int saved = errno;

	setenv("PATH", job->directory, 1);
	errno = saved;
	status = spawn(function, job, job->name, error);
	saved = errno;
	setenv("PATH", path, 1);
	free(path);
	errno = saved;
	return status;
}

static int run_spawn(const struct job *job, int *error)
{
	return spawn(posix_spawn, job, job->path, error);
}

static int run_spawnp(const struct job *job, int *error)
{
	return search(posix_spawnp, job, error);
}

static int run_old_spawn(const struct job *job, int *error)
{
	return spawn(old_posix_spawn, job, job->path, error);
}

static int run_old_spawnp(const struct job *job, int *error)
{
	return search(old_posix_spawnp, job, error);
}

/* Only glibc 2.39 and later have it; through dlsym(), as portable callers do. */
static int run_pidfd_spawn(const struct job *job, int *error)
{
	spawn_function *function = (spawn_function *)(uintptr_t)dlsym(RTLD_DEFAULT, "pidfd_spawn");
	siginfo_t info = {0};
	int saved;
	int flags;
	int fd = -1;

	if (!function) {
		*error = ENOSYS;
		return -1;
	}
	errno = EXDEV;
	*error = function(&fd, job->path, NULL, NULL, job->argv, job->envp);
	saved = errno;
	if (*error)
		return -1;
	flags = fcntl(fd, F_GETFD);
	REQUIRE(waitid(P_PIDFD, (id_t)fd, &info, WEXITED) == 0);
	/* Not before: the child says how much was written. */
	fact("pidfd flags: %#x", (unsigned)flags);
	close(fd);
	errno = saved;
	return info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
}

static int with_actions(const struct job *job, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attr, int *error)
{
	pid_t pid = -1;
	int ret;

	errno = EXDEV;
	ret = posix_spawn(&pid, job->path, actions, attr, job->argv, job->envp);
	return finish(ret, pid, error);
}

/* Every action but tcsetpgrp, which needs a terminal. */
static int run_actions(const struct job *job, int *error)
{
	posix_spawn_file_actions_t actions;
	int status;

	REQUIRE(posix_spawn_file_actions_init(&actions) == 0);
	posix_spawn_file_actions_addopen(&actions, 3, "written", O_CREAT | O_WRONLY, 0640);
	posix_spawn_file_actions_adddup2(&actions, 1, 15);
	posix_spawn_file_actions_adddup2(&actions, 15, 15);
	posix_spawn_file_actions_addclose(&actions, 0);
	posix_spawn_file_actions_addclose(&actions, 77);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/zero", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, 3, 16);
	posix_spawn_file_actions_addclose(&actions, 3);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	status = with_actions(job, &actions, NULL, error);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

static int run_chdir(const struct job *job, int *error)
{
	posix_spawn_file_actions_t actions;
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int saved;
	int status;

	REQUIRE(posix_spawn_file_actions_init(&actions) == 0);
	posix_spawn_file_actions_addfchdir_np(&actions, fd);
	posix_spawn_file_actions_addopen(&actions, 9, "uptime", O_PATH, 0);
	posix_spawn_file_actions_addchdir_np(&actions, "../usr");
#if __GLIBC_PREREQ(2, 34)
	posix_spawn_file_actions_addclosefrom_np(&actions, 17);
#endif
	status = with_actions(job, &actions, NULL, error);
	saved = errno;
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
	errno = saved;
	return status;
}

/* dup2() onto itself is how posix_spawn() clears FD_CLOEXEC. */
static int run_keep(const struct job *job, int *error)
{
	posix_spawn_file_actions_t actions;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int saved;
	int status;

	REQUIRE(posix_spawn_file_actions_init(&actions) == 0);
	posix_spawn_file_actions_adddup2(&actions, fd, fd);
	status = with_actions(job, &actions, NULL, error);
	saved = errno;
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
	errno = saved;
	return status;
}

static int attributes(const struct job *job, int flags, int *error)
{
	const struct sched_param param = {0};
	posix_spawnattr_t attr;
	sigset_t set;
	int status;

	REQUIRE(posix_spawnattr_init(&attr) == 0);
	REQUIRE(posix_spawnattr_setflags(&attr, (short)flags) == 0);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMIN + 1);
	posix_spawnattr_setsigmask(&attr, &set);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setschedpolicy(&attr, SCHED_OTHER);
	posix_spawnattr_setschedparam(&attr, &param);
	status = with_actions(job, NULL, &attr, error);
	posix_spawnattr_destroy(&attr);
	return status;
}

static int run_signals(const struct job *job, int *error)
{
	return attributes(job, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF, error);
}

static int run_pgroup(const struct job *job, int *error)
{
	return attributes(job, POSIX_SPAWN_SETPGROUP, error);
}

static int run_setsid(const struct job *job, int *error)
{
	return attributes(job, POSIX_SPAWN_SETSID, error);
}

static int run_resetids(const struct job *job, int *error)
{
	return attributes(job, POSIX_SPAWN_RESETIDS, error);
}

static int run_scheduler(const struct job *job, int *error)
{
	return attributes(job, POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSCHEDPARAM, error);
}

static int run_usevfork(const struct job *job, int *error)
{
	return attributes(job, POSIX_SPAWN_USEVFORK, error);
}

const struct mechanism spawn_mechanisms[] = {
	{"posix_spawn", run_spawn},
	{"posix_spawnp", run_spawnp},
	{"posix_spawn_2_2_5", run_old_spawn},
	{"posix_spawnp_2_2_5", run_old_spawnp},
	{"pidfd_spawn", run_pidfd_spawn},
	{"spawn_actions", run_actions},
	{"spawn_chdir", run_chdir},
	{"spawn_keep", run_keep},
	{"spawn_signals", run_signals},
	{"spawn_pgroup", run_pgroup},
	{"spawn_setsid", run_setsid},
	{"spawn_resetids", run_resetids},
	{"spawn_scheduler", run_scheduler},
	{"spawn_usevfork", run_usevfork},
	{NULL, NULL},
};
