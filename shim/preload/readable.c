#include "readable.h"

#include <signal.h>

enum { PAGE = 4096, PAGES = sizeof((struct reader *)0)->pages / sizeof(uintptr_t) };

/*
 * The kernel reads a path, to its end or for a page, before it finds that there is no directory -1
 * for it to start from.  So nothing is looked up, but for what begins with a slash.
 *
 * ld.so makes that call itself: no filter of system calls under which a program can start forbids
 * it.  And it reads no byte that is not the caller's own: valgrind reports those.  In a pointer is
 * always a zero.  (rt_sigprocmask() with a wrong how would be quicker, and valgrind complains.)
 */
static bool is_readable(const void *p)
{
	struct stat st;

	return sys_fstatat(-1, p, &st, 0) != -EFAULT;
}

bool reader_can(struct reader *r, const void *p)
{
	const uintptr_t page = (uintptr_t)p / PAGE + 1;

	for (unsigned i = 0; i < PAGES; i++)
		if (r->pages[i] == page)
			return true;
	if (!is_readable(p))
		return false;
	r->pages[r->next++ % PAGES] = page;
	return true;
}

bool reader_can_string(struct reader *r, const char *s)
{
	if (!reader_can(r, s))
		return false;
	for (; *s; s++)
		if ((uintptr_t)(s + 1) % PAGE == 0 && !reader_can(r, s + 1))
			return false;
	return true;
}

bool reader_pointer(struct reader *r, char *const *p, char **value)
{
	/* One that is not aligned may be in two pages. */
	if (!reader_can(r, p) || !reader_can(r, (const char *)(p + 1) - 1))
		return false;
	*value = *(char *const volatile *)p;
	return true;
}

bool stack_is_alternate(void)
{
	stack_t stack;

	return sys_call3(SYS_sigaltstack, 0, (long)&stack, 0) || (stack.ss_flags & SS_ONSTACK);
}

bool stack_takes(size_t pointers)
{
	enum { FEW = 128, BESIDE = 2 * PAGE };
	const char *here = __builtin_frame_address(0);
	const size_t size = pointers * sizeof(char *) + BESIDE;

	if (pointers <= FEW)
		return true;
	if (stack_is_alternate())
		return false;
	/* The main thread's grows, others end at a guard page, or so one hopes. */
	for (size_t at = PAGE; at < size + PAGE; at += PAGE)
		if (!is_readable(here - at))
			return false;
	return true;
}
