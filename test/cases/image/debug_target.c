/*
 * debug_target wait|crash|work - for debuggers and profilers: functions of the program are called
 * by one of libc and call one, and one of a library.  With BULK, the program has so much code that
 * no image stores it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tell.h"

unsigned long debug_library_work(unsigned long count);
int compare_numbers(const void *a, const void *b);

#ifdef BULK
__asm__(".pushsection .text.bulk, \"ax\", @progbits\n"
	".skip 1 << 20, 0xcc\n"
	".popsection\n");
#endif

int visits;
static const char *what;
static volatile unsigned long sum;
static volatile unsigned long rounds = 60000000;

static __attribute__((noinline)) unsigned long program_work(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		sum += i ^ (sum << 1);
	return sum;
}

/* What is to be seen from outside.  Neither a tail call nor one that does not return. */
static __attribute__((noinline)) int show(void)
{
	int result = 0;

	visits += 42;
	if (strcmp(what, "wait") == 0) {
		puts("ready");
		fflush(stdout);
		result = pause();
	} else if (strcmp(what, "crash") == 0) {
		result = *(volatile int *)sum;
	} else {
		result = (int)(program_work(rounds) + debug_library_work(rounds));
	}
	return result + visits;
}

/* Called by qsort(). */
__attribute__((noinline)) int compare_numbers(const void *a, const void *b)
{
	return show() + *(const int *)a - *(const int *)b;
}

int main(int argc, char **argv)
{
	int numbers[2] = {2, 1};

	if (argc < 2)
		return 2;
	what = argv[1];
	tell((const void *)stdout);
	qsort(numbers, 2, sizeof numbers[0], compare_numbers);
	return 0;
}
