#include "identity.h"

#include "sys.h"

_Static_assert(sizeof(struct identity) == 64, "identity has no padding");

void identity_from_stat(struct identity *id, const struct stat *st)
{
	*id = (struct identity){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_sec = st->st_mtim.tv_sec,
		.ctime_sec = st->st_ctim.tv_sec,
		.mtime_nsec = (uint32_t)st->st_mtim.tv_nsec,
		.ctime_nsec = (uint32_t)st->st_ctim.tv_nsec,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
	};
}

int identity_of(int dirfd, const char *path, int flags, struct identity *id)
{
	struct stat st;
	int err = sys_fstatat(dirfd, path, &st, flags);

	if (err)
		return err;
	identity_from_stat(id, &st);
	return 0;
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
	/* Inode numbers differ most often, so look there first. */
	return a->ino == b->ino && a->dev == b->dev && a->size == b->size &&
	       a->ctime_sec == b->ctime_sec && a->ctime_nsec == b->ctime_nsec &&
	       a->mtime_sec == b->mtime_sec && a->mtime_nsec == b->mtime_nsec &&
	       a->mode == b->mode && a->uid == b->uid && a->gid == b->gid;
}

/* The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9;
	x ^= x >> 27;
	x *= 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

uint64_t identity_hash(const struct identity *id)
{
	uint64_t h = mix(id->ino + 0x9e3779b97f4a7c15);

	h = mix(h ^ id->dev);
	h = mix(h ^ id->size);
	h = mix(h ^ (uint64_t)id->mtime_sec ^ ((uint64_t)id->mtime_nsec << 32));
	h = mix(h ^ (uint64_t)id->ctime_sec ^ ((uint64_t)id->ctime_nsec << 32));
	return mix(h ^ id->mode ^ ((uint64_t)id->uid << 20) ^ ((uint64_t)id->gid << 42));
}
