/*
 * The resume code, as linked into the command: position independent, RESUME_CODE_SIZE at most.
 */
#ifndef ST_IMAGE_RESUME_H
#define ST_IMAGE_RESUME_H

#include <stddef.h>

extern const unsigned char resume_code[];
extern const size_t resume_code_size;

#endif
