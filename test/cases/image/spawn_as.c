/*
 * spawn_as NAME PROGRAM [ARGUMENT...] - execute a program whose argv[0] is NAME.
 */
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	char *program = argv[2];

	argv[2] = argv[1];
	execv(program, argv + 2);
	return 127;
}
