#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "reporter.h"

size_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t n;

	buf[0] = '\0';
	if (fd == -1)
		return 0;
	while ((n = read(fd, buf + length, size - 1 - length)) > 0)
		length += (size_t)n;
	close(fd);
	buf[length] = '\0';
	return length;
}

const char *status_field(const char *text, const char *name, char *buf, size_t size)
{
	size_t name_length = strlen(name);

	buf[0] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		size_t length;

		if (*line == '\n')
			line++;
		if (strncmp(line, name, name_length) != 0 || line[name_length] != ':')
			continue;
		line += name_length + 1;
		line += strspn(line, " \t");
		length = strcspn(line, "\n");
		if (length > size - 1)
			length = size - 1;
		memcpy(buf, line, length);
		buf[length] = '\0';
		break;
	}
	return buf;
}
