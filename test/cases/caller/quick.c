/* The program that starts fastest: no libc, no memory of its own; ends with status 0. */
void _start(void);

void _start(void)
{
	__asm__ volatile("xorl %%edi, %%edi\n\tmovl $231, %%eax\n\tsyscall" ::: "memory");
	__builtin_unreachable();
}
