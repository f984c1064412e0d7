#include "calc.h"
#include "version.h"

#include <stdio.h>
#include <string.h>

static struct program program;

int main(int argc, char **argv)
{
	char text[65536];
	size_t wrong;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("calc " VERSION);
		return 0;
	}
	text[fread(text, 1, sizeof text - 1, stdin)] = '\0';
	wrong = compile(&program, text);
	if (wrong) {
		fprintf(stderr, "calc: byte %zu is not understood\n", wrong - 1);
		return 2;
	}
	return run(&program);
}
