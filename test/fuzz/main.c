/*
 * NAME DIRECTORY: feed every file of a directory to the target, and first of all nothing.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* In memory of exactly its size, so that a sanitizer sees its end. */
static void feed(int fd)
{
	struct stat st;
	uint8_t *data;

	FUZZ_ASSERT(fstat(fd, &st) == 0);
	data = malloc((size_t)st.st_size);
	FUZZ_ASSERT(read(fd, data, (size_t)st.st_size) == st.st_size);
	LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	free(data);
}

int main(int argc, char **argv)
{
	const struct dirent *entry;
	unsigned files = 0;
	DIR *dir;

	FUZZ_ASSERT(argc == 2);
	LLVMFuzzerTestOneInput(NULL, 0);
	dir = opendir(argv[1]);
	FUZZ_ASSERT(dir);
	while ((entry = readdir(dir))) {
		int fd;

		if (entry->d_name[0] == '.')
			continue;
		/* Should it be the last, it is the one. */
		fprintf(stderr, "%s\n", entry->d_name);
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		FUZZ_ASSERT(fd >= 0);
		feed(fd);
		close(fd);
		files++;
	}
	closedir(dir);
	printf("%u files\n", files);
	return files ? EXIT_SUCCESS : EXIT_FAILURE;
}
