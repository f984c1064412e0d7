/*
 * What `many` starts.  It uses its stack, its heap and its arguments, and ends as it is told.
 */
#include <stdio.h>
#include <string.h>

#include "tell.h"

__thread int of_thread = 7;

int main(int argc, char **argv)
{
	volatile char stack[32768];
	char *heap[8];
	int number = atoi(argv[1]);

	if (number % 1000 == 0)
		tell((const void *)malloc);
	for (size_t i = 0; i < sizeof stack; i += 512)
		stack[i] = 1;
	for (size_t i = 0; i < 8; i++) {
		heap[i] = malloc(1000 << i);
		if (!heap[i])
			return 100;
		memset(heap[i], (int)i, 1000 << i);
	}
	for (size_t i = 0; i < 8; i++) {
		if (heap[i][999 << i] != (char)i)
			return 101;
		free(heap[i]);
	}
	if (of_thread != 7 || (argc > 2 && strlen(argv[argc - 1]) != strlen(argv[2])))
		return 102;
	printf("%d %d", number, argc);
	return number % 10;
}
