/* The stack, the memory map, and stack switching. */
#include <alloca.h>
#include <execinfo.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "reporter.h"

static jmp_buf jump;
static sigjmp_buf signal_jump;
static char alternate[1 << 16];
static volatile sig_atomic_t on_alternate;

static void on_signal(int sig)
{
	char here;

	(void)sig;
	on_alternate = &here >= alternate && &here < alternate + sizeof alternate;
	siglongjmp(signal_jump, 1);
}

static void report_jumps(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	stack_t off = {.ss_flags = SS_DISABLE};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	struct sigaction old;

	if (setjmp(jump) == 0)
		longjmp(jump, 1);
	report("longjmp", "done");
	sigaltstack(&stack, NULL);
	sigaction(SIGVTALRM, &action, &old);
	if (sigsetjmp(signal_jump, 1) == 0)
		raise(SIGVTALRM);
	report("handler on the alternate stack", "%d", (int)on_alternate);
	sigaction(SIGVTALRM, &old, NULL);
	sigaltstack(&off, NULL);
}

/* Touch `size` bytes of new stack, from the top down, as a growing program does. */
__attribute__((noinline)) static unsigned grow(size_t size)
{
	volatile char *block = alloca(size);
	unsigned sum = 0;

	for (size_t at = size; at >= 4096; at -= 4096)
		block[at - 1] = 1;
	for (size_t at = size; at >= 4096; at -= 4096)
		sum += (unsigned)block[at - 1];
	return sum;
}

/* Permissions of the areas that have names of their own. */
static void report_map_names(void)
{
	static const char *const names[] = {"[heap]", "[stack]", "[vdso]", "[vvar]", "[vsyscall]"};
	static char maps[1 << 17];

	read_file("/proc/self/maps", maps, sizeof maps);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *at = strstr(maps, names[i]);
		const char *line = at;

		while (line && line > maps && line[-1] != '\n')
			line--;
		line = line ? strchr(line, ' ') : NULL;
		report(names[i], "%.4s", line ? line + 1 : "none");
	}
}

/* What libc believes of the main thread's stack. */
static void report_main_stack(void)
{
	pthread_attr_t attr;
	size_t size = 0;
	size_t guard = 0;
	void *at = NULL;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &at, &size);
	pthread_attr_getguardsize(&attr, &guard);
	/* The kernel places the stack's top at random: pages of it may be missing. */
	report("main stack", "about %zu MiB, guard %zu, here in it %d", (size + (1 << 19)) >> 20,
	       guard, (char *)&attr > (char *)at && (char *)&attr < (char *)at + size);
	pthread_attr_destroy(&attr);
}

static ucontext_t main_context;
static ucontext_t other_context;
static int context_steps;

static void other(void)
{
	context_steps++;
	swapcontext(&other_context, &main_context);
	context_steps++;
}

static void report_contexts(void)
{
	static char stack[1 << 16];

	getcontext(&other_context);
	other_context.uc_stack.ss_sp = stack;
	other_context.uc_stack.ss_size = sizeof stack;
	other_context.uc_link = &main_context;
	makecontext(&other_context, other, 0);
	swapcontext(&main_context, &other_context);
	swapcontext(&main_context, &other_context);
	report("contexts", "%d", context_steps);
}

void report_stack(void)
{
	report("stack of 4 MiB", "%u", grow(4 << 20));
	report_main_stack();
	report_map_names();
	report_jumps();
	report_contexts();
	report("memory locked", "%d", mlock(alternate, 4096) == 0 && munlock(alternate, 4096) == 0);
}
