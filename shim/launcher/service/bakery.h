/*
 * Baking in a process of its own: a program whose start-up never ends, or that brings down what
 * reads it, costs that process and nothing else.
 */
#ifndef ST_SERVICE_BAKERY_H
#define ST_SERVICE_BAKERY_H

#include "shim/template/image/store.h"

struct bakery_result {
	int err;        /* as store_bake() */
	uint64_t size;  /* of the image, bytes */
	uint64_t own;   /* memory that each process started from it has of its own, bytes */
	uint32_t files; /* that the image depends on */
	struct bake_loader loader;
	char why[BAKE_WHY_MAX]; /* a sentence, if err is not 0 */
};

/*
 * store_bake() in a child, for as long as is reasonable, with copies of code beside the directory.
 * Also refuses what the system's security modules would treat differently.
 */
void bakery_bake(int dirfd, uint64_t code_limit, const struct identity *id, const char *path,
		 char *const envp[], struct bakery_result *result);

/* The same into a file without a name, which is gone afterwards. */
void bakery_try(const struct identity *id, const char *path, char *const envp[],
		struct bakery_result *result);

#endif
