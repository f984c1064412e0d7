/*
 * /proc/self/exe in a process that was started from an image.
 *
 * The kernel's answer there is the image file.  clang finds its headers by it, cmake its modules,
 * and many a program starts itself by it, so in such a process, and in no other, the functions that
 * read that link answer with the target.
 */
#ifndef ST_PRELOAD_SELF_EXE_H
#define ST_PRELOAD_SELF_EXE_H

#include <stdbool.h>

/*
 * If path is /proc/self/exe, or another of its names, and this process was started from an image:
 * what the link would be natively, the target's path without symbolic links.  Else null, also where
 * there is no /proc.  path must be readable, or null.  Async-signal-safe; leaves errno alone.
 *
 * It is not covered: access(2), to which image and target answer alike; names relative to a
 * descriptor of /proc; system calls that are made without libc's functions.  If the target's file
 * was removed or replaced since, the link's path is the old one and leads to what is there now;
 * natively it would lead to the old file.
 */
const char *self_exe(const char *path);

/* The same for a path that may be anything: the kernel is asked first whether it can be read. */
const char *self_exe_checked(const char *path);

/*
 * path was opened as fd.  If that is the image, make fd the target, opened in the same way.  False
 * with errno set, and fd as it was, if the target cannot be opened.
 */
bool self_exe_reopen(int fd, const char *path);

#endif
