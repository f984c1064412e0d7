/*
 * The environment that programs are baked in, as the command hands it over: definitions, each with
 * its NUL, in a file.
 */
#ifndef ST_SERVICE_ENVIRONMENT_BLOB_H
#define ST_SERVICE_ENVIRONMENT_BLOB_H

/* An anonymous file with the environment in it, at its beginning; or a negative error number. */
int environment_blob_write(char *const envp[]);

/* Read it from fd, which is closed.  Null-terminated; null if it cannot be read. */
char **environment_blob_read(int fd);
void environment_blob_free(char **envp);

#endif
