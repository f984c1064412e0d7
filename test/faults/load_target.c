/*
 * load_target NAME NUMBER - what `load` starts and replaces: prints NAME, the version that is in
 * this file, and NUMBER, and ends with its last two digits.
 *
 * The version stands in read-only data behind a mark by which it is found in the file.  It is
 * written there with its complement, so that a reader knows when it has met a writer half-way.
 * With -DLIBRARY it is that of a library, with -DLINKED that of the library linked with.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "load_version.h"

extern unsigned version(void);

#ifndef LINKED

__attribute__((aligned(64))) static const volatile struct load_version here = {LOAD_MARK, 0, ~0U};

unsigned version(void)
{
	uint32_t number;

	do
		number = here.number;
	while (here.complement != ~number);
	return number;
}

#endif

#ifndef LIBRARY

int main(int argc, char **argv)
{
	if (argc != 3)
		return 99;
	printf("%s %u %s\n", argv[1], version(), argv[2]);
	return atoi(argv[2]) % 90;
}

#endif
