#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "message.h"

int output_finish(int status)
{
	int failed = ferror(stdout);

	if (fflush(stdout) || failed) {
		say("cannot write to stdout: %s", strerror(errno));
		return EXIT_FOUND;
	}
	return status;
}
