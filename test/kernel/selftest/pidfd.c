/*
 * The pidfd that spawn_template_spawn() returns, and the child as seen by its parent: waiting,
 * signals, ptrace, a parent that dies.
 */
#include "../../old_libc.h"
#include "common.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <time.h>

static int template_fd;
static volatile sig_atomic_t handled;

static int sys_pidfd_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

static bool ready(int pidfd, int milliseconds)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, milliseconds) == 1 && p.revents & POLLIN;
}

static void basics(void)
{
	char text[256];
	char name[64];
	siginfo_t info = {0};
	struct spawn s;
	ssize_t n;
	long pid;
	int fd;

	spawn_init(&s, "pause", NULL);
	pid = do_spawn(&s, template_fd);
	ok(pid > 0 && s.pidfd >= 0, "pid and pidfd");
	same(fcntl(s.pidfd, F_GETFD), FD_CLOEXEC, "the pidfd is close-on-exec");
	snprintf(name, sizeof name, "/proc/self/fdinfo/%d", s.pidfd);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(fd);
	snprintf(name, sizeof name, "Pid:\t%ld\n", pid);
	ok(strstr(text, name), "it is that of the child");
	ok(!ready(s.pidfd, 100), "not ready while the child runs");
	same(waitid(P_PIDFD, (id_t)s.pidfd, &info, WEXITED | WNOHANG), 0, "waitid: no news");
	same(info.si_pid, 0, "waitid: really none");
	same(sys_pidfd_signal(s.pidfd, SIGTERM), 0, "signal through it");
	ok(ready(s.pidfd, 10000), "ready when the child has died");
	same(waitid(P_PIDFD, (id_t)s.pidfd, &info, WEXITED), 0, "waitid");
	same(info.si_pid, pid, "waitid: pid");
	same(info.si_code, CLD_KILLED, "waitid: code");
	same(info.si_status, SIGTERM, "waitid: signal");
	same(sys_pidfd_signal(s.pidfd, 0), -1, "nobody there any more");
	close(s.pidfd);
}

static void ended(void)
{
	siginfo_t info = {0};
	struct spawn s;
	long pid;

	spawn_init(&s, "exit", "42", NULL);
	pid = do_spawn(&s, template_fd);
	ok(ready(s.pidfd, 10000), "ready when the child has ended");
	same(waitid(P_PIDFD, (id_t)s.pidfd, &info, WEXITED | WNOWAIT), 0, "waitid, leaving it");
	same(info.si_status, 42, "status");
	same(waitpid((pid_t)pid, NULL, 0), pid, "waitpid");
	close(s.pidfd);
}

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

static void child_signal(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct spawn s;
	sigset_t set;
	siginfo_t info;
	long pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGCHLD, &action, NULL);
	spawn_init(&s, "exit", "1", NULL);
	pid = do_spawn(&s, template_fd);
	same(sigwaitinfo(&set, &info), SIGCHLD, "SIGCHLD");
	same(info.si_pid, pid, "SIGCHLD: pid");
	same(info.si_status, 1, "SIGCHLD: status");
	wait_for(&s, pid);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	same(handled, 0, "SIGCHLD: once");
	handled = 0;
	pid = do_spawn(&s, template_fd);
	wait_for(&s, pid);
	same(handled, 1, "SIGCHLD: handled");
	signal(SIGCHLD, SIG_IGN);
	pid = do_spawn(&s, template_fd);
	ok(pid > 0, "SIGCHLD ignored: started");
	same(wait_for(&s, pid), -ECHILD, "SIGCHLD ignored: nothing to wait for");
	close(s.pidfd);
	signal(SIGCHLD, SIG_DFL);
}

