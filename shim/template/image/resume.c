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
#include <sys/prctl.h>
#include <time.h>

#include "../../../elfcache/sys.h"
#include "format.h"

#define ARCH_SET_FS_CODE 0x1002
#define RSEQ_FAILED      (-2) /* cpu_id of an area whose registration failed (glibc) */

#define MADV_POPULATE_WRITE_CODE 23 /* Linux 5.14; EINVAL before */

enum { STACK_LIMIT_MIN = 1 << 20, STACK_SIZE_DEFAULT = 2 << 20 };
enum {
	AUX_MAX = 64,
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

struct process {
	const struct image_table *table;
	uint64_t *stack;
	char **argv;
	char **envp;
	Elf64_auxv_t *auxv;
	Elf64_auxv_t *aux[AUX_MAX];    /* by type; null where there is none */
	uint64_t thread_stack;         /* what is asked for FIX_STACK_LIMIT; 0 before */
	uint64_t clocks[IMAGE_CLOCKS]; /* what was read of them, ns */
};

static const void *at_offset(const struct image_table *t, uint32_t offset)
{
	return (const char *)t + offset;
}

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

static bool aux_is(const struct process *p, unsigned type, uint64_t value)
{
	return p->aux[type] && p->aux[type]->a_un.a_val == value;
}

/* What is not secure has the same real user. */
static bool credentials_are_fresh(const struct process *p)
{
	return aux_is(p, AT_SECURE, 0) && aux_is(p, AT_EUID, p->table->uid);
}

/* True if s begins with the n characters of name and a '='. */
static bool defines(const char *s, const char *name, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (s[i] != name[i])
			return false;
	return s[n] == '=';
}

static bool same_string(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static bool variables_are_fresh(const struct process *p)
{
	const struct image_table *t = p->table;
	const struct image_variable *list = at_offset(t, t->variables);
	uint64_t letters = 0;
	uint64_t wanted = 0;

	/* First letters of the names, modulo 64: most variables are passed over by that. */
	for (uint32_t i = 0; i < t->variable_count; i++) {
		const char *text = at_offset(t, list[i].text);

		letters |= UINT64_C(1) << (text[0] & 63);
		if (text[list[i].name_len] == '=')
			wanted |= UINT64_C(1) << i;
	}
	for (char **e = p->envp; *e; e++) {
		if (!(letters >> (**e & 63) & 1))
			continue;
		for (uint32_t i = 0; i < t->variable_count; i++) {
			const char *text = at_offset(t, list[i].text);

			if (!defines(*e, text, list[i].name_len))
				continue;
			/* Not to be set, set to something else, or set twice. */
			if (!(wanted >> i & 1) || !same_string(*e, text))
				return false;
			wanted &= ~(UINT64_C(1) << i);
		}
	}
	return wanted == 0;
}

static bool limits_are_fresh(const struct process *p)
{
	const struct image_limit *list = at_offset(p->table, p->table->limits);

	for (uint32_t i = 0; i < p->table->limit_count; i++) {
		struct rlimit now;

		if (sys_getrlimit((int)list[i].resource, &now) || now.rlim_cur != list[i].soft ||
		    now.rlim_max != list[i].hard)
			return false;
	}
	return true;
}

static bool bounds_are_fresh(const struct process *p)
{
	const struct image_bound *list = at_offset(p->table, p->table->bounds);

	for (uint32_t i = 0; i < p->table->bound_count; i++)
		if (sys_call3(SYS_prctl, PR_CAPBSET_READ, list[i].capability, 0) != list[i].answer)
			return false;
	return true;
}

static bool affinities_are_fresh(const struct process *p)
{
	const struct image_affinity *list = at_offset(p->table, p->table->affinities);

	for (uint32_t i = 0; i < p->table->affinity_count; i++) {
		uint64_t now[sizeof list->set / sizeof list->set[0]] = {0};

		if (sys_call3(SYS_sched_getaffinity, 0, list[i].size, (long)now) != list[i].result)
			return false;
		for (uint32_t word = 0; word < sizeof now / sizeof now[0]; word++)
			if (now[word] != list[i].set[word])
				return false;
	}
	return true;
}

/* All that a copy of code has in common with the one that is put in its place (renew.h). */
static bool same_copy(const struct identity *id, const struct stat *st)
{
	return st->st_dev == id->dev && (uint64_t)st->st_size == id->size &&
	       st->st_mode == id->mode && st->st_uid == id->uid && st->st_gid == id->gid &&
	       st->st_mtim.tv_sec == id->mtime_sec && st->st_mtim.tv_nsec == id->mtime_nsec;
}

static bool same_file(const struct identity *id, const struct stat *st)
{
	return st->st_ino == id->ino && st->st_ctim.tv_sec == id->ctime_sec &&
	       st->st_ctim.tv_nsec == id->ctime_nsec && same_copy(id, st);
}

static bool map_pages(const struct image_map *m, int fd)
{
	int flags = MAP_PRIVATE | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS | MAP_NORESERVE : 0);

	return sys_mmap((void *)m->at, m->size, (int)m->prot, flags, fd, (off_t)m->offset) ==
	       (void *)m->at;
}

/* As ld.so does: of glibc 2.33 to 2.38 with newfstatat(2). */
static int look_at(const struct process *p, int fd, struct stat *st)
{
	return p->table->uses_fstat ? sys_fstat(fd, st) : sys_fstatat(fd, "", st, AT_EMPTY_PATH);
}

/* Look at the file of that name, without following a link that it is if is_link_meant. */
static int look_for(const struct process *p, const char *path, bool is_link_meant, struct stat *st)
{
	int closed;
	int err;
	int fd;

	if (!p->table->uses_fstat)
		return sys_fstatat(AT_FDCWD, path, st, is_link_meant ? AT_SYMLINK_NOFOLLOW : 0);
	fd = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC | (is_link_meant ? O_NOFOLLOW : 0), 0);
	if (fd < 0)
		return fd;
	err = sys_fstat(fd, st);
	closed = sys_close(fd);
	return err ? err : closed;
}

