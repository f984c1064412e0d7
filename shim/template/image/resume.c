/*
 * Resume: the first code of a process that was started from an image.
 *
 * Hazards, and what answers each:
 *  1. There is no libc yet, no thread pointer, no stack protector, and no relocation has been done
 *     to this code.  It is freestanding, position independent, has no data of its own, and makes
 *     raw system calls: those that ld.so makes too, so that a seccomp filter under which the
 *     program starts natively does not stop it here.
 *  2. The image may be stale: the program, a library, ld.so, a variable or a limit that its start
 *     depended on is another now.  All of that is checked before anything is changed, against the
 *     very files that are then mapped.
 *  3. Any check may fail, and so may any system call.  Then the target itself is executed, by the
 *     path that it was asked for: the same program, natively, with nothing lost but time.
 *  4. Addresses of the process that was baked stand in the image: of its stack, its vDSO, its
 *     program break.  Each such word is on a list, with what it must be here.
 *  5. The kernel told the auxiliary vector about the image.  The program must read there what it
 *     would have read natively: its own headers, entry point, loader and name.
 *  6. What the kernel keeps per thread was not inherited: thread pointer, tid, robust list, rseq;
 *     nor what start-up has set for signals.
 *  7. Canaries of all processes from one image would be the same: the stack guard is drawn anew
 *     from this process's AT_RANDOM, as ld.so does.  No frame that holds an old one exists.
 *  8. Read-only data that has to be changed is mapped writable and protected again at the end.
 *  9. Copies of code (code.h) may have been removed.  Then the files themselves are mapped, which
 *     are looked at in any case.
 * 10. Pages are asked for before they are needed: only such as are the process's own to write to,
 *     with a write that changes nothing, or with madvise(2), whose failure does not matter.
 */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../../elfcache/mem.h"
#include "../../../elfcache/sys.h"
#include "resume_part.h"

#define ARCH_SET_FS_CODE 0x1002
#define RSEQ_FAILED      (-2) /* cpu_id of an area whose registration failed (glibc) */

#define MADV_POPULATE_WRITE_CODE 23 /* Linux 5.14; EINVAL before */

enum {
	PAGE_BYTES = 4096,
	POPULATE_MIN = 8 * PAGE_BYTES, /* where one call becomes cheaper than its faults */
};

/* Where to go on: returned in two registers to the code below. */
struct onward {
	uint64_t entry;
	uint64_t rdx;
};

struct onward resume(uint64_t *stack, const char *code);

/*
 * The entry point.  The psABI (3.4.1) has the stack pointer at argc and says nothing of other
 * registers; the program's own entry point is then entered with the same stack pointer, zero in
 * rbp to mark the outermost frame, and in rdx the function for atexit().
 */
__asm__(".section .text.entry, \"ax\", @progbits\n"
	".globl resume_entry\n"
	"resume_entry:\n"
	"	mov %rsp, %rbx\n"
	"	mov %rsp, %rdi\n"
	"	lea resume_entry(%rip), %rsi\n"
	"	and $-16, %rsp\n"
	"	call resume\n"
	"	mov %rbx, %rsp\n"
	"	xor %ebx, %ebx\n"
	"	xor %ebp, %ebp\n"
	"	jmp *%rax\n"
	".text\n");

__attribute__((noreturn)) static void start_natively(const struct process *p)
{
	/* A script's path stands for the argv[0] that the kernel will put aside again. */
	sys_call3(SYS_execve, (long)at_offset(p->table, p->table->target),
		  (long)(p->argv + p->table->script_args), (long)p->envp);
	/* It was there a moment ago, and the process cannot go back to what it was. */
	for (;;)
		sys_call3(SYS_exit_group, 127, 0, 0);
}

static void find_vectors(struct process *p, uint64_t *stack)
{
	char **at;

	p->stack = stack;
	p->argv = (char **)(stack + 1);
	p->envp = p->argv + stack[0] + 1;
	at = p->envp;
	while (*at)
		at++;
	p->auxv = (Elf64_auxv_t *)(void *)(at + 1);
	for (int i = 0; i < AUX_MAX; i++)
		p->aux[i] = 0;
	for (Elf64_auxv_t *a = p->auxv; a->a_type != AT_NULL; a++)
		if (a->a_type < AUX_MAX)
			p->aux[a->a_type] = a;
}

static void set_aux(struct process *p, unsigned type, uint64_t value)
{
	if (p->aux[type])
		p->aux[type]->a_un.a_val = value;
}

