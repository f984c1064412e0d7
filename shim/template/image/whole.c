#include "whole.h"

#include <errno.h>
#include <unistd.h>

int whole_write(int fd, const void *data, size_t size, uint64_t at)
{
	const char *from = data;

	while (size) {
		ssize_t n = pwrite(fd, from, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		from += n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

int whole_read(int fd, void *data, size_t size, uint64_t at)
{
	char *to = data;

	while (size) {
		ssize_t n = pread(fd, to, size, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ESTALE;
		to += n;
		at += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}
