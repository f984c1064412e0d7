/*
 * Security modules that tell programs apart by the file that is executed, for which an image is
 * another one than the program.
 */
#ifndef ST_SERVICE_SECURITY_H
#define ST_SERVICE_SECURITY_H

#include <stdbool.h>

/* True if SELinux enforces a policy.  root stands before every absolute path that is read: "", but
   in tests. */
bool security_selinux_enforces(const char *root);

/* Null if an image may stand for the program at path; else a sentence. */
const char *security_refusal(const char *root, const char *path);

#endif
