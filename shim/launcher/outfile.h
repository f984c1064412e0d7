/*
 * A file that is written at the end and must be known to be writable at the beginning.
 */
#ifndef ST_LAUNCHER_OUTFILE_H
#define ST_LAUNCHER_OUTFILE_H

#include <limits.h>
#include <stddef.h>

struct outfile {
	int dirfd;                     /* of the directory, if it is replaced by rename(2) */
	int fd;                        /* of the file, if it is written to as it is; else -1 */
	char name[NAME_MAX + 1];       /* in the directory */
	char temporary[NAME_MAX + 10]; /* what it is called until it is complete */
};

/*
 * Prepare to write the file `path`.  A regular file, or one that does not exist, will be replaced
 * as a whole; a device, a FIFO, and whatever stands below /dev and /proc is written to as it is.
 * Returns 0, or a negative error number if that will not be possible.
 */
int outfile_open(const char *path, struct outfile *out);

/* Write it and be done with it.  0 or a negative error number, with nothing left over. */
int outfile_write(struct outfile *out, const char *text, size_t len);

/* Be done with it without writing. */
void outfile_close(struct outfile *out);

#endif
