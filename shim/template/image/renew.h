/*
 * Copies of code that have lost their large pages.
 *
 * What is taken from the page cache, for want of memory or because it was idle, comes back in small
 * pages when it is wanted again, and stays so for as long as it is used.  Read again it would come
 * back in large ones, but only if nobody has it mapped, and of libc there is always somebody.  So
 * the copy is copied: programs that run keep the old one, those that start get the new one, which
 * an image cannot tell from it (resume_map.c looks at all but inode and ctime).
 */
#ifndef ST_IMAGE_RENEW_H
#define ST_IMAGE_RENEW_H

#include "../../../elfcache/identity.h"

enum code_renewal {
	CODE_GOOD = 0, /* all that is in memory of it is in large pages, or none of it can be */
	CODE_RENEWED,  /* it was not, and is now */
};

/*
 * Look at the copy `path`, an absolute path, that images have with identity id, and renew it if
 * that helps.  -ESTALE if it is another; -EBUSY if somebody else is at it; -ENOSPC without room for
 * another (room.h); -ENOTSUP if a new one has no more large pages, which is then not kept; or
 * another negative error number.
 */
int code_renew(const char *path, const struct identity *id);

#endif
