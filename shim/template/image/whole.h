/*
 * Reading and writing all that is asked for, from one place of a file on.
 */
#ifndef ST_IMAGE_WHOLE_H
#define ST_IMAGE_WHOLE_H

#include <stddef.h>
#include <stdint.h>

/* 0 or a negative error number: -EIO where pwrite(2) writes nothing. */
int whole_write(int fd, const void *data, size_t size, uint64_t at);
/* The same; -ESTALE where the file ends before. */
int whole_read(int fd, void *data, size_t size, uint64_t at);

#endif