static long flags_of(long pid)
{
	char name[64];
	char text[1024];
	char *p;
	unsigned long flags = 0;
	FILE *f;

	snprintf(name, sizeof name, "/proc/%ld/stat", pid);
	f = fopen(name, "r");
	if (!f || !fgets(text, sizeof text, f))
		bail("%s", name);
	fclose(f);
	p = strrchr(text, ')');
	if (!p || sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %lu", &flags) != 1)
		bail("%s", text);
	return (long)flags;
}

/* How a forwarder tells whether the program ever ran: PF_FORKNOEXEC. */
static void ran(void)
{
	const struct spawn_template_action bad = {.type = SPAWN_TEMPLATE_ACTION_CLOSE, .fd = 999};
	struct spawn s;
	long pid;

	spawn_init(&s, "exit", "1", NULL);
	pid = do_spawn(&s, template_fd);
	/* The caller may be faster than its child, which clears the flag after it let the caller
	 * go. */
	for (int tries = 0; tries < 1000; tries++) {
		const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

		if (setpgid((pid_t)pid, INT_MAX) != -1 || errno != EPERM)
			break;
		nanosleep(&pause, NULL);
	}
	same(errno, EACCES, "setpgid of a child that ran: EACCES");
	ok(ready(s.pidfd, 10000), "it ended");
	same(flags_of(pid) & 0x40, 0, "PF_FORKNOEXEC is clear");
	same(wait_for(&s, pid), 1 << 8, "status");
	spawn_actions(&s, &bad, 1);
	pid = do_spawn(&s, template_fd);
	ok(pid > 0, "an action that fails: a child all the same");
	ok(ready(s.pidfd, 10000), "it ended");
	same(flags_of(pid) & 0x40, 0x40, "PF_FORKNOEXEC is set");
	same(wait_for(&s, pid), 1 << 8, "the same status");
}

static void relations(void)
{
	struct spawn s;
	long pid;

	spawn_init(&s, "pause", NULL);
	pid = do_spawn(&s, template_fd);
	same(getpgid((pid_t)pid), getpgrp(), "process group");
	same(getsid((pid_t)pid), getsid(0), "session");
	kill((pid_t)pid, SIGSTOP);
	same(waitpid((pid_t)pid, NULL, WUNTRACED), pid, "stops");
	kill((pid_t)pid, SIGCONT);
	same(waitpid((pid_t)pid, NULL, WCONTINUED), pid, "continues");
	kill((pid_t)pid, SIGKILL);
	same(wait_for(&s, pid), SIGKILL, "killed");
}

/* The caller is killed while its child waits, in an action, for somebody to open a FIFO. */
static int caller_waits(int unused)
{
	const struct spawn_template_open open_fifo = {.path = POINTER("/tmp/pidfd-fifo"),
						      .how = {.flags = O_WRONLY}};
	const struct spawn_template_action actions[] = {
		{.type = SPAWN_TEMPLATE_ACTION_OPEN, .newfd = 1, .arg = POINTER(&open_fifo)},
	};
	struct spawn s;

	(void)unused;
	spawn_init(&s, "cwd", NULL);
	spawn_actions(&s, actions, 1);
	run(&s, (int)create_by_path(self_path(), 0));
	return 0;
}

static pid_t only_child_of(pid_t parent)
{
	char name[64];
	char text[64] = "";
	FILE *f;

	snprintf(name, sizeof name, "/proc/%d/task/%d/children", parent, parent);
	for (int tries = 0; tries < 1000 && !atoi(text); tries++) {
		const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

		nanosleep(&pause, NULL);
		f = fopen(name, "r");
		if (f && !fgets(text, sizeof text, f))
			text[0] = '\0';
		if (f)
			fclose(f);
	}
	return atoi(text);
}

static void caller_dies(bool child_too)
{
	pid_t caller;
	pid_t child;
	char text[PATH_MAX];
	int status;
	int fd;

	mkfifo("/tmp/pidfd-fifo", 0600);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	fflush(stdout);
	caller = fork();
	if (caller == 0)
		_exit(caller_waits(0));
	child = only_child_of(caller);
	ok(child > 0, "a child that waits in an action");
	if (child_too) {
		kill(child, SIGKILL);
		same(waitpid(caller, &status, 0), caller, "the caller goes on when it is killed");
		same(status, 0, "and ends");
		return;
	}
	/* Stops, and signals with or without a handler, do not make it fail. */
	kill(child, SIGSTOP);
	kill(child, SIGCONT);
	kill(child, SIGWINCH);
	kill(caller, SIGKILL);
	same(waitpid(caller, &status, 0), caller, "the caller can be killed");
	same(status, SIGKILL, "by the signal");
	fd = open("/tmp/pidfd-fifo", O_RDONLY | O_CLOEXEC);
	ok(read(fd, text, sizeof text) > 0, "its child runs all the same");
	close(fd);
	same(waitpid(child, &status, 0), child, "and is inherited");
	same(status, 0, "and ends");
}

/* A tracer that asks for it gets the child, before its first instruction of the program. */
/* A caller that is traced, with its children: its own status is that of its child, 5. */
static pid_t traced_caller(void)
{
	int status = 0;
	pid_t caller;

	fflush(stdout);
	caller = fork();
	if (caller == 0) {
		struct spawn s;
		int fd = (int)create_by_path(self_path(), 0);

		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		spawn_init(&s, "exit", "5", NULL);
		_exit(run(&s, fd));
	}
	waitpid(caller, &status, 0);
	ptrace(PTRACE_SETOPTIONS, caller, 0,
	       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
	ptrace(PTRACE_CONT, caller, 0, 0);
	return caller;
}

static bool is_event(int status, int event)
{
	return status >> 8 == (SIGTRAP | event << 8);
}

static void traced(void)
{
	pid_t caller = traced_caller();
	int status = 0;
	bool seen_vfork = false;
	bool seen_stop = false;
	bool seen_exec = false;
	bool in_order = false;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int sig = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

		if (pid == caller && WIFEXITED(status))
			break;
		if (!WIFSTOPPED(status))
			continue;
		seen_vfork |= is_event(status, PTRACE_EVENT_VFORK);
		if (pid != caller && is_event(status, PTRACE_EVENT_EXEC)) {
			seen_exec = true;
			in_order = seen_stop;
		}
		seen_stop |= pid != caller && status >> 8 == SIGSTOP;
		ptrace(PTRACE_CONT, pid, 0, sig == SIGTRAP || sig == SIGSTOP ? 0 : sig);
	}
	ok(seen_vfork, "traced: PTRACE_EVENT_VFORK");
	ok(seen_exec, "traced: PTRACE_EVENT_EXEC of the child");
	ok(in_order, "traced: the child stops before that");
	same(status, 5 << 8, "traced: the caller's own status is the child's");
}

/* As gdb does it: what a new child does first is its stop, and then it is left alone. */
static void detached(void)
{
	pid_t caller = traced_caller();
	unsigned long child = 0;
	int status = 0;

	waitpid(caller, &status, 0);
	ok(is_event(status, PTRACE_EVENT_VFORK), "detached: PTRACE_EVENT_VFORK");
	ptrace(PTRACE_GETEVENTMSG, caller, 0, &child);
	waitpid((pid_t)child, &status, __WALL);
	same(status >> 8, SIGSTOP, "detached: the child stops first");
	ptrace(PTRACE_DETACH, (pid_t)child, 0, 0);
	ptrace(PTRACE_CONT, caller, 0, 0);
	waitpid(caller, &status, 0);
	if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGCHLD) {
		ptrace(PTRACE_CONT, caller, 0, SIGCHLD);
		waitpid(caller, &status, 0);
	}
	same(status, 5 << 8, "detached: the caller's own status is the child's");
}

