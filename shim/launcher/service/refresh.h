/*
 * Copies of code that have lost their large pages (shim/template/image/renew.h), of images that are
 * in use: which are looked at, and when.
 */
#ifndef ST_SERVICE_REFRESH_H
#define ST_SERVICE_REFRESH_H

#include <stddef.h>
#include <stdint.h>

#include "shim/template/image/read.h"

enum {
	REFRESH_MAX = 256, /* copies that are remembered */
	/* How often one is looked at: each time costs some hundred microseconds. */
	REFRESH_CHECK_MS = 10000,
	/* How long one that was renewed is left alone, since where memory is short it may be lost
	   again and again; and how long all are, where renewing did not help or failed.  At first,
	   and at most; each time is twice the one before. */
	REFRESH_PAUSE_MS = 60000,
	REFRESH_PAUSE_MAX_MS = 3600000,
};

struct refresh_copy {
	uint64_t path_hash; /* cache_path_hash() */
	int64_t due;        /* clock_ms() */
	int64_t pause;      /* 0: it was not renewed yet */
};

/* All zeros in the beginning. */
struct refresh {
	struct refresh_copy list[REFRESH_MAX];
	size_t next;   /* the place that was taken for longest */
	int64_t pause; /* 0: all is well */
	int64_t again; /* clock_ms() */
};

/* Look at the copies of an image that was used of late, and renew those that want it. */
void refresh_image(struct refresh *refresh, const struct image_view *view, int64_t now_ms);

#endif
