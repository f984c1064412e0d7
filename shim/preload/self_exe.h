/*
 * /proc/self/exe in a process that was started from an image.
 *
 * The kernel's answer there is the image file.  clang finds its headers by it, cmake its modules,
 * and many a program starts itself by it, so in such a process, and in no other, the functions that
 * read that link answer with the target.
 */
#ifndef ST_PRELOAD_SELF_EXE_H
#define ST_PRELOAD_SELF_EXE_H

/*
 * If path is /proc/self/exe, or another name of it that is in use, and this process was started
 * from an image: what the link would be natively, the target's path without symbolic links.  Else
 * null. path must be readable.
 */
const char *self_exe(const char *path);

/* The same for a path that only the kernel has been asked about so far, and may be anything. */
const char *self_exe_checked(const char *path);

#endif
