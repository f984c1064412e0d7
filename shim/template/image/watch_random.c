/*
 * Random bytes that a start-up asks for, otherwise than by AT_RANDOM.
 *
 * Whoever keeps them has another result each time, and is refused.  But malloc asks for eight of
 * them in every program, its tcache key, by which it marks freed memory, and tells its own marks
 * from data: that all processes of an image have the same is no harm.  So what is in libc's own
 * variables is known to merge.c (spot->random), and nobody else gets these bytes.
 */
#include <errno.h>
#include <sys/random.h>

#include "watch_part.h"

/* What a byte is asked for, or eight: to see whether there are any (gnutls).  More may be the seed
   of a generator. */
int watch_random_size(struct watch *w, const struct place *p, uint64_t size)
{
	return size > sizeof p->spot->random
		       ? watch_refuse(w, "its start-up asks for %lu random bytes", size)
		       : 0;
}

/* Other bytes than those that malloc may keep. */
static uint64_t bytes_for_others(const struct place *p)
{
	return p->spot->random ^ UINT64_C(0xc3a5c3a5c3a5c3a5);
}

/* True if that is one of libc's variables.  It is asked for before ld.so has said that all is
   loaded. */
static bool is_libcs(const struct tracee *t, uint64_t at, uint64_t size)
{
	struct functions f = {0};
	uint64_t from;
	uint64_t to;

	functions_find_libc(&f, t->pid);
	return f.libc && !place_variables(t, f.libc, &from, &to) && at >= from && at < to &&
	       to - at >= size;
}

int watch_random_call(const struct place *p, const struct tracee *t, const struct call *c,
		      long result)
{
	uint64_t bytes;

	if (result <= 0)
		return 0;
	bytes = is_libcs(t, c->arg[0], c->arg[1]) ? p->spot->random : bytes_for_others(p);
	return tracee_write(t, c->arg[0], &bytes, (size_t)result);
}

/*
 * Answered in libc's place, unless it calls itself (malloc, before glibc 2.37).  Since 2.41 it
 * prepares a state for the vDSO's function first, in memory that no two processes may share.
 * Without that, libc is as it is before the first call, and whoever calls it next, in a process of
 * its own, finds it so.
 */
int watch_random(struct watch *w, const struct place *p, const struct tracee *t,
		 const struct functions *f, const struct user_regs_struct *regs)
{
	const uint64_t bytes = bytes_for_others(p);
	struct user_regs_struct after = *regs;
	uint64_t size = regs->rsi;
	int err = tracee_read(t, regs->rsp, &after.rip, sizeof after.rip);

	if (err || (after.rip >= f->libc && after.rip < f->libc_end))
		return err;
	err = watch_random_size(w, p, size);
	if (!err && (regs->rdx & ~(uint64_t)GRND_NONBLOCK))
		err = watch_refuse(w, "its start-up calls getrandom(%#llx)", regs->rdx);
	if (!err)
		err = tracee_write(t, regs->rdi, &bytes, size);
	if (err)
		return err;
	after.rsp += sizeof after.rip;
	after.rax = size;
	return tracee_set_regs(t, &after);
}
