#include "self_exe.h"

#include <elf.h>
#include <stdbool.h>

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"
#include "../template/image/range.h"
#include "next.h"
#include "readable.h"

/* Somewhere in this library: an image has all its libraries in a range of its own. */
static const char mark;

/*
 * The target's path.  Resume points AT_EXECFN to it, which elsewhere is on the stack, also in a
 * process that is being baked.
 */
static const char *target(void)
{
	const char *path;

	if (!NEXT(getauxval))
		return NULL;
	path = (const char *)NEXT(getauxval)(AT_EXECFN);
	return in_image_range(path) ? path : NULL;
}

/* True if s is this process's number followed by "/exe". */
static bool is_own_number(const char *s)
{
	long number = 0;

	for (; *s >= '0' && *s <= '9' && number <= INT32_MAX; s++)
		number = number * 10 + (*s - '0');
	return mem_same_string(s, "/exe") && number == sys_call3(SYS_getpid, 0, 0, 0);
}

static bool names_exe(const char *path)
{
	const char *rest = mem_after_prefix(path, "/proc/");

	if (!rest)
		return false;
	return mem_same_string(rest, "self/exe") || mem_same_string(rest, "thread-self/exe") ||
	       is_own_number(rest);
}

const char *self_exe(const char *path)
{
	const char *name;

	if (!in_image_range(&mark) || !path || !names_exe(path))
		return NULL;
	name = target();
	/* Behind the path as it was asked for: image/format.h. */
	return name ? name + mem_length(name) + 1 : NULL;
}

const char *self_exe_checked(const char *path)
{
	/* A string that ends right before a page that is not there is taken for unreadable, and
	   goes to the kernel as it is. */
	return in_image_range(&mark) && readable_pointer(path) ? self_exe(path) : NULL;
}
