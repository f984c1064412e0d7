/* stdio: buffers, what is left on stdin, what happens at exit.  Reported through stdio itself. */
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reporter.h"

static void at_exit(void)
{
	puts("atexit: called");
}

static void on_quick_exit(void)
{
	puts("at_quick_exit: called");
}

__attribute__((destructor)) static void destructor(void)
{
	printf("destructor: called, %zu bytes pending\n", __fpending(stdout));
}

void report_stdio(void)
{
	char line[256];
	size_t lines = 0;
	size_t bytes = 0;
	FILE *memory;
	char *text = NULL;
	size_t size = 0;

	while (fgets(line, sizeof line, stdin)) {
		lines++;
		bytes += strlen(line);
	}
	printf("standard input: %zu lines, %zu bytes, eof %d\n", lines, bytes, feof(stdin) != 0);
	printf("buffers: %zu %zu %zu, line-buffered %d %d\n", __fbufsize(stdin), __fbufsize(stdout),
	       __fbufsize(stderr), __flbf(stdout) != 0, __flbf(stderr) != 0);
	fprintf(stderr, "standard error: reached\n");
	memory = open_memstream(&text, &size);
	if (memory) {
		fprintf(memory, "%d", 42);
		fclose(memory);
		printf("memory stream: %s\n", text);
		free(text);
	}
	atexit(at_exit);
	at_quick_exit(on_quick_exit);
	/* Left in the buffer: exit() has to write it. */
	printf("end: pending");
	putchar('\n');
}
