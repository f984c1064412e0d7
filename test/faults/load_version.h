/*
 * How a file that is replaced again and again says which one it is.
 */
#ifndef ST_FAULTS_LOAD_VERSION_H
#define ST_FAULTS_LOAD_VERSION_H

#include <stdint.h>

#define LOAD_MARK "version of load"

struct load_version {
	char mark[16];
	uint32_t number;
	uint32_t complement;
};

#endif
