/*
 * A program that is rare in one way, which a FIXTURE_ macro gives: most must not have an image.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
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

#elif defined FIXTURE_ALIGNED

enum { ALIGNMENT = 0x200000 };

_Alignas(ALIGNMENT) static char object[16];

/* How far its object is from where it has to be. */
int main(void)
{
	char *volatile at = object;

	printf("%lx\n", (unsigned long)((uintptr_t)at % ALIGNMENT));
	return 0;
}

#elif defined FIXTURE_WEAK

__attribute__((weak)) int image_fixture_late(void);

/* It loads what defines its function, and then calls it. */
int main(int argc, char **argv)
{
	if (argc < 2 || !dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL))
		return 1;
	printf("%d\n", image_fixture_late());
	return 0;
}

#elif defined FIXTURE_CHOICE

extern int image_fixture_choice;
int image_fixture_chosen(void);

/* Which function it is, it has chosen itself. */
int main(void)
{
	image_fixture_choice = 1;
	printf("%d\n", image_fixture_chosen());
	return 0;
}

#elif defined FIXTURE_ORIGIN

/* Where it finds a library that is beside it. */
static void look_for(const char *name)
{
	struct link_map *library = dlopen(name, RTLD_NOW);

	printf("%s: %s\n", name, library ? library->l_name : dlerror());
	if (library)
		dlclose(library);
}

int main(void)
{
	look_for("$ORIGIN/libimage_fixture_late.so");
	look_for("${ORIGIN}/../unit/libimage_fixture_late.so");
	return 0;
}

#elif defined FIXTURE_FIXED

/* It has a place that an image could have (image.cmake), and uses libc's start-up.  The compiler's
   start files cannot be linked there. */
__attribute__((noreturn)) void _start(void);
int __libc_start_main(void);

__attribute__((noreturn)) void _start(void)
{
	int (*volatile start)(void) = __libc_start_main;

	_exit(start == NULL);
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
