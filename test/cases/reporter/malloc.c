/* malloc and the program break.  Called first: later reports allocate too. */
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../old_libc.h"
#include "reporter.h"

enum { BLOCKS = 64 };

static void report_mallinfo(const char *key)
{
	struct mallinfo2 info = mallinfo2();

	/* Of int with older versions. */
	report(key, "arena %zu, free chunks %zu, fast %zu, maps %zu, mapped %zu, used %zu, top %zu",
	       (size_t)info.arena, (size_t)info.ordblks, (size_t)info.smblks, (size_t)info.hblks,
	       (size_t)info.hblkhd, (size_t)info.uordblks, (size_t)info.keepcost);
}

void report_malloc(void)
{
	static void *blocks[BLOCKS];
	const char *start = sbrk(0);
	const char *heap;
	uintptr_t sum = 0;

	report_mallinfo("malloc at start");
	heap = malloc(1);
	report("first block", "%s",
	       heap && heap < start ? "below the break" : "where the break was");
	report("first block's offset", "%#lx", (unsigned long)(heap - start));
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(i * i * 64 + 1);
		if (blocks[i])
			memset(blocks[i], (int)i, i * i * 64 + 1);
		sum += malloc_usable_size(blocks[i]);
	}
	report("usable bytes", "%lu", (unsigned long)sum);
	report_mallinfo("malloc when full");
	for (size_t i = 0; i < BLOCKS; i += 2)
		free(blocks[i]);
	report_mallinfo("malloc half empty");
	for (size_t i = 1; i < BLOCKS; i += 2)
		free(blocks[i]);
	free((void *)(uintptr_t)heap);
	report_mallinfo("malloc when empty");
	report("malloc_trim", "%d", malloc_trim(0));
	report("aligned_alloc", "%d", ((uintptr_t)aligned_alloc(4096, 8192) & 4095) == 0);
	/* The break goes on where it ended. */
	start = sbrk(0);
	report("sbrk", "%d", sbrk(12345) == start && (const char *)sbrk(0) == start + 12345);
	report("brk", "%d", brk((void *)(uintptr_t)start) == 0 && sbrk(0) == start);
}
