/* chain PROGRAM [ARGUMENT...] - only executes it.  Built without the preload's reach: static. */
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	execv(argv[1], argv + 1);
	return 126;
}
