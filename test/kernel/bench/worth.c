/*
 * What starting a program costs, each way in turn:
 *
 *   worth ROUNDS[xBATCH] IMAGE|- PROGRAM [ARG...]
 *
 * To be run inside a session, on a kernel that has templates, with the program's image made before.
 *
 *   libc        libc's posix_spawn(), and nothing of a session in the environment
 *   vfork       vfork() and execve(), with no more system calls than must be; the same environment
 *   template    spawn_template_spawn() itself, of a template made once; the same environment
 *   tree libc   posix_spawn() in a session, left to libc; the program has the library too
 *   tree kernel posix_spawn() in a session, kernel engine
 *   tree image  posix_spawn() in a session, image engine
 *   tree both   posix_spawn() in a session, both engines: a template of the image
 *   both        spawn_template_spawn() of a template made of the image, named IMAGE
 *
 * Each start has its standard streams on /dev/null, and is waited for.  One line a way: its name,
 * the quartiles of the time from start to end in nanoseconds (which are instructions where the
 * machine counts them as such), the median number of minor page faults, and the wait status.  With
 * BATCH, so many starts are timed as one, and the times are the mean of each such batch; for clocks
 * that are coarse, and machines that are never quiet.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../../include/spawn_template.h"
#include "../../bench/ways.h"

enum { NR_CREATE = 472, NR_SPAWN = 473, ROUNDS_MAX = 2000, WARM_UP = 3 };

#define POINTER(p) ((uint64_t)(uintptr_t)(p))

struct way {
	const char *name;
	const char *choice;    /* SPAWN_TEMPLATE of this process, or null */
	spawn_function *spawn; /* or null: the system call, of this template */
	int template_fd;
	bool session; /* which environment the program gets */
	int64_t times[ROUNDS_MAX];
	int64_t faults[ROUNDS_MAX];
	int status;
};

static posix_spawn_file_actions_t libc_actions;
static char **environments[2];

__attribute__((noreturn)) static void fail(const char *what)
{
	fprintf(stderr, "worth: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int make_template(const char *path)
{
	const struct spawn_template_create_args args = {
		.flags = SPAWN_TEMPLATE_CREATE_CLOEXEC,
		.execfd = -1,
		.filename = POINTER(path),
	};
	long fd = syscall(NR_CREATE, &args, sizeof args);

	if (fd < 0)
		fail(path);
	return (int)fd;
}

static pid_t spawn_from(int template_fd, char **argv, char **envp)
{
	static const struct spawn_template_open null = {
		.path = POINTER("/dev/null"),
		.how = {.flags = O_RDWR},
	};
	static const struct spawn_template_action actions[] = {
		{.type = SPAWN_TEMPLATE_ACTION_OPEN, .newfd = 0, .arg = POINTER(&null)},
		{.type = SPAWN_TEMPLATE_ACTION_OPEN, .newfd = 1, .arg = POINTER(&null)},
		{.type = SPAWN_TEMPLATE_ACTION_OPEN, .newfd = 2, .arg = POINTER(&null)},
	};
	int pidfd = -1;
	const struct spawn_template_spawn_args args = {
		.flags = SPAWN_TEMPLATE_SPAWN_INHERIT_FDS,
		.pidfd = POINTER(&pidfd),
		.argv = POINTER(argv),
		.envp = POINTER(envp),
		.actions = POINTER(actions),
		.actions_len = sizeof actions / sizeof *actions,
	};
	long pid = syscall(NR_SPAWN, template_fd, &args, sizeof args);

	if (pid > 0)
		close(pidfd);
	return (pid_t)pid;
}

/* The least that can be done without a template. */
static int vfork_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		       const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	(void)actions;
	(void)attr;
	*pid = vfork();
	if (*pid == 0) {
		for (int fd = 0; fd < 3; fd++) {
			close(fd);
			if (open("/dev/null", O_RDWR) != fd)
				_exit(127);
		}
		execve(path, argv, envp);
		_exit(127);
	}
	return *pid < 0 ? errno : 0;
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* One start and its end; returns the number of minor page faults. */
static int64_t start(struct way *way, char **argv)
{
	char **envp = environments[way->session];
	struct rusage usage;
	pid_t pid = -1;

	if (way->spawn)
		errno = way->spawn(&pid, argv[0], &libc_actions, NULL, argv, envp);
	else
		pid = spawn_from(way->template_fd, argv, envp);
	if (pid <= 0)
		fail(way->name);
	while (wait4(pid, &way->status, 0, &usage) != pid)
		if (errno != EINTR)
			fail("wait4");
	return usage.ru_minflt;
}

static void run(struct way *way, char **argv, int round, int batch)
{
	int64_t faults = 0;
	int64_t begin;
	int64_t end;

	if (way->choice && setenv("SPAWN_TEMPLATE", way->choice, 1))
		fail("setenv");
	begin = now();
	for (int i = 0; i < batch; i++)
		faults = start(way, argv);
	end = now();
	if (round < 0)
		return;
	way->times[round] = (end - begin) / batch;
	way->faults[round] = faults;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void report(struct way *way, int rounds)
{
	int64_t *t = way->times;

	qsort(t, (size_t)rounds, sizeof *t, by_value);
	qsort(way->faults, (size_t)rounds, sizeof *t, by_value);
	printf("%-12s %10lld %10lld %10lld  %4lld  %d\n", way->name, (long long)t[rounds / 4],
	       (long long)t[rounds / 2], (long long)t[rounds * 3 / 4],
	       (long long)way->faults[rounds / 2], way->status);
}

int main(int argc, char **argv)
{
	static struct way ways[] = {
		{.name = "libc"},
		{.name = "vfork", .spawn = vfork_spawn},
		{.name = "template"},
		{.name = "tree libc", .choice = "off", .session = true},
		{.name = "tree kernel", .choice = "kernel", .session = true},
		{.name = "tree image", .choice = "image", .session = true},
		{.name = "tree both", .choice = "auto", .session = true},
		{.name = "both", .session = true},
	};
	int rounds = argc > 3 ? atoi(argv[1]) : 0;
	const char *x = argc > 3 ? strchr(argv[1], 'x') : NULL;
	int batch = x ? atoi(x + 1) : 1;
	int count = sizeof ways / sizeof *ways;
	int err;

	if (rounds < 1 || rounds > ROUNDS_MAX || batch < 1) {
		fputs("usage: worth ROUNDS[xBATCH] IMAGE|- PROGRAM [ARG...]\n", stderr);
		return 2;
	}
	environments[0] = ways_environment(false);
	environments[1] = ways_environment(true);
	ways[0].spawn = ways_libc_spawn();
	if (!environments[0] || !environments[1] || !ways[0].spawn)
		fail("libc's posix_spawn and the environment");
	ways[2].template_fd = make_template(argv[3]);
	for (int i = 3; i < count - 1; i++)
		ways[i].spawn = posix_spawn;
	if (strcmp(argv[2], "-") != 0)
		ways[count - 1].template_fd = make_template(argv[2]);
	else
		count--;
	err = ways_open_null_streams(&libc_actions);
	if (err)
		fail("file actions");
	for (int round = -WARM_UP; round < rounds; round++)
		for (int k = 0; k < count; k++)
			run(&ways[(k + round + WARM_UP) % count], argv + 3, round,
			    round < 0 ? 1 : batch);
	for (int i = 0; i < count; i++)
		report(&ways[i], rounds);
	return 0;
}
