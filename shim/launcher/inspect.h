/*
 * spawn-template inspect: what is known of a file before it is started.
 */
#ifndef ST_LAUNCHER_INSPECT_H
#define ST_LAUNCHER_INSPECT_H

#include <limits.h>
#include <stdbool.h>

#include "elfcache/elffile.h"
#include "elfcache/exe.h"
#include "elfcache/identity.h"
#include "elfcache/reason.h"
#include "service/bakery.h"

struct inspected {
	const char *given;   /* as asked for */
	char path[PATH_MAX]; /* as found: absolute, without symbolic links */
	int error;           /* negative: there is no such file, or it cannot be read; else 0 */
	bool has_identity;   /* the following are valid */
	struct identity id;
	bool is_executable; /* regular, and this user may execute it */
	struct exe exe;
	enum exe_kind loaded;       /* exe_loaded_kind() */
	struct elffile *elf;        /* null if it is not ELF */
	const char *elf_problem;    /* why it is not, if it is malformed; else null */
	enum reason kernel;         /* why the kernel engine cannot start it; REASON_NONE: it can */
	enum reason image;          /* the same for the image engine */
	struct bakery_result trial; /* of baking it, if only that can tell; why is "" if not */
};

/*
 * Inspect a file.  A name without a slash that is no file is searched for in PATH.  envp: the
 * environment in which a session would bake it; null if there can be none.
 */
void inspect(const char *name, char *const envp[], struct inspected *f);

/* The image engine's part: f->image, and f->trial. */
void inspect_image(struct inspected *f, char *const envp[]);

/* Why an image cannot start it, as a sentence. */
const char *inspect_image_sentence(const struct inspected *f);
void inspect_free(struct inspected *f);

/* What becomes of the preload in such a program: "loaded", ... and the same as a sentence. */
const char *inspect_preload(const struct inspected *f);
const char *inspect_preload_sentence(const struct inspected *f);

void inspect_print(const struct inspected *f);

/* A json-c object, the caller's. */
struct json_object *inspect_to_json(const struct inspected *f);

/* The option that says that the environment to bake in is on the descriptor SERVICE_ENVIRONMENT. */
#define INSPECT_ENVIRONMENT_OPTION "environment"

#endif
