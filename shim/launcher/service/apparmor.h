/*
 * Which programs AppArmor confines: by profiles that are attached to the path of a program.
 */
#ifndef ST_SERVICE_APPARMOR_H
#define ST_SERVICE_APPARMOR_H

#include <stdbool.h>

/*
 * True if a path matches a pattern of apparmor.d(5): * and ** and ?, [...], {a,b}, backslashes.  A
 * variable, @{NAME}, stands for anything here.  At worst the answer is a false yes.
 */
bool apparmor_matches(const char *pattern, const char *path);

/* True if AppArmor is in use.  root stands before every absolute path that is read: "", but in
   tests. */
bool apparmor_is_enabled(const char *root);

/*
 * True if a profile is attached to the program at path, which has no symbolic links in it.  Says
 * the kernel; or, for those who may not ask it, the profiles in /etc/apparmor.d.
 */
bool apparmor_confines(const char *root, const char *path);

#endif
