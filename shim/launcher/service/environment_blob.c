#include "environment_blob.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int environment_blob_write(char *const envp[])
{
	int fd = memfd_create("environment", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (; *envp; envp++) {
		size_t size = strlen(*envp) + 1;

		if (write(fd, *envp, size) != (ssize_t)size) {
			close(fd);
			return -ENOSPC;
		}
	}
	if (lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -EIO;
}

static char *read_all(int fd, size_t *size)
{
	struct stat st;
	char *text;
	size_t done = 0;

	if (fstat(fd, &st) || st.st_size < 0)
		return NULL;
	*size = (size_t)st.st_size;
	text = malloc(*size + 1);
	while (text && done < *size) {
		ssize_t n = read(fd, text + done, *size - done);

		if (n <= 0) {
			free(text);
			return NULL;
		}
		done += (size_t)n;
	}
	if (text)
		text[*size] = '\0';
	return text;
}

char **environment_blob_read(int fd)
{
	size_t size = 0;
	char *text = read_all(fd, &size);
	size_t count = 0;
	char **list;

	close(fd);
	if (!text)
		return NULL;
	for (size_t i = 0; i < size; i++)
		count += text[i] == '\0';
	list = calloc(count + 1, sizeof *list);
	if (!list || !count) {
		free(text);
		return list;
	}
	for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
		list[i] = text;
	return list;
}

void environment_blob_free(char **envp)
{
	/* The first definition is where all of them begin. */
	if (envp)
		free(envp[0]);
	free(envp);
}
