/*
 * faults RUNS PROGRAM [ARGUMENT...] - the least number of minor page faults of RUNS runs, without
 * address space randomisation, which moves some of them.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

int main(int argc, char **argv)
{
	long least = -1;
	int runs = argc >= 3 ? atoi(argv[1]) : 0;

	if (runs < 1)
		fail("usage: faults RUNS PROGRAM [ARGUMENT...]");
	personality(ADDR_NO_RANDOMIZE);
	for (int i = 0; i < runs; i++) {
		struct rusage usage;
		pid_t pid;
		int status;

		REQUIRE(posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) == 0);
		REQUIRE(wait4(pid, &status, 0, &usage) == pid && status == 0);
		if (least == -1 || usage.ru_minflt < least)
			least = usage.ru_minflt;
	}
	fact("%ld", least);
	return 0;
}
