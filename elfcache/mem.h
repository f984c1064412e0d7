/*
 * The few memory and string functions that code in the preload needs.
 *
 * libc's own are IFUNCs behind relocations, and other preloaded libraries (sanitizers, allocators)
 * interpose them; these are neither.
 */
#ifndef ST_ELFCACHE_MEM_H
#define ST_ELFCACHE_MEM_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __clang_analyzer__
/* The analyser does not know what the instructions below write. */
#define mem_copy(to, from, n) ((void)__builtin_memcpy((to), (from), (n)))
#define mem_zero(at, n)       ((void)__builtin_memset((at), 0, (n)))
#else
/* Regions must not overlap. */
static inline void mem_copy(void *to, const void *from, size_t n)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static inline void mem_zero(void *at, size_t n)
{
	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(0) : "memory");
}
#endif

static inline bool mem_equal(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a;
	const unsigned char *q = b;

	while (n && *p == *q)
		n--, p++, q++;
	return n == 0;
}

/* strlen(3) */
static inline size_t mem_length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static inline bool mem_same_string(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* The rest of s behind prefix, or null if s does not begin with it. */
static inline const char *mem_after_prefix(const char *s, const char *prefix)
{
	while (*prefix)
		if (*s++ != *prefix++)
			return NULL;
	return s;
}

/* strchrnul(3) */
static inline const char *mem_find_or_end(const char *s, char c)
{
	while (*s && *s != c)
		s++;
	return s;
}

#endif
