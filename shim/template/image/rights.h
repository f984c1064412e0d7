/*
 * What may be done with a file by whoever has our user id.
 */
#ifndef ST_IMAGE_RIGHTS_H
#define ST_IMAGE_RIGHTS_H

#include <stdbool.h>

#include "../../../elfcache/identity.h"

/*
 * True if each process of our user may do with the file what the mode says, of access(2): R_OK,
 * W_OK and X_OK, whatever its groups and capabilities.  path is where it was found with the
 * identity id.
 */
bool rights_of_all(const char *path, const struct identity *id, int mode);

#endif
