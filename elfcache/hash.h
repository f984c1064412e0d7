#ifndef ST_ELFCACHE_HASH_H
#define ST_ELFCACHE_HASH_H

#include <stdint.h>

/* One step of a 64-bit multiply-and-fold hash: the high half brings every bit back down. */
static inline uint64_t hash_fold(uint64_t h, uint64_t word)
{
	unsigned __int128 product = (unsigned __int128)(h ^ word) * 0x9e3779b97f4a7c15;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
