#include "debuglink.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/*
 * Debuggers put the name behind that of the directory where they found the image, which is not
 * known here, and is deep below: from above the root there is no way but back to it.
 */
static const char up[] = "../";

enum { LEVELS = 40, BUFFER = 1 << 16 };

/* The checksum of debug links (gdb(1), "Separate Debug Files") is zlib's.  False if the file cannot
   be read. */
static bool checksum(int fd, uint32_t *value)
{
	unsigned char *buffer = malloc(BUFFER);
	uLong crc = crc32(0, NULL, 0);
	ssize_t n = -1;

	for (off_t at = 0; buffer && (n = pread(fd, buffer, BUFFER, at)) > 0; at += n)
		crc = crc32(crc, buffer, (uInt)n);
	free(buffer);
	*value = (uint32_t)crc;
	return n == 0;
}

unsigned char *debuglink_make(int fd, const char *path, size_t *size)
{
	size_t ups = LEVELS * (sizeof up - 1);
	size_t length = strlen(path);
	size_t end = (ups + length + 3) & ~(size_t)3; /* behind the NUL and its padding */
	unsigned char *data;
	uint32_t value;

	if (path[0] != '/' || !checksum(fd, &value))
		return NULL;
	data = calloc(1, end + sizeof value);
	if (!data)
		return NULL;
	for (int i = 0; i < LEVELS; i++)
		memcpy(data + (size_t)i * (sizeof up - 1), up, sizeof up - 1);
	memcpy(data + ups, path + 1, length - 1);
	memcpy(data + end, &value, sizeof value);
	*size = end + sizeof value;
	return data;
}
