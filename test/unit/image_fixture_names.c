/*
 * A program with the names of MANY functions beside its own ones, which are local and global.
 */
#include <stdlib.h>

extern int image_fixture_data;
int image_fixture_data = 1;
int image_fixture_global(int n);

static __attribute__((noinline)) int image_fixture_local(int n)
{
	return n * image_fixture_data;
}

__attribute__((noinline, visibility("default"))) int image_fixture_global(int n)
{
	return image_fixture_local(n) + 1;
}

int main(int argc, char **argv)
{
	(void)argv;
	return image_fixture_global(argc) != 2;
}

#define TEXT_OF(n) #n
#define TEXT(n)    TEXT_OF(n)
#define REPEAT     ".rept " TEXT(MANY) "\n"

__asm__(".pushsection .text.zz_names, \"ax\", @progbits\n"
	".macro one_name\n"
	"	.type one_of_many_functions_with_long_names_\\@, @function\n"
	"one_of_many_functions_with_long_names_\\@:\n"
	"	ret\n"
	"	.size one_of_many_functions_with_long_names_\\@, 1\n"
	".endm\n" REPEAT "	one_name\n"
	".endr\n"
	".popsection\n");
