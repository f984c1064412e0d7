/*
 * debug_target wait|crash|work - for debuggers and profilers: a function of the program is called
 * by one of libc, and calls one.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tell.h"

static const char *what;
static volatile unsigned long sum;

/* Called by qsort(). */
__attribute__((noinline)) int compare_and_stop(const void *a, const void *b);

int compare_and_stop(const void *a, const void *b)
{
	if (strcmp(what, "wait") == 0) {
		puts("ready");
		fflush(stdout);
		pause();
	} else if (strcmp(what, "crash") == 0) {
		abort();
	}
	for (unsigned long i = 0; i < 300000000; i++)
		sum += i ^ (unsigned long)(*(const int *)a - *(const int *)b);
	return 0;
}

int main(int argc, char **argv)
{
	int numbers[2] = {2, 1};

	if (argc < 2)
		return 2;
	what = argv[1];
	tell((const void *)main);
	qsort(numbers, 2, sizeof numbers[0], compare_and_stop);
	return 0;
}
