/*
 * Time the starts of one program: natively, by libc with the preload, and from its image.
 *
 *   start_bench ROUNDS SECONDS PROGRAM [ARG...]
 *
 * To be run inside a session (`spawn-template -- start_bench ...`): its own starts are then seen by
 * the preload, which reads SPAWN_TEMPLATE anew at each.  Outside one, there is only `native`.
 *
 *   native   libc's own posix_spawn(), and neither the preload nor a session in the environment
 *   libc     the preload sees the start and leaves it to libc (SPAWN_TEMPLATE=off)
 *   image    the preload starts the program from its image (SPAWN_TEMPLATE=image)
 *
 * The latter two give the program the same environment.  Each round starts each way once, in an
 * order that rotates, with standard streams on /dev/null, and waits.  At least ROUNDS rounds, and
 * more for SECONDS seconds.  Prints a line for each way: its name, the quartiles of the time from
 * start to end in microseconds, the median number of minor page faults, the number of rounds and
 * the wait status.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ways.h"

enum { WARM_UP = 5, ROUNDS_MAX = 4000 };

struct way {
	const char *name;
	const char *choice; /* SPAWN_TEMPLATE of this process, or null */
	spawn_function *spawn;
	char **envp;
	double *times;
	double *faults;
	int status;
};

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("start_bench: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static void *allocate(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p)
		fail("out of memory");
	return p;
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* Start and wait; the result in slot `round`, unless that is negative. */
static void run(struct way *way, const posix_spawn_file_actions_t *actions, char **argv, int round)
{
	struct rusage usage;
	double begin;
	pid_t pid;
	int err;

	if (way->choice && setenv("SPAWN_TEMPLATE", way->choice, 1))
		fail("setenv: %s", strerror(errno));
	begin = now_us();
	err = way->spawn(&pid, argv[0], actions, NULL, argv, way->envp);
	if (err)
		fail("%s: %s: %s", way->name, argv[0], strerror(err));
	while (wait4(pid, &way->status, 0, &usage) != pid)
		if (errno != EINTR)
			fail("wait4: %s", strerror(errno));
	if (round < 0)
		return;
	way->times[round] = now_us() - begin;
	way->faults[round] = (double)usage.ru_minflt;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value a quarter, a half, ... of the sorted values are not above. */
static double quantile(const double *sorted, int n, double q)
{
	double at = q * (n - 1);
	int below = (int)at;
	int above = below + 1 < n ? below + 1 : below;

	return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

static void report(const struct way *way, int rounds)
{
	double *t = way->times;

	qsort(t, (size_t)rounds, sizeof *t, by_value);
	qsort(way->faults, (size_t)rounds, sizeof *way->faults, by_value);
	printf("%s %.1f %.1f %.1f %.0f %d %d\n", way->name, quantile(t, rounds, 0.25),
	       quantile(t, rounds, 0.5), quantile(t, rounds, 0.75),
	       quantile(way->faults, rounds, 0.5), rounds, way->status);
}

int main(int argc, char **argv)
{
	struct way ways[] = {
		{.name = "native", .spawn = ways_libc_spawn(), .envp = ways_environment(false)},
		{.name = "libc",
		 .choice = "off",
		 .spawn = posix_spawn,
		 .envp = ways_environment(true)},
		{.name = "image", .choice = "image", .spawn = posix_spawn},
	};
	int count = getenv("SPAWN_TEMPLATE_CACHE") ? 3 : 1;
	int rounds = argc > 3 ? (int)strtol(argv[1], NULL, 10) : 0;
	double seconds = argc > 3 ? strtod(argv[2], NULL) : 0;
	posix_spawn_file_actions_t actions;
	double end;
	int round;
	int err;

	if (rounds < 1 || rounds > ROUNDS_MAX)
		fail("usage: start_bench ROUNDS SECONDS PROGRAM [ARG...]");
	ways[2].envp = ways[1].envp;
	if (!ways[0].spawn || !ways[0].envp || !ways[1].envp)
		fail("libc's posix_spawn and the environment: %s", strerror(errno));
	err = ways_open_null_streams(&actions);
	if (err)
		fail("file actions: %s", strerror(err));
	for (int i = 0; i < count; i++) {
		ways[i].times = allocate(ROUNDS_MAX, sizeof(double));
		ways[i].faults = allocate(ROUNDS_MAX, sizeof(double));
	}
	end = now_us() + seconds * 1e6;
	for (round = -WARM_UP; round < ROUNDS_MAX && (round < rounds || now_us() < end); round++)
		for (int k = 0; k < count; k++)
			run(&ways[(k + round + WARM_UP) % count], &actions, argv + 3, round);
	for (int i = 0; i < count; i++)
		report(&ways[i], round);
	return 0;
}
