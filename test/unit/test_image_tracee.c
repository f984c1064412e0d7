/*
 * No system call of what is baked goes by unseen.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "scratch.h"
#include "shim/template/image/opcode.h"
#include "shim/template/image/tracee.h"

static const struct {
	unsigned char code[OPCODE_MAX];
	bool enters;
} instructions[] = {
	{{0x0f, 0x05}, true},                         /* syscall */
	{{0x48, 0x0f, 0x05}, true},                   /* with REX.W, as ld.so's sysret has it */
	{{0x66, 0xf2, 0x2e, 0x41, 0x0f, 0x05}, true}, /* with prefixes */
	{{0x0f, 0x34}, true},                         /* sysenter */
	{{0xcd, 0x80}, true},                         /* int $0x80 */
	{{0xf3, 0xcd, 0x2e}, true},
	{{0xf3, 0x0f, 0x1e, 0xfa}, false}, /* endbr64 */
	{{0x0f, 0x31}, false},             /* rdtsc */
	{{0x55, 0x0f, 0x05}, false},       /* push %rbp; what follows is another instruction */
	{{0xb8, 0x0f, 0x05}, false},       /* mov $..., %eax */
	{{0x48, 0x83, 0xec, 0x08}, false}, /* sub $8, %rsp */
	{{0xeb, 0x05}, false},             /* jmp */
	/* More than an instruction can have. */
	{{0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66},
	 true},
};

START_TEST(instruction)
{
	ck_assert_int_eq(opcode_enters_kernel(instructions[_i].code, OPCODE_MAX),
			 instructions[_i].enters);
}
END_TEST

START_TEST(instruction_cut)
{
	const unsigned char call[] = {0x48, 0x0f, 0x05};
	const unsigned char other[] = {0x48, 0x89, 0xe5};

	ck_assert(opcode_enters_kernel(call, 0));
	ck_assert(opcode_enters_kernel(call, 1));
	ck_assert(opcode_enters_kernel(call, 2));
	ck_assert(opcode_enters_kernel(other, 2));
	ck_assert(!opcode_enters_kernel(other, 3));
}
END_TEST

/* What the kernel gave the tracee for AT_ENTRY. */
static uint64_t entry_of(const struct tracee *t)
{
	Elf64_auxv_t aux[64] = {0};
	char name[64];
	int fd;

	snprintf(name, sizeof name, "/proc/%d/auxv", (int)t->pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(read(fd, aux, sizeof aux - sizeof aux[0]), 0);
	close(fd);
	for (size_t i = 0; aux[i].a_type != AT_NULL; i++)
		if (aux[i].a_type == AT_ENTRY)
			return aux[i].a_un.a_val;
	return 0;
}

/* A program that is built so that a breakpoint is on its system call. */
START_TEST(under_a_breakpoint)
{
	char *argv[] = {"syscall", NULL};
	char *envp[] = {NULL};
	enum tracee_event event;
	struct user_regs_struct regs;
	struct tracee t;

	ck_assert_int_eq(tracee_start(&t, FIXTURE_DIR "/image_fixture_syscall", argv, envp, 0), 0);
	ck_assert_int_eq(tracee_add_breakpoint(&t, entry_of(&t)), 0);
	ck_assert_int_eq(tracee_run(&t, &event, &regs), 0);
	ck_assert_int_eq(event, TRACEE_HIDDEN);
	ck_assert_uint_eq(regs.rip, entry_of(&t));
	tracee_end(&t);
}
END_TEST

/* What the tracee has put there stays, and is told. */
START_TEST(over_a_breakpoint)
{
	char *argv[] = {"syscall", NULL};
	char *envp[] = {NULL};
	struct tracee t;
	char before[2];
	char after[2];

	ck_assert_int_eq(tracee_start(&t, FIXTURE_DIR "/image_fixture_syscall", argv, envp, 0), 0);
	ck_assert_int_eq(tracee_read(&t, entry_of(&t), before, 2), 0);
	ck_assert_int_eq(tracee_add_breakpoint(&t, entry_of(&t)), 0);
	ck_assert_int_eq(tracee_add_breakpoint(&t, entry_of(&t)), 0);
	ck_assert_int_eq(tracee_remove_breakpoints(&t), 0);
	ck_assert_int_eq(tracee_read(&t, entry_of(&t), after, 2), 0);
	ck_assert_mem_eq(before, after, 2);
	ck_assert_int_eq(tracee_add_breakpoint(&t, entry_of(&t)), 0);
	ck_assert_int_eq(tracee_write(&t, entry_of(&t), "\x90", 1), 0);
	ck_assert_int_eq(tracee_remove_breakpoints(&t), -ESTALE);
	ck_assert_int_eq(tracee_read(&t, entry_of(&t), after, 1), 0);
	ck_assert_int_eq(after[0], '\x90');
	tracee_end(&t);
}
END_TEST

/* Calls of ours are made by the instruction that they were to be made by, or not at all. */
START_TEST(by_what_is_no_system_call)
{
	const uint64_t none[6] = {0};
	char *argv[] = {"syscall", NULL};
	char *envp[] = {NULL};
	struct tracee t;
	long result;

	ck_assert_int_eq(tracee_start(&t, FIXTURE_DIR "/image_fixture_syscall", argv, envp, 0), 0);
	t.syscall_at = entry_of(&t) + 2;
	ck_assert_int_eq(tracee_syscall(&t, 39, none, &result), 0);
	ck_assert_int_eq(result, t.pid);
	ck_assert_int_eq(tracee_write(&t, t.syscall_at, "\xcd\x80", 2), 0);
	ck_assert_int_lt(tracee_syscall(&t, 39, none, &result), 0);
	tracee_end(&t);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_tracee");
	TCase *tcase = scratch_case(suite, "tracee", 20);

	tcase_add_loop_test(tcase, instruction, 0,
			    (int)(sizeof instructions / sizeof instructions[0]));
	tcase_add_test(tcase, instruction_cut);
	tcase_add_test(tcase, under_a_breakpoint);
	tcase_add_test(tcase, over_a_breakpoint);
	tcase_add_test(tcase, by_what_is_no_system_call);
	return scratch_run(suite);
}
