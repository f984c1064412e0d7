/*
 * Reads the clocks that the vDSO has, often.
 */
#include <stdio.h>
#include <sys/time.h>
#include <time.h>

#include "tell.h"

int main(void)
{
	struct timespec time_of_clock;
	struct timeval time_of_day;
	int failures = 0;

	tell((const void *)main);
	for (int i = 0; i < 1000; i++) {
		failures += clock_gettime(CLOCK_MONOTONIC, &time_of_clock) != 0;
		failures += clock_gettime(CLOCK_REALTIME, &time_of_clock) != 0;
		failures += gettimeofday(&time_of_day, NULL) != 0;
		failures += time(NULL) == (time_t)-1;
	}
	printf("%d failures\n", failures);
	return failures != 0;
}
