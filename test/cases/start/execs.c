/* fork() or vfork(), and every function of the exec family. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../old_libc.h"
#include "../lib/case.h"
#include "start.h"

typedef void exec_function(const struct job *job);

/* The whole argument list of main(), for the functions that take it as parameters. */
#define ARGUMENTS(a) (a)[0], (a)[1], (a)[2], (a)[3], (a)[4], (a)[5], (a)[6], (a)[7], (char *)NULL

static int forked(const struct job *job, int *error, exec_function *exec)
{
	pid_t pid = fork();
	int saved = errno;
	int status;

	if (pid == -1) {
		*error = errno;
		return -1;
	}
	if (pid == 0) {
		if (job->rich)
			setup_rich_child();
		exec(job);
		_exit(126);
	}
	status = wait_for(pid);
	errno = saved;
	return status;
}

#define FORKED(name, statement) \
	static void exec_##name(const struct job *job) \
	{ \
		statement; \
	} \
	static int run_##name(const struct job *job, int *error) \
	{ \
		return forked(job, error, exec_##name); \
	}

static int directory_of(const struct job *job)
{
	return open(job->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void path_of(const struct job *job)
{
	setenv("PATH", job->directory, 1);
}

FORKED(execve, execve(job->path, job->argv, job->envp))
FORKED(execv, execv(job->path, job->argv))
FORKED(execvp, (path_of(job), execvp(job->name, job->argv)))
FORKED(execvp_slash, execvp(job->path, job->argv))
FORKED(execvpe, (path_of(job), execvpe(job->name, job->argv, job->envp)))
FORKED(execl, execl(job->path, ARGUMENTS(job->argv)))
FORKED(execlp, (path_of(job), execlp(job->name, ARGUMENTS(job->argv))))
FORKED(execle, execle(job->path, ARGUMENTS(job->argv), job->envp))
FORKED(execveat, execveat(AT_FDCWD, job->path, job->argv, job->envp, 0))
FORKED(execveat_directory, execveat(directory_of(job), job->name, job->argv, job->envp, 0))
FORKED(execveat_empty_path,
       execveat(open(job->path, O_PATH | O_CLOEXEC), "", job->argv, job->envp, AT_EMPTY_PATH))
FORKED(fexecve, fexecve(open(job->path, O_RDONLY | O_CLOEXEC), job->argv, job->envp))
FORKED(fexecve_o_path, fexecve(open(job->path, O_PATH | O_CLOEXEC), job->argv, job->envp))

static int run_vfork(const struct job *job, int *error)
{
	pid_t pid = vfork();
	int saved;
	int status;

	if (pid == 0) {
		execve(job->path, job->argv, job->envp);
		_exit(126);
	}
	saved = errno;
	if (pid == -1) {
		*error = errno;
		return -1;
	}
	status = wait_for(pid);
	errno = saved;
	return status;
}

static int run_vfork_execvp(const struct job *job, int *error)
{
	char *path = strdup(getenv("PATH"));
	int saved = errno;
	pid_t pid;
	int status;

	(void)error;
	path_of(job);
	errno = saved;
	pid = vfork();
	if (pid == 0) {
		execvp(job->name, job->argv);
		_exit(126);
	}
	saved = errno;
	status = wait_for(pid);
	setenv("PATH", path, 1);
	free(path);
	errno = saved;
	return status;
}

static int exec_in_clone(void *arg)
{
	const struct job *job = arg;

	execve(job->path, job->argv, job->envp);
	return 126;
}

/* As libraries do that spawn by themselves: a child with its own stack in shared memory. */
static int run_clone(const struct job *job, int *error)
{
	enum { STACK = 1 << 16 };
	char *stack = malloc(STACK);
	struct job copy = *job;
	pid_t pid;
	int saved;
	int status = -1;

	REQUIRE(stack != NULL);
	pid = clone(exec_in_clone, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &copy);
	saved = errno;
	*error = errno;
	if (pid != -1)
		status = wait_for(pid);
	free(stack);
	errno = saved;
	return status;
}

const struct mechanism exec_mechanisms[] = {
	{"execve", run_execve},
	{"execv", run_execv},
	{"execvp", run_execvp},
	{"execvp_slash", run_execvp_slash},
	{"execvpe", run_execvpe},
	{"execl", run_execl},
	{"execlp", run_execlp},
	{"execle", run_execle},
	{"execveat", run_execveat},
	{"execveat_directory", run_execveat_directory},
	{"execveat_empty_path", run_execveat_empty_path},
	{"fexecve", run_fexecve},
	{"fexecve_o_path", run_fexecve_o_path},
	{"vfork", run_vfork},
	{"vfork_execvp", run_vfork_execvp},
	{"clone", run_clone},
	{NULL, NULL},
};
