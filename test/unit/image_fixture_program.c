/*
 * A program that must not have an image, for the reason that a FIXTURE_ macro gives.
 */
#include <unistd.h>

#if defined FIXTURE_SYSCALL

/* Its first instruction is a system call, with a prefix that means nothing. */
__asm__(".globl _start\n_start:\n\t.byte 0x66, 0x48\n\tsyscall\n\tud2");

#elif defined FIXTURE_START

/* It starts without libc's start-up. */
__attribute__((noreturn)) void _start(void);

__attribute__((noreturn)) void _start(void)
{
	_exit(0);
}

#elif defined FIXTURE_SANITIZED

/* Of MemorySanitizer's runtime, which is linked to the program, and used by its libraries. */
__attribute__((visibility("default"))) void __msan_init(void);

void __msan_init(void)
{
}

int main(void)
{
	return 0;
}

#else

/* As Go's linker marks what it makes. */
__attribute__((section(".note.go.buildid"), used, aligned(4))) static const struct {
	unsigned owner_size, size, type;
	char owner[4];
	char text[4];
} note = {4, 4, 4, "Go", "id"};

int main(void)
{
	return 0;
}

#endif
