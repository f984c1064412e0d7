/*
 * Words that stand for something else in each process: addresses of its stack, its vDSO and its
 * program break, times, what is mangled with a secret.
 */
#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "../../../elfcache/sys.h"
#include "resume_part.h"

enum { STACK_LIMIT_MIN = 1 << 20, STACK_SIZE_DEFAULT = 2 << 20 };

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
	case FIX_ORIGIN:
		return (uint64_t)at_offset(p->table, p->table->origin);
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

bool resume_can_fix(struct process *p)
{
	const struct image_fix *list = at_offset(p->table, p->table->fixes.at);

	for (uint32_t i = 0; i < p->table->fixes.count; i++)
		if (!can_be_fixed(p, &list[i]))
			return false;
	return true;
}

/* As start-up sets them where it finds a stream of that kind. */
static void set_stream_words(const struct process *p)
{
	const struct image_stream_word *list = at_offset(p->table, p->table->stream_words.at);

	for (uint32_t i = 0; i < p->table->stream_words.count; i++)
		if (list[i].kind == p->stream_kind)
			*(uint64_t *)list[i].at =
				list[i].is_position ? p->stream_position : list[i].value;
}

void resume_fix(struct process *p)
{
	const struct image_fix *list = at_offset(p->table, p->table->fixes.at);

	for (uint32_t i = 0; i < p->table->fixes.count; i++)
		*(uint64_t *)list[i].at = fixed_value(p, &list[i]);
	set_stream_words(p);
}
