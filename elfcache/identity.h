/*
 * File identity: what must be the same for two sightings of a file to be the same content.
 */
#ifndef ST_ELFCACHE_IDENTITY_H
#define ST_ELFCACHE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * Device, inode, size, mode, owner, mtime and ctime of a file, as stat(2) gives them; times with
 * their nanoseconds.  ctime cannot be set back by anybody, so a file that was changed in place and
 * had its mtime restored still differs.  No padding: the struct may be compared and hashed as the
 * sequence of 64-bit words that it is.
 */
struct identity {
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	int64_t mtime_sec;
	int64_t ctime_sec;
	uint32_t mtime_nsec;
	uint32_t ctime_nsec;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t reserved; /* always 0 */
};

/* Fill *id from a stat(2) result. */
void identity_from_stat(struct identity *id, const struct stat *st);

/*
 * Fill *id with the identity of path, relative to dirfd as in fstatat(2); flags are fstatat's
 * (AT_EMPTY_PATH for dirfd itself, AT_SYMLINK_NOFOLLOW).  Returns 0 or a negative error number;
 * *id is then unchanged.  Safe in a vfork() child and in a signal handler.
 */
int identity_of(int dirfd, const char *path, int flags, struct identity *id);

bool identity_equal(const struct identity *a, const struct identity *b);

/* A well-mixed 64-bit hash.  Not for hostile input: whoever controls inodes may cause collisions,
   which cost speed and never correctness. */
uint64_t identity_hash(const struct identity *id);

#endif
