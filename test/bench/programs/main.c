/* A small program to compile. */
#include <stdio.h>
#include <string.h>

static int weight(const char *text)
{
	int sum = 0;

	for (size_t i = 0; i < strlen(text); i++)
		sum = sum * 31 + text[i];
	return sum;
}

int main(int argc, char **argv)
{
	int unused_count;

	for (int i = 1; i < argc; i++)
		printf("%d %s\n", weight(argv[i]), argv[i]);
	printf("%d arguments\n", argc - 1);
	return 0;
}
