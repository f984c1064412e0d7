/*
 * What a start-up does to its own memory.
 *
 * Hazards, and what answers each:
 *  1. A mapping lies where another process may have one of its own: it is put where none can
 *     (place.h), and so is the heap.
 *  2. The kernel's own mappings, the stack above all, are made anew in each process, and what was
 *     changed of them is not: a library that wants the stack executable jumps to it.  To change
 *     them is refused.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "survey.h"
#include "watch_part.h"

/* Whether [from, to) has a part of a mapping of the kernel's making: 1, 0, or a negative error
   number. */
static int has_kernels(const struct place *p, const struct tracee *t, uint64_t from, uint64_t to)
{
	struct mappings m;
	int found = 0;
	int err;

	if (from <= to && to <= IMAGE_HIGH)
		return 0;
	err = mappings_read(t->pid, &m);
	for (size_t i = 0; !err && i < m.count; i++)
		if (survey_is_kernels(&m.list[i], p) && m.list[i].end > from &&
		    (m.list[i].start < to || to < from))
			found = 1;
	mappings_free(&m);
	return err ? err : found;
}

int watch_change(struct watch *w, const struct place *p, const struct tracee *t,
		 const struct call *c)
{
	int found = has_kernels(p, t, c->arg[0], c->arg[0] + c->arg[1]);

	if (found <= 0)
		return found;
	return c->nr == SYS_mprotect && (c->arg[2] & PROT_EXEC)
		       ? watch_refuse(w, "its start-up makes the stack executable")
		       : watch_refuse(
				 w, "its start-up changes its stack, or what else is the kernel's");
}

/* brk(2) in the place that the heap of a started image will have. */
void watch_brk(struct place *p, struct call *c, struct user_regs_struct *regs)
{
	uint64_t old = (p->brk + 4095) & ~UINT64_C(4095);
	uint64_t wanted = c->arg[0];
	uint64_t end = (wanted + 4095) & ~UINT64_C(4095);

	c->emulated = true;
	if (wanted >= p->brk_start && wanted - p->brk_start < UINT64_C(0x40000000))
		p->brk = wanted;
	c->result = p->brk;
	regs->orig_rax = SYS_getpid;
	if (c->result != wanted || end <= old)
		return;
	regs->orig_rax = SYS_mmap;
	regs->rdi = old;
	regs->rsi = end - old;
	regs->rdx = PROT_READ | PROT_WRITE;
	regs->r10 = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	regs->r8 = (unsigned long long)-1;
	regs->r9 = 0;
}

int watch_mmap(struct watch *w, struct place *p, const struct tracee *t, const struct call *c,
	       struct user_regs_struct *regs)
{
	const uint64_t flags = c->arg[3];

	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		return watch_refuse(w, "its start-up maps shared memory");
	if (!(flags & MAP_ANONYMOUS) && watch_own_descriptor(w, c->arg[4]))
		return -ENOTSUP;
	if (flags & MAP_FIXED)
		return watch_change(w, p, t, c);
	if (flags & (MAP_32BIT | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN | MAP_HUGETLB | MAP_LOCKED))
		return watch_refuse(w, "its start-up asks for memory of a special kind");
	if (c->arg[1] > p->lowest - IMAGE_LOW)
		return watch_refuse(w, "its start-up asks for too much memory");
	if (!(flags & MAP_ANONYMOUS))
		regs->rdi = place_object(p, t, (int)c->arg[4], c->arg[1]);
	else if (c->arg[2] == (PROT_READ | PROT_WRITE))
		regs->rdi = place_data(p, c->arg[1]);
	else
		regs->rdi = place_mapping(p, c->arg[1]);
	regs->r10 = flags | MAP_FIXED;
	return 0;
}
