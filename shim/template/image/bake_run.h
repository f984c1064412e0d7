/*
 * One run of a program that is baked, to its entry point.
 */
#ifndef ST_IMAGE_BAKE_RUN_H
#define ST_IMAGE_BAKE_RUN_H

#include "bake.h"
#include "capture.h"
#include "place.h"
#include "tracee.h"
#include "watch.h"

/* A process that was run to its program's entry point.  Its spot must outlive it. */
struct run {
	struct tracee tracee;
	struct place place;
	struct watch watch;
};

/* What a standard stream is said to be. */
enum stream_kind {
	STREAM_PIPE,
	STREAM_TERMINAL,
	STREAM_SOCKET,
	/* From here on it can be sought. */
	STREAM_DEVICE,     /* as /dev/null */
	STREAM_FILE_EMPTY, /* regular files, by the position in them */
	STREAM_FILE_BEGIN,
	STREAM_FILE_END,
	STREAM_FILE_MIDDLE,
};

/*
 * The spot of a first run: a random place, so that the layout of one session's images is not that
 * of another's; and that of a second one, which is the same in what must be, and else another.  0
 * or a negative error number.
 */
int spot_random(struct spot *spot);
int spot_second(const struct spot *first, struct spot *second, enum stream_kind kind);
/* Make the standard streams of a spot something else. */
void spot_set_stream(struct spot *spot, enum stream_kind kind);

/*
 * Run the program.  0; -ENOTSUP with the reason in why if it cannot have an image; or another
 * negative error number.  run_end() it if that is 0.
 */
int run_to_entry(struct run *run, const char *path, char *const envp[], const struct spot *spot,
		 char why[BAKE_WHY_MAX]);
/* The same with the environment that belongs to a second spot. */
int run_second(struct run *run, const char *path, char *const envp[], const struct spot *spot,
	       char why[BAKE_WHY_MAX]);
/* Take what is in its memory; errors as above.  capture_free() it in any case. */
int run_capture(const struct run *run, struct capture *capture, char why[BAKE_WHY_MAX]);
void run_end(struct run *run);

/* The environment with one variable more; free() it.  Null without memory. */
char **with_variable(char *const envp[], char *variable);

#endif
