/*
 * Baking: running a program up to its entry point and keeping what it is then.
 */
#ifndef ST_IMAGE_BAKE_H
#define ST_IMAGE_BAKE_H

#include "../../../elfcache/identity.h"
#include "code.h"

enum { BAKE_WHY_MAX = 128 };

/*
 * What bakes have learned of ld.so, for those that follow: where it keeps the flag that eager.h
 * speaks of, as a distance from its beginning in bytes, is the same in all processes that have this
 * very file as their loader.  All zero: nothing yet.
 */
struct bake_loader {
	struct identity id;
	uint64_t lazy_flag;
};

/*
 * Bake the program `path` in the environment envp and write its image to fd, an empty regular file.
 * Returns 0; -ENOTSUP with a sentence in why if the program is not eligible; or another negative
 * error number, likewise with a sentence.  Code is mapped from copies in *codes, unless that is
 * null; what does not go there is mapped from its file.  With what *loader has it takes two runs of
 * the program and not three; if successful it writes there what it has learned.
 */
int bake(int fd, const char *path, char *const envp[], struct bake_loader *loader,
	 const struct code_store *codes, char why[BAKE_WHY_MAX]);

#endif
