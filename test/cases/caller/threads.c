/* Eight threads that start programs, each in its own way, at once; no status may go astray. */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

enum { ROUNDS = 25 };

static char *show;

struct worker {
	pthread_t thread;
	int number;
	int wrong;
};

static pid_t by_spawn(char *const argv[])
{
	pid_t pid;

	return posix_spawn(&pid, show, NULL, NULL, argv, environ) == 0 ? pid : -1;
}

static pid_t by_search(char *const argv[])
{
	pid_t pid;
	char **real = strings("sh", "-c", "exit $1", "sh", argv[2], NULL);

	return posix_spawnp(&pid, "sh", NULL, NULL, real, environ) == 0 ? pid : -1;
}

static pid_t by_actions(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int ret;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 5, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&actions, 5, 0);
	ret = posix_spawn(&pid, show, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return ret == 0 ? pid : -1;
}

static pid_t by_fork(char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		execve(show, argv, environ);
		_exit(255);
	}
	return pid;
}

static pid_t by_vfork(char *const argv[])
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv(show, argv);
		_exit(255);
	}
	return pid;
}

/* A start that fails must not disturb the others. */
static pid_t by_failure(char *const argv[])
{
	pid_t pid;

	if (posix_spawn(&pid, "/no/such/file", NULL, NULL, argv, environ) != ENOENT)
		return -1;
	return by_spawn(argv);
}

static void *work(void *arg)
{
	static pid_t (*const ways[])(char *const argv[]) = {
		by_spawn, by_fork, by_search, by_vfork, by_actions, by_failure, by_spawn, by_fork};
	struct worker *worker = arg;
	char status_number[16];
	char **argv;

	snprintf(status_number, sizeof status_number, "%d", 10 + worker->number);
	argv = strings("show", "exit", status_number, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = ways[worker->number](argv);
		int status = -1;

		if (pid == -1 || waitpid(pid, &status, 0) != pid ||
		    status != (10 + worker->number) << 8)
			worker->wrong++;
	}
	return NULL;
}

int main(void)
{
	enum { WORKERS = 8 };
	struct worker workers[WORKERS];
	char descriptors[4096];

	show = helper("show");
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){.number = i};
		REQUIRE(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
	}
	for (int i = 0; i < WORKERS; i++) {
		REQUIRE(pthread_join(workers[i].thread, NULL) == 0);
		fact("worker %d: %d of %d wrong", i, workers[i].wrong, (int)ROUNDS);
		REQUIRE(workers[i].wrong == 0);
	}
	REQUIRE(no_children());
	fact("descriptors: %s, threads %d", open_descriptors(descriptors, sizeof descriptors),
	     thread_count());
	return 0;
}
