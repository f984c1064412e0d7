/*
 * The content of a section .gnu_debuglink: by which debuggers find a file that describes more of a
 * program than the one which was started.  It is the program itself here.
 */
#ifndef ST_IMAGE_DEBUGLINK_H
#define ST_IMAGE_DEBUGLINK_H

#include <stddef.h>

/*
 * Read the open file fd, whose real path this is, for its checksum.  Returns the section's content,
 * *size bytes, a multiple of 4, to be freed; null if the file cannot be read, or there is no
 * memory.
 */
unsigned char *debuglink_make(int fd, const char *path, size_t *size);

#endif
