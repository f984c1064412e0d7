/*
 * Writing an image file.
 */
#ifndef ST_IMAGE_WRITE_H
#define ST_IMAGE_WRITE_H

#include "capture.h"
#include "code.h"

/* A symbolic link on the way to a program. */
struct image_link {
	char *path;
	struct identity id; /* its own */
};

struct image_source {
	const char *target;      /* the path to be started, absolute or as it will be asked for */
	const char *program;     /* what the kernel loads: the target, or a script's interpreter */
	const char *interpreter; /* the program's PT_INTERP */
	uint32_t script_args;    /* what the kernel puts before a script's path: 0 to 2 arguments */
	/* Where the program is really, if that may be another place; or null.  And, where the file
	   itself does not tell, what leads there. */
	char *moved;
	struct image_link *links;
	size_t link_count;
	/* Of these three, before any of them was run. */
	struct identity target_id, program_id, interpreter_id;
	char *const *envp;
	const struct code_store *codes; /* copies to map code from; null: none */
	uint32_t stack_flags;           /* p_flags of the target's PT_GNU_STACK, or PF_R|PF_W */
};

/*
 * Write the image to fd, an empty regular file.  0; -ENOTSUP with a sentence in why[128] if it
 * must not be made (a file that it depends on changed meanwhile); or a negative error number.
 */
int image_write(int fd, const struct image_source *source, const struct place *p,
		const struct watch *w, const struct capture *c, char why[128]);

#endif
