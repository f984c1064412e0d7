/*
 * nproc PROGRAM [alone] - start PROGRAM in several ways; where this user may have no further
 * process (RLIMIT_NPROC); with room for just one more, if nobody else has processes of this user;
 * and again when that is over.  After each: what is left of it in this process.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

enum { SOME_PROCESSES = 1000 };

typedef int spawn(pid_t *, const char *, const posix_spawn_file_actions_t *,
		  const posix_spawnattr_t *, char *const[], char *const[]);

/* What the program has printed comes first. */
static void report(const char *how, pid_t pid, int error)
{
	/* On failure the variable is as it was. */
	if (error)
		fact("%s: %s, pid %d", how, error_name(error), (int)pid);
	else
		fact("%s: %s", how, status_text(wait_for(pid)));
}

static void by_spawn(const char *how, spawn *function, char **program, short flags)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid = -7;
	int saved;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 7, "/dev/null", 0, 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, flags);
	errno = EDOM;
	error = function(&pid, program[0], &actions, &attr, program, environ);
	saved = errno;
	report(how, pid, error);
	fact("%s: errno %s", how, error_name(saved));
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
}

static void by_exec(char **program)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv(program[0], program);
		_exit(100 + errno % 100);
	}
	report("vfork", pid, pid < 0 ? errno : 0);
	pid = fork();
	if (pid == 0) {
		execve(program[0], program, environ);
		_exit(100 + errno % 100);
	}
	report("fork", pid, pid < 0 ? errno : 0);
}

static void by_shell(const char *program)
{
	char command[4096];
	char line[256] = "";
	FILE *pipe;

	snprintf(command, sizeof command, "exec '%s' shell", program);
	errno = 0;
	fact("system: %d", system(command));
	fact("system: errno %s", error_name(errno));
	errno = 0;
	pipe = popen(command, "r");
	fact("popen: errno %s", error_name(errno));
	if (!pipe)
		return;
	fact("popen: %s", fgets(line, sizeof line, pipe) ? line : "nothing");
	fact("popen: %s", status_text(pclose(pipe)));
}

/* Nothing is to be left of a start that failed. */
static void look(void)
{
	char descriptors[256];
	sigset_t set;

	fact("children: %d, threads: %d", !no_children(), thread_count());
	fact("descriptors: %s", open_descriptors(descriptors, sizeof descriptors));
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction action;

		if (sigprocmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, sig) == 1)
			fact("signal %d is blocked", sig);
		/* One for each child that there was. */
		if (sig != SIGCHLD && sigpending(&set) == 0 && sigismember(&set, sig) == 1)
			fact("signal %d is pending", sig);
		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			fact("signal %d is not as it was", sig);
	}
}

static void start_all(const char *when, char **program)
{
	fact("%s:", when);
	by_spawn("posix_spawn", posix_spawn, program, 0);
	by_spawn("posix_spawnp", posix_spawnp, program, 0);
	by_spawn("posix_spawn with attributes", posix_spawn, program,
		 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	by_exec(program);
	by_shell(program[0]);
	look();
}

static void set_limit(rlim_t soft)
{
	struct rlimit limit;

	REQUIRE(getrlimit(RLIMIT_NPROC, &limit) == 0);
	limit.rlim_cur = soft;
	REQUIRE(setrlimit(RLIMIT_NPROC, &limit) == 0);
}

/* The least limit under which there can be another process. */
static void leave_room_for_one(void)
{
	for (rlim_t soft = 1; soft < SOME_PROCESSES; soft++) {
		pid_t pid;

		set_limit(soft);
		pid = fork();
		if (pid == 0)
			_exit(0);
		if (pid > 0) {
			REQUIRE(wait_for(pid) == 0);
			return;
		}
	}
	fail("there are too many processes");
}

int main(int argc, char **argv)
{
	char *program[] = {argv[1], (char[]){"argument"}, NULL};
	struct rlimit before;

	REQUIRE(argc > 1 && getrlimit(RLIMIT_NPROC, &before) == 0);
	start_all("before", program);
	/* There is one at least: this. */
	set_limit(1);
	start_all("at the limit", program);
	if (argc > 2) {
		leave_room_for_one();
		/* A shell replaces itself by what it starts. */
		start_all("with room for one", program);
	}
	set_limit(before.rlim_cur);
	start_all("after", program);
	return 0;
}
