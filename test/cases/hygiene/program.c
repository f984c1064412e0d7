/*
 * A program that can be built in every way: 32-bit, static, with another libc, with a sanitizer.
 * Prints its arguments and its environment, and ends with status 5.
 */
#include <stdio.h>

extern char **environ;

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		printf("argument %s\n", argv[i]);
	for (i = 0; environ[i]; i++)
		printf("%s\n", environ[i]);
	return 5;
}
