/*
 * What a compiler may call without being asked.  Linked into the preload, under hidden visibility,
 * and into the resume code of images, so that they need nobody else's.  Not part of the library.
 */
#include <stddef.h>

#include "mem.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memset(void *at, int c, size_t n);
void *memmove(void *to, const void *from, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	mem_copy(to, from, n);
	return to;
}

void *memset(void *at, int c, size_t n)
{
	void *start = at;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(c) : "memory");
	return start;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *p = to;
	const char *q = from;

	if (p <= q || p >= q + n)
		return memcpy(to, from, n);
	while (n--)
		p[n] = q[n];
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a;
	const unsigned char *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *s)
{
	return mem_length(s);
}
