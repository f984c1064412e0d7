/*
 * What start-up makes of a standard stream that can be sought: of standard error, libLLVM 19 keeps
 * the position, and whether it is a file.
 */
#ifndef ST_IMAGE_STREAMS_H
#define ST_IMAGE_STREAMS_H

#include "bake_run.h"
#include "write.h"

/*
 * Run the program with such streams, and note in `first`, which was taken of the first run and
 * merged with a second one (merge.h), what is different of devices and of regular files, if that is
 * a few words which hold always the same, or the position.  If it is anything else, or a run fails,
 * the image is not for streams of that kind; nor if more than one stream is looked at.
 */
void streams_look(const struct image_source *source, char *const envp[], const struct run *run,
		  struct capture *first);

#endif
