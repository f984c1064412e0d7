#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"
#include "start.h"

static volatile sig_atomic_t child_signals;

static void on_child(int sig)
{
	(void)sig;
	child_signals++;
}

static mechanism_function *find(const struct mechanism *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table->run;
	return NULL;
}

static mechanism_function *find_mechanism(const char *name)
{
	mechanism_function *run = find(spawn_mechanisms, name);

	if (!run)
		run = find(exec_mechanisms, name);
	if (!run)
		run = find(shell_mechanisms, name);
	return run;
}

/* environ with PASSED=by-envp at its end. */
static char **passed_environment(void)
{
	size_t n = 0;
	char **envp;

	while (environ[n])
		n++;
	envp = calloc(n + 2, sizeof *envp);
	REQUIRE(envp != NULL);
	memcpy(envp, environ, n * sizeof *envp);
	envp[n] = strdup("PASSED=by-envp");
	return envp;
}

/* So that the reporter can say whose child it is. */
static void write_starter(void)
{
	char text[96];

	snprintf(text, sizeof text, "%d %d %d\n", (int)getpid(), (int)getpgrp(), (int)getsid(0));
	make_file("starter", text, 0600);
	setenv("STARTER", "starter", 1);
}

/* What has to be the same before and after a start, as text. */
static const char *own_state(char *buf, size_t size)
{
	char descriptors[4096];
	sigset_t set;
	unsigned long mask = 0;
	unsigned long handlers = 0;

	sigprocmask(SIG_BLOCK, NULL, &set);
	for (int sig = 1; sig < 64; sig++) {
		struct sigaction action;

		if (sigismember(&set, sig) == 1)
			mask |= 1UL << sig;
		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			handlers |= 1UL << sig;
	}
	snprintf(buf, size, "descriptors %s, threads %d, blocked %lx, handled %lx",
		 open_descriptors(descriptors, sizeof descriptors), thread_count(), mask, handlers);
	return buf;
}

static void run(mechanism_function *mechanism, const struct job *job)
{
	static char before[8192];
	static char after[8192];
	static char last[8192];
	char **env = environ;
	char *first = environ[0];
	int error = 0;
	int status;

	own_state(before, sizeof before);
	errno = EXDEV;
	status = mechanism(job, &error);
	/* The rest is about the caller. */
	fact("errno afterwards: %s", error_name(errno));
	if (status == -1)
		fact("start failed: %s", error_name(error));
	else
		fact("status: %s", status_text(status));
	fact("no children left: %d", no_children());
	fact("SIGCHLD: %d", (int)child_signals);
	fact("same environ: %d", environ == env && environ[0] == first);
	own_state(after, sizeof after);
	fact("state before: %s", before);
	if (strcmp(before, after) != 0)
		fact("state after: %s", after);
	/* A second time: what is made at first use must not show at the second either. */
	status = mechanism(job, &error);
	own_state(last, sizeof last);
	fact("second status: %s, same state %d, SIGCHLD %d", status_text(status),
	     strcmp(after, last) == 0, (int)child_signals);
	if (status == -1)
		exit(error == ENOSYS ? 77 : 1);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
	mechanism_function *mechanism = argc >= 2 ? find_mechanism(argv[1]) : NULL;
	struct job job = {.path = helper("reporter"),
			  .directory = getenv("ST_CASES_BIN"),
			  .name = "reporter",
			  .argv = strings("zeroth argument", "one", "", "two words",
					  "tab\tand\nnewline", "\xff\xfe quote' \" $HOME \\", "*",
					  "-n", NULL),
			  .rich = argc == 3 && strcmp(argv[2], "rich") == 0};

	if (!mechanism)
		fail("usage: start MECHANISM [plain | rich | STATE]");
	write_starter();
	setenv("INHERITED", "by environ", 1);
	sigaction(SIGCHLD, &action, NULL);
	if (job.rich)
		setup_rich();
	else if (argc == 3 && strcmp(argv[2], "plain") != 0 && !setup_state(argv[2]))
		fail("no such state: %s", argv[2]);
	job.envp = passed_environment();
	run(mechanism, &job);
	return 0;
}
