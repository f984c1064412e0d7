/*
 * With -DLIBRARY a library that knows a word; else a program that says it.
 */
#ifdef LIBRARY

const char *word(void);

const char *word(void)
{
	return WORD;
}

#else

#include <stdio.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "tell.h"

#ifndef VERSION
#define VERSION "program"
#endif

extern const char *word(void);

int main(int argc, char **argv)
{
	tell((const void *)word);
	printf("%s; %s", VERSION, word());
	for (int i = 1; i < argc; i++)
		printf("; %s", argv[i]);
	/* In its secure mode ld.so takes some variables away. */
	printf("; secure: %lu, TMPDIR: %d\n", getauxval(AT_SECURE), getenv("TMPDIR") != NULL);
	return argc;
}

#endif
