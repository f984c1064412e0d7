/*
 * How much disk space the images of a session may take, and what they map code from.
 */
#ifndef ST_IMAGE_ROOM_H
#define ST_IMAGE_ROOM_H

#include <stdint.h>

/*
 * In bytes, all together: 512 MiB, and no more than a quarter of what the disk would have
 * left without them.  left: what it has left, as statvfs(3) tells; own: what they take now.
 */
uint64_t room_limit(uint64_t left, uint64_t own);
/* The same on the file system of the directory dirfd. */
uint64_t room_limit_in(int dirfd, uint64_t own);

/* What of it copies of code (code.h) may take. */
uint64_t room_for_code(uint64_t limit);

#endif
