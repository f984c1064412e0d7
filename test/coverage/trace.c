/*
 * What is counted of code that has no libc: the preload and the resume code.  Compiled with
 * -fsanitize-coverage=trace-pc, each basic block of theirs calls this, which marks the byte of a
 * shared file that stands for the place it was called from.  lines.py makes lines of places.
 *
 * A shared file, since such a process has no end at which something could be written: it executes
 * another program, or is a vfork() child.  Nothing is counted where the file cannot be opened.
 */
#include <stdint.h>

#include "elfcache/sys.h"

void __sanitizer_cov_trace_pc(void);

/* Where the code begins, in each process. */
extern const char coverage_base[] __asm__(COVERAGE_BASE) __attribute__((visibility("hidden")));

static char *map_hits(void)
{
	int fd = sys_openat(AT_FDCWD, COVERAGE_FILE, O_RDWR | O_CLOEXEC, 0);
	long at;

	if (fd < 0)
		return NULL;
	at = sys_call6(SYS_mmap, 0, COVERAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	sys_close(fd);
	return at < 0 ? NULL : (char *)at;
}

#ifdef COVERAGE_STATELESS
/* The resume code has no variables, and what it maps would stay in the program. */
void __sanitizer_cov_trace_pc(void)
{
	uintptr_t place = (uintptr_t)__builtin_return_address(0) - (uintptr_t)coverage_base;
	char *hits = map_hits();

	if (!hits)
		return;
	hits[place] = 1;
	sys_call3(SYS_munmap, (long)hits, COVERAGE_SIZE, 0);
}
#else
static char *_Atomic mapped;

void __sanitizer_cov_trace_pc(void)
{
	uintptr_t place = (uintptr_t)__builtin_return_address(0) - (uintptr_t)coverage_base;
	char *hits = mapped;

	if (!hits) {
		hits = map_hits();
		if (!hits)
			return;
		mapped = hits;
	}
	hits[place] = 1;
}
#endif
