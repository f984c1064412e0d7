#include "environment_blob.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	for (size_t i = 0; list && i < count; i++, text += strlen(text) + 1)
		list[i] = text;
	return list;
}