/* Open a file, see that it is the one, and map what the image wants of it. */
static bool map_from(const struct process *p, uint32_t path, const struct identity *id,
		     bool (*same)(const struct identity *, const struct stat *), uint32_t map,
		     uint32_t count)
{
	const struct image_map *maps = at_offset(p->table, p->table->maps);
	struct stat st;
	bool ok;
	int fd = sys_openat(AT_FDCWD, at_offset(p->table, path), O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return false;
	ok = !look_at(p, fd, &st) && same(id, &st);
	for (uint32_t i = 0; ok && i < count; i++)
		ok = map_pages(&maps[map + i], fd);
	return !sys_close(fd) && ok;
}

static bool is_fresh(const struct process *p, const struct image_file *f)
{
	const char *path = at_offset(p->table, f->path);
	struct stat st;
	int err = look_for(p, path, f->absent, &st);

	return f->absent ? err == -ENOENT || err == -ENOTDIR : !err && same_file(&f->id, &st);
}

static bool map_file(const struct process *p, const struct image_file *f)
{
	const struct image_copy *copies = at_offset(p->table, p->table->copies);
	const struct image_copy *copy = f->copy ? &copies[f->copy - 1] : 0;

	if ((copy || f->maps == 0) && !is_fresh(p, f))
		return false;
	if (f->maps == 0 ||
	    (copy && map_from(p, copy->path, &copy->id, same_copy, copy->map, copy->maps)))
		return true;
	return map_from(p, f->path, &f->id, same_file, f->map, f->maps);
}

static bool map_all(const struct process *p)
{
	const struct image_table *t = p->table;
	const struct image_file *files = at_offset(t, t->files);
	const struct image_map *maps = at_offset(t, t->maps);

	for (uint32_t i = 0; i < t->file_count; i++)
		if (!map_file(p, &files[i]))
			return false;
	for (uint32_t i = 0; i < t->bare_maps; i++)
		if (!map_pages(&maps[t->bare_map + i], -1))
			return false;
	return true;
}

static uint64_t last_component(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return (uint64_t)base;
}

/* PTR_MANGLE of glibc on x86-64: the guard is the second word of AT_RANDOM. */
static uint64_t mangled(uint64_t value, uint64_t guard)
{
	value ^= guard;
	return value << 17 | value >> 47;
}

static uint64_t with_half(uint64_t word, int32_t half, uint64_t value)
{
	return half ? (word & 0xffffffff) | value << 32 : (word & ~UINT64_C(0xffffffff)) | value;
}

/*
 * What glibc makes of RLIMIT_STACK (nptl/nptl_init.c, pthread_initialize_minimal): the default size
 * of a thread's stack.  0 for a limit so small that it takes other things into account.
 */
static uint64_t thread_stack_size(void)
{
	struct rlimit now;

	if (sys_getrlimit(RLIMIT_STACK, &now) || now.rlim_cur < STACK_LIMIT_MIN)
		return 0;
	if (now.rlim_cur == RLIM_INFINITY)
		return STACK_SIZE_DEFAULT;
	return (now.rlim_cur + 4095) & ~UINT64_C(4095);
}

/* As start-up asks for it: of the vDSO, which makes no system call of it. */
static uint64_t read_clock(struct process *p, unsigned clock)
{
	int (*const clock_gettime)(clockid_t, struct timespec *) =
		(int (*)(clockid_t, struct timespec *))(p->aux[AT_SYSINFO_EHDR]->a_un.a_val +
							p->table->clock_gettime);
	struct timespec now = {0};

	/* All that it knows of one moment is from one. */
	if (!p->clocks[clock] && clock_gettime((clockid_t)clock, &now) == 0)
		p->clocks[clock] = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	return p->clocks[clock];
}

static uint64_t fixed_clock(struct process *p, const struct image_fix *fix)
{
	const uint32_t arg = (uint32_t)fix->arg;
	uint64_t value = image_clock_value(read_clock(p, arg & 0xff), arg >> 8 & 0xff);

	if (arg >> 16 == CLOCK_WHOLE)
		return value;
	return with_half(*(const uint64_t *)fix->at, arg >> 16 == CLOCK_HIGH_HALF,
			 value & 0xffffffff);
}

static uint64_t fixed_value(struct process *p, const struct image_fix *fix)
{
	const uint64_t *random = (const uint64_t *)p->aux[AT_RANDOM]->a_un.a_val;

	switch (fix->kind) {
	case FIX_STACK:
		return (uint64_t)p->stack + (uint64_t)(int64_t)fix->arg;
	case FIX_ENVP:
		return (uint64_t)p->envp;
	case FIX_AUXV:
		return (uint64_t)p->auxv;
	case FIX_ARGV0:
		return (uint64_t)p->argv[0];
	case FIX_PROGNAME:
		return last_component(p->argv[0]);
	case FIX_AUX:
		return p->aux[fix->arg]->a_un.a_val;
	case FIX_VDSO:
		return p->aux[AT_SYSINFO_EHDR]->a_un.a_val + (uint32_t)fix->arg;
	case FIX_GUARD:
		return random[1];
	case FIX_ARGC:
		return with_half(*(const uint64_t *)fix->at, fix->arg, p->stack[0]);
	case FIX_STACK_LIMIT:
		return p->thread_stack;
	case FIX_CLOCK:
		return fixed_clock(p, fix);
	case FIX_MANGLED:
		return mangled(*(const uint64_t *)fix->at, random[1]);
	default: /* FIX_BRK */
		return (uint64_t)sys_call3(SYS_brk, 0, 0, 0);
	}
}

static bool can_be_fixed(struct process *p, const struct image_fix *fix)
{
	if (fix->kind == FIX_AUX)
		return p->aux[fix->arg];
	if (fix->kind == FIX_STACK_LIMIT) {
		if (!p->thread_stack)
			p->thread_stack = thread_stack_size();
		return p->thread_stack != 0;
	}
	if (fix->kind == FIX_VDSO || fix->kind == FIX_CLOCK)
		return p->aux[AT_SYSINFO_EHDR];
	return true;
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
	const struct image_touch *list = at_offset(t, t->touches);

	for (uint32_t i = 0; i < t->touch_count; i++) {
		if (list[i].size >= POPULATE_MIN) {
			sys_call3(SYS_madvise, (long)list[i].at, (long)list[i].size,
				  MADV_POPULATE_WRITE_CODE);
			continue;
		}
		for (uint64_t at = list[i].at; at < list[i].at + list[i].size; at += PAGE_BYTES)
			__asm__ volatile("lock orb $0, %0" : "+m"(*(char *)at));
	}
}

/* As start-up has done, when what is called then is in its place. */
static bool set_signals(const struct image_table *t)
{
	const struct image_action *list = at_offset(t, t->actions);

	for (uint32_t i = 0; i < t->action_count; i++)
		if (sys_call4(SYS_rt_sigaction, (long)list[i].signal, (long)&list[i].action, 0,
			      sizeof t->unblocked))
			return false;
	return !t->unblocked || !sys_call4(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&t->unblocked, 0,
					   sizeof t->unblocked);
}

struct onward resume(uint64_t *stack, const char *code)
{
	const struct image_table *t = (const void *)(code + RESUME_CODE_SIZE);
	const struct image_fix *fixes = at_offset(t, t->fixes);
	const struct image_protect *protects = at_offset(t, t->protects);
	struct process p = {.table = t};

	find_vectors(&p, stack);
	if (stack[0] <= t->script_args)
		sys_call3(SYS_exit_group, 127, 0, 0);
	if (!p.aux[AT_RANDOM] || !credentials_are_fresh(&p) || !variables_are_fresh(&p) ||
	    !limits_are_fresh(&p) || !bounds_are_fresh(&p) || !affinities_are_fresh(&p))
		start_natively(&p);
	for (uint32_t i = 0; i < t->fix_count; i++)
		if (!can_be_fixed(&p, &fixes[i]))
			start_natively(&p);
	if (!map_all(&p) || sys_call3(SYS_arch_prctl, ARCH_SET_FS_CODE, (long)t->fs_base, 0))
		start_natively(&p);
	describe_target(&p);
	touch_pages(t);
	for (uint32_t i = 0; i < t->fix_count; i++)
		*(uint64_t *)fixes[i].at = fixed_value(&p, &fixes[i]);
	register_thread(&p);
	for (uint32_t i = 0; i < t->protect_count; i++)
		if (sys_call3(SYS_mprotect, (long)protects[i].at, (long)protects[i].size,
			      (long)protects[i].prot))
			start_natively(&p);
	if (!set_signals(t))
		start_natively(&p);
	return (struct onward){t->entry, t->rdx};
}
