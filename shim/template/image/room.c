#include "room.h"

#include <sys/statvfs.h>

#define BYTES_MAX     (UINT64_C(512) << 20)
#define FREE_PART_MAX 4

uint64_t room_limit(uint64_t left, uint64_t own)
{
	uint64_t part = left > UINT64_MAX - own ? UINT64_MAX : left + own;

	part /= FREE_PART_MAX;
	return part < BYTES_MAX ? part : BYTES_MAX;
}

uint64_t room_limit_in(int dirfd, uint64_t own)
{
	struct statvfs fs;
	uint64_t left = UINT64_MAX;

	if (fstatvfs(dirfd, &fs) == 0)
		left = (uint64_t)fs.f_bavail * fs.f_frsize;
	return room_limit(left, own);
}

uint64_t room_for_code(uint64_t limit)
{
	return limit / 2;
}
