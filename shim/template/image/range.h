/*
 * The addresses that images have, and no other memory (place.h says why).
 */
#ifndef ST_IMAGE_RANGE_H
#define ST_IMAGE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* Of the 42 TiB below the legacy mapping area of a 47-bit address space. */
#define IMAGE_LOW    UINT64_C(0x100000000000)
#define IMAGE_HIGH   UINT64_C(0x2aaaaaaaa000)
#define IMAGE_SPREAD UINT64_C(0x040000000000) /* random offsets: 4 TiB, 30 bits of pages */

static inline bool in_image_range(const void *p)
{
	return (uint64_t)(uintptr_t)p >= IMAGE_LOW && (uint64_t)(uintptr_t)p < IMAGE_HIGH;
}

#endif
