/*
 * Fewer mappings: each costs every start and every end a few microseconds.
 */
#ifndef ST_IMAGE_JOIN_H
#define ST_IMAGE_JOIN_H

#include "capture.h"

/*
 * Make one of what lies next to each other and is not written to: constants and code of one object,
 * which then are executable as well (code.h says how far).  To be called when everything is known:
 * what resume writes to is not joined.  0 or -ENOMEM; the capture is good in either case.
 */
int capture_join(struct capture *c);

#endif
