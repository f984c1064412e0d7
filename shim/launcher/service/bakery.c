#include "bakery.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

static void fail(struct bakery_result *result, int err, const char *sentence)
{
	result->err = err;
	snprintf(result->why, sizeof result->why, "%s", sentence);
}

__attribute__((noreturn)) static void be_child(int out, pid_t parent, int dirfd,
					       const struct identity *id, const char *path,
					       char *const envp[])
{
	struct bakery_result result = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	result.err = store_bake(dirfd, id, path, envp, &result.size, result.why);
	/* Less than PIPE_BUF: whole, or not at all. */
	_exit(write(out, &result, sizeof result) != sizeof result);
}

void bakery_bake(int dirfd, const struct identity *id, const char *path, char *const envp[],
		 struct bakery_result *result)
{
	struct pollfd pollfd = {.events = POLLIN};
	pid_t parent = getpid();
	pid_t pid;
	int fds[2];

	*result = (struct bakery_result){0};
	if (pipe2(fds, O_CLOEXEC)) {
		fail(result, -errno, strerror(errno));
		return;
	}
	pid = fork();
	if (pid == 0)
		be_child(fds[1], parent, dirfd, id, path, envp);
	close(fds[1]);
	pollfd.fd = fds[0];
	if (pid < 0) {
		fail(result, -errno, strerror(errno));
	} else if (poll(&pollfd, 1, PATIENCE_MS) <= 0) {
		fail(result, -ENOTSUP, "its start-up takes too long");
	} else if (read(fds[0], result, sizeof *result) != sizeof *result) {
		fail(result, -ENOTSUP, "its start-up cannot be followed");
	}
	close(fds[0]);
	if (pid < 0)
		return;
	/* With it goes what it was tracing (PTRACE_O_EXITKILL). */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (result->err)
		store_remove(dirfd, id, path);
}
