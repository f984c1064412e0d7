/*
 * The environment that programs are baked in, as the command hands it over: definitions, each with
 * its NUL, in a file.
 */
#ifndef ST_SERVICE_ENVIRONMENT_BLOB_H
#define ST_SERVICE_ENVIRONMENT_BLOB_H

/* Read it from fd, which is closed.  Null-terminated, for the life of the process; null if it
   cannot be read. */
char **environment_blob_read(int fd);

#endif
