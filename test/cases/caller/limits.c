/*
 * How much may be passed on.  The environments are made here, so that the length of LD_PRELOAD does
 * not count, and the limit has to be the same to the byte.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

static char *show;

/* n strings of 1000 bytes and one of rest bytes. */
static char **list_of(size_t n, size_t rest)
{
	char **list = calloc(n + 3, sizeof *list);
	char *block = repeated('x', 999);

	REQUIRE(list != NULL);
	list[0] = strdup("show");
	list[1] = strdup("exit");
	for (size_t i = 0; i < n; i++)
		list[i + 2] = block;
	list[n + 1] = repeated('x', rest);
	return list;
}

static int start(char *const argv[], char *const envp[])
{
	pid_t pid;
	int ret = posix_spawn(&pid, show, NULL, NULL, argv, envp);

	if (ret == 0)
		REQUIRE(wait_for(pid) == 0);
	return ret;
}

/* The largest number of bytes in arguments that starts. */
static size_t largest(char *const envp[])
{
	size_t low = 0;
	size_t high = 8 << 20;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		char **argv = list_of(middle / 1000 + 1, middle % 1000);
		int ret = start(argv, envp);

		REQUIRE(ret == 0 || ret == E2BIG);
		if (ret == 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int main(void)
{
	static const rlim_t stacks[] = {8 << 20, 1 << 20, 256 << 10};

	show = helper("show");
	for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) {
		const struct rlimit limit = {stacks[i], stacks[i]};

		REQUIRE(setrlimit(RLIMIT_STACK, &limit) == 0);
		fact("stack %lu: %zu bytes", (unsigned long)stacks[i],
		     largest(strings("A=1", NULL)));
	}
	return 0;
}