static void describe_target(struct process *p)
{
	const struct image_table *t = p->table;

	set_aux(p, AT_PHDR, t->at_phdr);
	set_aux(p, AT_PHENT, t->at_phent);
	set_aux(p, AT_PHNUM, t->at_phnum);
	set_aux(p, AT_BASE, t->at_base);
	set_aux(p, AT_ENTRY, t->at_entry);
	set_aux(p, AT_EXECFN, (uint64_t)at_offset(t, t->target));
}

static void register_thread(const struct process *p)
{
	const struct image_table *t = p->table;
	const uint64_t *random = (const uint64_t *)p->aux[AT_RANDOM]->a_un.a_val;

	/* The lowest byte stays zero, to stop string functions that overrun. */
	*(uint64_t *)t->stack_guard = *random & ~UINT64_C(0xff);
	if (t->tid_address)
		*(int32_t *)t->tid_address =
			(int32_t)sys_call3(SYS_set_tid_address, (long)t->tid_address, 0, 0);
	if (t->robust_list)
		sys_call3(SYS_set_robust_list, (long)t->robust_list, (long)t->robust_list_size, 0);
	/* cpu_id is the area's second word (linux/rseq.h). */
	if (t->rseq && sys_call4(SYS_rseq, (long)t->rseq, t->rseq_size, 0, t->rseq_signature))
		((int32_t *)t->rseq)[1] = RSEQ_FAILED;
}

/*
 * Have the kernel give the process its own copies of pages that it is likely to write to: at once
 * where they are many, which it may refuse to, else by writing, which is one page fault where
 * reading first and writing later are two.
 */
static void touch_pages(const struct image_table *t)
{
	const struct image_touch *list = at_offset(t, t->touches.at);

	for (uint32_t i = 0; i < t->touches.count; i++) {
		if (list[i].size >= POPULATE_MIN) {
			sys_call3(SYS_madvise, (long)list[i].at, (long)list[i].size,
				  MADV_POPULATE_WRITE_CODE);
			continue;
		}
		for (uint64_t at = list[i].at; at < list[i].at + list[i].size; at += PAGE_BYTES)
			__asm__ volatile("lock orb $0, %0" : "+m"(*(char *)at));
	}
}

/* Memory that is no part of the image's file is zero until then. */
static void copy_contents(const struct image_table *t)
{
	const struct image_content *list = at_offset(t, t->contents.at);

	for (uint32_t i = 0; i < t->contents.count; i++)
		mem_copy((void *)list[i].at, at_offset(t, list[i].data), list[i].size);
}

/* As start-up has done, when what is called then is in its place. */
static bool set_signals(const struct image_table *t)
{
	const struct image_action *list = at_offset(t, t->actions.at);

	for (uint32_t i = 0; i < t->actions.count; i++)
		if (sys_call4(SYS_rt_sigaction, (long)list[i].signal, (long)&list[i].action, 0,
			      sizeof t->unblocked))
			return false;
	return !t->unblocked || !sys_call4(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&t->unblocked, 0,
					   sizeof t->unblocked);
}

struct onward resume(uint64_t *stack, const char *code)
{
	const struct image_table *t = (const void *)(code + RESUME_CODE_SIZE);
	const struct image_protect *protects = at_offset(t, t->protects.at);
	struct process p = {.table = t};

	find_vectors(&p, stack);
	if (t->script_args && stack[0] <= t->script_args)
		sys_call3(SYS_exit_group, 127, 0, 0);
	/* Without an argument, which Linux before 5.18 lets be, start-up was not tried. */
	if (!stack[0] || !p.aux[AT_RANDOM] || !resume_is_fresh(&p) || !resume_can_fix(&p) ||
	    !resume_map(&p) || sys_call3(SYS_arch_prctl, ARCH_SET_FS_CODE, (long)t->fs_base, 0))
		start_natively(&p);
	describe_target(&p);
	touch_pages(t);
	copy_contents(t);
	resume_fix(&p);
	register_thread(&p);
	for (uint32_t i = 0; i < t->protects.count; i++)
		if (sys_call3(SYS_mprotect, (long)protects[i].at, (long)protects[i].size,
			      (long)protects[i].prot))
			start_natively(&p);
	if (!set_signals(t))
		start_natively(&p);
	/* What was rounded so far. */
	__asm__ volatile("ldmxcsr %0" : : "m"(t->mxcsr));
	return (struct onward){t->entry, t->rdx};
}
