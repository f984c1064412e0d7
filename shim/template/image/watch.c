#include "watch.h"

#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "watch_part.h"

enum { STEPS_MAX = 20000 };

/* In the thread control block (sysdeps/x86_64/nptl/tls.h). */
enum { TCB_CANARY = 0x28, TCB_GUARD = 0x30 };

int watch_refuse(struct watch *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(w->refusal, sizeof w->refusal, format, ap);
	va_end(ap);
	return -ENOTSUP;
}

/*
 * ld.so has made its guards of the kernel's random bytes, and no constructor has run: whoever reads
 * the bytes from now on finds others, and what looks like a guard is one.
 */
static int forget_random(struct watch *w, const struct place *p, const struct tracee *t)
{
	uint64_t guards[2] = {0};
	int err = tracee_read(t, w->fs_base + TCB_CANARY, guards, sizeof guards[0]);

	if (!err)
		err = tracee_read(t, w->fs_base + TCB_GUARD, guards + 1, sizeof guards[1]);
	if (err || guards[0] != p->canary || guards[1] != p->guard)
		return watch_refuse(w, "its loader sets no guards, or sets them late");
	if (getrandom(w->random, sizeof w->random, 0) != sizeof w->random)
		return -EIO;
	return tracee_write(t, p->aux[AT_RANDOM], w->random, sizeof w->random);
}

/* A function of ld.so or libc that is watched was called. */
static int on_function(struct watch *w, struct place *p, struct tracee *t, struct functions *f,
		       const struct user_regs_struct *regs)
{
	if (regs->rip == f->loaded) {
		int err = functions_watch_libc(f, p, t);

		if (!err && f->has_memory_sanitizer)
			return watch_refuse(w, "MemorySanitizer needs addresses that images have");
		if (err || !f->libc)
			return err;
		p->is_loaded = true;
		return forget_random(w, p, t);
	}
	for (size_t i = 0; i < FUNCTIONS_CLOCKS; i++)
		if (regs->rip == f->clocks[i])
			return watch_clock(w, p, t, f, regs);
	if (regs->rip == f->get_random)
		return watch_random(w, p, t, f, regs);
	return watch_function(w, t, f, regs);
}

/* Start-up is over. */
static int at_entry(struct watch *w, const struct place *p, struct tracee *t,
		    const struct functions *f, const struct user_regs_struct *regs)
{
	int err;

	if (regs->rsp != p->stack)
		return watch_refuse(w, "its stack is not as the kernel made it");
	if (!f->curbrk)
		return watch_refuse(w, "it does not use glibc");
	if (w->opened)
		return watch_refuse(w, "its start-up leaves a file open");
	w->rdx = regs->rdx;
	w->curbrk = f->curbrk;
	err = watch_vectors_end(w);
	if (!err)
		err = watch_registers(w, t, regs);
	if (!err)
		err = watch_stack_end(w, p, t);
	if (!err)
		err = tracee_get_mask(t, &w->mask);
	if (!err)
		err = tracee_remove_breakpoints(t);
	return err == -ESTALE ? watch_refuse(w, "its start-up changes code of libc, or its own")
			      : err;
}

int watch_run(struct watch *w, struct place *p, struct tracee *t)
{
	struct functions functions = {0};
	struct call call = {0};
	int err = tracee_add_breakpoint(t, p->aux[AT_ENTRY]);

	*w = (struct watch){0};
	if (!err)
		err = tracee_set_mask(t, p->spot->blocked);
	if (!err)
		err = functions_watch_loader(&functions, p, t);
	if (!err)
		err = watch_vectors(w, p, t);
	if (!err)
		err = watch_stack(w, p, t);
	for (int steps = 0; !err; steps++) {
		struct user_regs_struct regs;
		enum tracee_event event;

		if (steps == STEPS_MAX)
			return watch_refuse(w, "its start-up takes too long");
		err = tracee_run(t, &event, &regs);
		if (err)
			break;
		if (event == TRACEE_SYSCALL_ENTRY) {
			err = watch_before_call(w, p, t, &call, &regs);
		} else if (event == TRACEE_SYSCALL_EXIT) {
			err = watch_after_call(w, p, t, &call, &regs);
		} else if (event == TRACEE_CLOCK) {
			/* ld.so times itself for LD_DEBUG=statistics. */
			if (regs.rip < p->loader || regs.rip >= p->loader_end)
				err = watch_refuse(w, "its start-up reads a clock");
		} else if (event == TRACEE_WATCH) {
			err = watch_touched(w, p, t, &functions, &regs);
		} else if (event == TRACEE_FOREIGN) {
			err = watch_refuse(w, "its start-up makes system calls of another machine");
		} else if (event == TRACEE_HIDDEN) {
			err = watch_refuse(w,
					   "its start-up makes system calls that cannot be seen");
		} else if (event == TRACEE_OTHER) {
			err = watch_refuse(w, "its start-up ends or raises a signal");
		} else if (regs.rip == p->aux[AT_ENTRY]) {
			return at_entry(w, p, t, &functions, &regs);
		} else {
			err = on_function(w, p, t, &functions, &regs);
		}
	}
	return err;
}

static bool same_files(const struct watch *w, const struct watch *other)
{
	if (w->file_count != other->file_count)
		return false;
	for (unsigned i = 0; i < w->file_count; i++) {
		const struct seen_file *f = &w->files[i];
		const struct seen_file *g = &other->files[i];

		if (strcmp(f->path, g->path) != 0 || f->absent != g->absent ||
		    f->rights != g->rights)
			return false;
	}
	return true;
}

static bool same_names(const struct watch *w, const struct watch *other)
{
	if (w->name_count != other->name_count)
		return false;
	for (unsigned i = 0; i < w->name_count; i++)
		if (strcmp(w->names[i], other->names[i]) != 0)
			return false;
	return true;
}

bool watch_is_like(const struct watch *w, const struct watch *other, const struct spot *spot)
{
	return other->mask == (spot->blocked & ~w->unblocked) && w->streams == other->streams &&
	       w->mxcsr == other->mxcsr && w->action_count == other->action_count &&
	       memcmp(w->actions, other->actions, w->action_count * sizeof w->actions[0]) == 0 &&
	       same_files(w, other) && same_names(w, other);
}

/*
 * Signal by signal: it is left as it was if it is unblocked at the end of the run that began so,
 * and blocked at the end of the other one.  The two that libpthread.so unblocks before glibc 2.34,
 * so that threads can be cancelled, are its own.
 */
int watch_compare(struct watch *w, const struct watch *second, const struct spot *spot)
{
	const uint64_t libpthreads = UINT64_C(3) << 31;

	w->unblocked = spot->blocked & ~second->mask;
	if (w->mask || (second->mask & ~spot->blocked) || (w->unblocked & ~libpthreads))
		return watch_refuse(w, "its start-up changes the signal mask");
	if (!watch_is_like(w, second, spot))
		return watch_refuse(w, "its start-up has another result each time");
	return 0;
}

void watch_free(struct watch *w)
{
	for (unsigned i = 0; i < w->file_count; i++)
		free(w->files[i].path);
	for (unsigned i = 0; i < w->name_count; i++)
		free(w->names[i]);
	free(w->stack);
	w->stack = NULL;
	w->file_count = 0;
	w->name_count = 0;
}
