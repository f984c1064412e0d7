/* How much of a file is in memory, and in large pages, in pieces of 2 MiB. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "shim/template/image/large.h"

int main(int argc, char *argv[])
{
	struct large_count count;
	struct stat st;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0 || fstat(fd, &st) || large_count(fd, (uint64_t)st.st_size, &count))
		return 1;
	printf("%zu %zu\n", count.resident, count.large);
	return 0;
}
