/*
 * Resource limits that a start-up looks at: they are conditions, with one exception.
 *
 * libc takes RLIMIT_STACK for the default size of the stacks of threads, in every program, and
 * resume knows what it makes of it (merge.h): it gets a value that is another one in the second
 * run.  That is the first time that anybody asks: libc itself before any constructor runs, or,
 * before glibc 2.34, the constructor of libpthread.so, which ld.so calls first.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "maps.h"
#include "watch_part.h"

/* True if the function that makes the system call was called by libpthread.so: it has nothing on
   the stack. */
static bool is_libpthreads(const struct tracee *t, const struct user_regs_struct *regs)
{
	const struct mapping *map;
	const char *base = NULL;
	struct mappings m;
	uint64_t caller;
	bool result;

	if (tracee_read(t, regs->rsp, &caller, sizeof caller) || mappings_read(t->pid, &m))
		return false;
	map = mappings_at(&m, caller);
	if (map)
		base = strrchr(map->path, '/');
	result = base && (strncmp(base, "/libpthread-2.", 14) == 0 ||
			  strcmp(base, "/libpthread.so.0") == 0);
	mappings_free(&m);
	return result;
}

int watch_limit(struct watch *w, const struct place *p, const struct tracee *t,
		const struct call *c, const struct user_regs_struct *regs)
{
	struct rlimit limit;
	int err;

	if (c->arg[0] != 0 || c->arg[2] != 0 || c->arg[3] == 0)
		return watch_refuse(w, "its start-up sets a resource limit");
	if (w->limit_count == WATCH_LIMITS)
		return watch_refuse(w, "its start-up looks at too many resource limits");
	err = tracee_read(t, c->arg[3], &limit, sizeof limit);
	if (err)
		return err;
	if (c->arg[1] == RLIMIT_STACK && !w->has_stack_limit &&
	    (!p->is_loaded || is_libpthreads(t, regs))) {
		w->has_stack_limit = true;
		limit.rlim_cur = p->spot->stack_limit;
		return tracee_write(t, c->arg[3], &limit, sizeof limit);
	}
	w->limits[w->limit_count++] =
		(struct image_limit){c->arg[1], limit.rlim_cur, limit.rlim_max};
	return 0;
}
