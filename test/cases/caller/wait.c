/*
 * Children as their parent sees them: exactly its own, each once, by whatever it waits with.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../old_libc.h"
#include "../lib/case.h"

static char *show;
static volatile sig_atomic_t signals;
static volatile pid_t last_sender;

static void on_child(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	signals++;
	last_sender = info->si_pid;
}

static pid_t start(const char *what, const char *number)
{
	char **argv = strings("show", what, number, NULL);
	pid_t pid = -1;

	REQUIRE(posix_spawn(&pid, show, NULL, NULL, argv, environ) == 0);
	REQUIRE(pid > 0);
	return pid;
}

static void try_wait(void)
{
	pid_t first = start("exit", "3");
	pid_t second = start("exit", "4");
	int status[2];
	pid_t got[2];

	for (int i = 0; i < 2; i++)
		got[i] = wait(&status[i]);
	fact("wait finds both: %d",
	     (got[0] == first && got[1] == second) || (got[0] == second && got[1] == first));
	fact("statuses: %d", WEXITSTATUS(status[0]) + WEXITSTATUS(status[1]));
	REQUIRE(wait(NULL) == -1 && errno == ECHILD);
}

static void try_no_hang(void)
{
	enum { CHILDREN = 20 };
	int found = 0;

	for (int i = 0; i < CHILDREN; i++)
		start("exit", "0");
	while (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		sched_yield();
	for (int i = 0; i < CHILDREN; i++)
		start("exit", "0");
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid > 0)
			found++;
		else if (pid == -1)
			break;
		else
			sched_yield();
	}
	fact("WNOHANG finds: %d, then %s", found, error_name(errno));
}

static void try_waitid(void)
{
	pid_t pid = start("kill", "9");
	siginfo_t info = {0};
	struct rusage usage;
	int ret = waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);

	fact("waitid: %d, own child %d, code %d, status %d", ret, info.si_pid == pid, info.si_code,
	     info.si_status);
	ret = waitid(P_PID, (id_t)pid, &info, WEXITED);
	fact("waitid by pid: %d, code %d", ret, info.si_code);
	REQUIRE(no_children());
	pid = start("exit", "6");
	REQUIRE(waitid(P_PGID, 0, &info, WEXITED) == 0 && info.si_pid == pid);
	pid = start("exit", "7");
	REQUIRE(wait4(pid, NULL, 0, &usage) == pid);
	fact("wait4: faults %d, memory %d", usage.ru_minflt > 0, usage.ru_maxrss > 0);
	pid = start("exit", "8");
	fact("clone children: %d", (int)waitpid(-1, NULL, __WCLONE | WNOHANG));
	REQUIRE(wait_for(pid) == 8 << 8);
}

static void try_pidfd(void)
{
	pid_t pid = start("exit", "9");
	struct pollfd poll_fd = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	siginfo_t info = {0};

	REQUIRE(poll_fd.fd != -1);
	REQUIRE(poll(&poll_fd, 1, 60000) == 1);
	REQUIRE(waitid(P_PIDFD, (id_t)poll_fd.fd, &info, WEXITED) == 0);
	fact("pidfd: status %d", info.si_status);
	close(poll_fd.fd);
}

/* The number that a parent gets is the number that the program has. */
static void try_identity(void)
{
	int ends[2];
	char text[32] = "";
	posix_spawn_file_actions_t actions;
	char **argv = strings("show", "pid", NULL);
	pid_t pid;

	REQUIRE(pipe(ends) == 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addclose(&actions, ends[0]);
	posix_spawn_file_actions_addclose(&actions, ends[1]);
	REQUIRE(posix_spawn(&pid, show, &actions, NULL, argv, environ) == 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	REQUIRE(read(ends[0], text, sizeof text - 1) > 0);
	close(ends[0]);
	fact("its own pid: %d", atoi(text) == pid);
	REQUIRE(wait_for(pid) == 0);
}

static void wait_for_signals(int wanted)
{
	for (int i = 0; i < 1000 && signals < wanted; i++)
		usleep(1000);
}

static void try_signals(void)
{
	char **argv = strings("show", NULL);
	pid_t pid;

	signals = 0;
	pid = start("exit", "0");
	REQUIRE(wait_for(pid) == 0);
	wait_for_signals(1);
	fact("SIGCHLD after one child: %d, from it %d", (int)signals, last_sender == pid);
	signals = 0;
	fact("failed start: %s",
	     error_name(posix_spawn(&pid, "/no/such", NULL, NULL, argv, environ)));
	fact("failed start: %s", error_name(posix_spawn(&pid, "/etc", NULL, NULL, argv, environ)));
	usleep(20000);
	fact("SIGCHLD after failed starts: %d", (int)signals);
	REQUIRE(no_children());
}

/* Children of a parent that does not want to know of them. */
static void try_ignored(struct sigaction action, const char *label)
{
	struct sigaction old;
	char **argv = strings("show", NULL);
	pid_t pid;

	REQUIRE(sigaction(SIGCHLD, &action, &old) == 0);
	pid = start("exit", "3");
	fact("%s: waitpid %d, %s", label, (int)waitpid(pid, NULL, 0), error_name(errno));
	fact("%s: failed start %s", label,
	     error_name(posix_spawn(&pid, "/no/such", NULL, NULL, argv, environ)));
	fact("%s: failed start %s", label,
	     error_name(posix_spawn(&pid, "/etc/passwd", NULL, NULL, argv, environ)));
	REQUIRE(no_children());
	REQUIRE(sigaction(SIGCHLD, &old, NULL) == 0);
}

static void try_blocked(void)
{
	sigset_t set;
	sigset_t pending;
	siginfo_t info;
	const struct timespec soon = {5, 0};
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	REQUIRE(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	pid = start("exit", "3");
	REQUIRE(sigtimedwait(&set, &info, &soon) == SIGCHLD);
	fact("sigtimedwait: own child %d, status %d", info.si_pid == pid, info.si_status);
	REQUIRE(wait_for(pid) == 3 << 8);
	sigpending(&pending);
	fact("still pending: %d", sigismember(&pending, SIGCHLD));
	REQUIRE(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

static void try_stop(void)
{
	char **argv = strings("sleep", "60", NULL);
	pid_t pid;
	int status;

	REQUIRE(posix_spawnp(&pid, "sleep", NULL, NULL, argv, environ) == 0);
	REQUIRE(kill(pid, SIGSTOP) == 0);
	REQUIRE(waitpid(pid, &status, WUNTRACED) == pid);
	fact("stopped: %s", status_text(status));
	REQUIRE(kill(pid, SIGCONT) == 0);
	REQUIRE(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	REQUIRE(kill(pid, SIGTERM) == 0);
	fact("terminated: %s", status_text(wait_for(pid)));
}

/* The usage of a parent's children is that of its own children. */
static void try_usage(void)
{
	struct rusage before;
	struct rusage after;

	getrusage(RUSAGE_CHILDREN, &before);
	wait_for(start("exit", "0"));
	getrusage(RUSAGE_CHILDREN, &after);
	fact("children's usage grows: %d", after.ru_minflt > before.ru_minflt);
}

int main(void)
{
	struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};

	show = helper("show");
	REQUIRE(no_children());
	REQUIRE(sigaction(SIGCHLD, &action, NULL) == 0);
	try_wait();
	try_no_hang();
	try_waitid();
	try_pidfd();
	try_identity();
	try_signals();
	try_ignored((struct sigaction){.sa_handler = SIG_IGN}, "ignored");
	try_ignored((struct sigaction){.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT},
		    "SA_NOCLDWAIT");
	try_blocked();
	try_stop();
	try_usage();
	REQUIRE(no_children());
	fact("threads: %d", thread_count());
	return 0;
}