/* The same by PTRACE_SEIZE; and a tracer that kills the child in its stop. */
static void seized(void)
{
	unsigned long child = 0;
	int status = 0;
	int ready[2];
	char byte = 0;
	pid_t caller;

	if (pipe(ready))
		bail("pipe");
	fflush(stdout);
	caller = fork();
	if (caller == 0) {
		struct spawn s;
		int fd = (int)create_by_path(self_path(), 0);

		if (read(ready[0], &byte, 1) != 1)
			_exit(1);
		spawn_init(&s, "exit", "5", NULL);
		_exit(run(&s, fd));
	}
	ptrace(PTRACE_SEIZE, caller, 0,
	       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
	if (write(ready[1], &byte, 1) != 1)
		bail("write");
	close(ready[0]);
	close(ready[1]);
	waitpid(caller, &status, 0);
	ok(is_event(status, PTRACE_EVENT_VFORK), "seized: PTRACE_EVENT_VFORK");
	ptrace(PTRACE_GETEVENTMSG, caller, 0, &child);
	waitpid((pid_t)child, &status, __WALL);
	ok(is_event(status, PTRACE_EVENT_STOP), "seized: the child stops first");
	ptrace(PTRACE_CONT, caller, 0, 0);
	kill((pid_t)child, SIGKILL);
	waitpid((pid_t)child, &status, __WALL);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "seized: killed in that stop");
	waitpid(caller, &status, 0);
	if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGCHLD) {
		ptrace(PTRACE_CONT, caller, 0, SIGCHLD);
		waitpid(caller, &status, 0);
	}
	ok(WIFEXITED(status), "seized: and the caller goes on");
}

int main(int argc, char **argv)
{
	be_program(argc, argv);
	alarm(120);
	template_fd = (int)create_by_path(self_path(), SPAWN_TEMPLATE_CREATE_CLOEXEC);
	if (template_fd < 0)
		bail("template");
	basics();
	ended();
	child_signal();
	ran();
	relations();
	caller_dies(false);
	caller_dies(true);
	traced();
	detached();
	seized();
	return done();
}
