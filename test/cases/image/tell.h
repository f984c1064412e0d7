/*
 * How a test learns whether a program was resumed from an image, which the program itself is not
 * to notice: images have addresses that no other memory has.
 */
#ifndef ST_CASES_IMAGE_TELL_H
#define ST_CASES_IMAGE_TELL_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "shim/template/image/range.h"

/*
 * Append "image" or "native" to the file that the variable ST_TELL names, if there is one.  place:
 * anything in a shared library, or in the program if it is linked to no fixed address.
 */
static inline void tell(const void *place)
{
	const char *path = getenv("ST_TELL");
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;

	if (fd < 0)
		return;
	if (in_image_range(place) ? write(fd, "image\n", 6) < 0 : write(fd, "native\n", 7) < 0)
		abort();
	close(fd);
}

#endif
