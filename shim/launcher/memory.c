#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"

static int exit_status = EXIT_FOUND;

void memory_exit_status(int status)
{
	exit_status = status;
}

__attribute__((noreturn)) static void out_of_memory(void)
{
	say("out of memory");
	exit(exit_status);
}

void *memory_get(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *memory_resize(void *old, size_t n, size_t size)
{
	void *p = reallocarray(old, n ? n : 1, size);

	if (!p)
		out_of_memory();
	return p;
}

char *memory_copy_string(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		out_of_memory();
	return copy;
}
