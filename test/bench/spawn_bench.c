/*
 * Time starts of programs in alternation.
 *
 *   spawn_bench ROUNDS NAME=[WAY:][VARIABLE=VALUE,...]PROGRAM ...
 *
 * Each round starts each candidate once, in an order that rotates, and waits for it.  A candidate
 * is a program, started by WAY (spawn: posix_spawn, the default; vfork, fork: with execve) with
 * these variables in its environment beside PATH.  Prints, for each, the quartiles of the time from
 * the start to the end, in microseconds, and the ratio of its median to the first one's.
 */
#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CANDIDATES_MAX = 16, VARIABLES_MAX = 16, WARM_UP = 20 };

struct candidate {
	const char *name;
	enum { WAY_SPAWN, WAY_VFORK, WAY_FORK } way;
	char *program;
	char *envp[VARIABLES_MAX + 2];
	double *times;
};

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fputs("spawn_bench: ", stderr);
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static void parse(struct candidate *c, char *text)
{
	static char path[] = "PATH=/usr/bin:/bin";
	size_t n = 0;
	char *rest = strchr(text, '=');
	char *comma;

	if (!rest)
		fail("%s: not of the form NAME=PROGRAM", text);
	*rest++ = '\0';
	c->name = text;
	if (strncmp(rest, "spawn:", 6) == 0) {
		rest += 6;
	} else if (strncmp(rest, "vfork:", 6) == 0) {
		c->way = WAY_VFORK;
		rest += 6;
	} else if (strncmp(rest, "fork:", 5) == 0) {
		c->way = WAY_FORK;
		rest += 5;
	}
	c->envp[n++] = path;
	while ((comma = strchr(rest, ','))) {
		if (n == VARIABLES_MAX)
			fail("%s: too many variables", c->name);
		*comma = '\0';
		c->envp[n++] = rest;
		rest = comma + 1;
	}
	c->program = rest;
}

static pid_t start(const struct candidate *c)
{
	char *argv[] = {c->program, NULL};
	pid_t pid;

	if (c->way == WAY_SPAWN) {
		errno = posix_spawn(&pid, c->program, NULL, NULL, argv, c->envp);
		return errno ? -1 : pid;
	}
	pid = c->way == WAY_FORK ? fork() : vfork();
	if (pid == 0) {
		execve(c->program, argv, c->envp);
		_exit(127);
	}
	return pid;
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double run(const struct candidate *c)
{
	double begin = now_us();
	pid_t pid = start(c);
	int status;

	if (pid < 0)
		fail("%s: %s: %s", c->name, c->program, strerror(errno));
	if (waitpid(pid, &status, 0) != pid || status != 0)
		fail("%s: %s: ended with status %d", c->name, c->program, status);
	return now_us() - begin;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const double *sorted, int n, double q)
{
	double at = q * (n - 1);
	int below = (int)floor(at);
	int above = below + 1 < n ? below + 1 : below;

	return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

int main(int argc, char **argv)
{
	struct candidate list[CANDIDATES_MAX] = {0};
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
	int n = argc - 2;
	double first = 0;

	if (rounds < 1 || n < 1 || n > CANDIDATES_MAX)
		fail("usage: spawn_bench ROUNDS NAME=[WAY:][VARIABLE=VALUE,...]PROGRAM ...");
	for (int i = 0; i < n; i++) {
		parse(&list[i], argv[i + 2]);
		list[i].times = calloc((size_t)rounds, sizeof *list[i].times);
		if (!list[i].times)
			fail("out of memory");
	}
	for (int round = -WARM_UP; round < rounds; round++)
		for (int k = 0; k < n; k++) {
			struct candidate *c = &list[(k + round + WARM_UP) % n];
			double time = run(c);

			if (round >= 0)
				c->times[round] = time;
		}
	printf("%-24s %10s %10s %10s %8s\n", "", "25 %", "median", "75 %", "ratio");
	for (int i = 0; i < n; i++) {
		double *t = list[i].times;
		double median;

		qsort(t, (size_t)rounds, sizeof *t, by_value);
		median = quantile(t, rounds, 0.5);
		first = i ? first : median;
		printf("%-24s %10.1f %10.1f %10.1f %8.3f\n", list[i].name,
		       quantile(t, rounds, 0.25), median, quantile(t, rounds, 0.75),
		       median / first);
		free(t);
	}
	return 0;
}
