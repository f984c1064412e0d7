/*
 * spawn-template doctor: what works on this machine.
 */
#ifndef ST_LAUNCHER_DOCTOR_H
#define ST_LAUNCHER_DOCTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "service.h"

enum check_state {
	CHECK_OK,
	CHECK_NOTE, /* neither good nor bad, but good to know */
	CHECK_BAD,
};

/* One line of the report. */
struct check {
	enum check_state state;
	const char *name;
	char *found;         /* owned */
	const char *follows; /* static */
};

struct doctor {
	const struct options *options;
	struct check *checks;
	size_t count;
	char preload[PATH_MAX]; /* "" if there is none that can be used */
	bool works;             /* a program was started under the preload, which saw it */
	bool image;             /* a program was baked, and started from its image */
	int large;              /* are large pages kept in a session's directory: large_try() */
	char image_line[SERVICE_LINE_MAX]; /* what was found about that; "" if nothing was tried */
};

/* Add a line; found is a printf format. */
__attribute__((format(printf, 5, 6))) void doctor_add(struct doctor *d, enum check_state state,
						      const char *name, const char *follows,
						      const char *found, ...);

/* The checks, in the order of the report. */
void doctor_check_system(struct doctor *d);
void doctor_check_preload(struct doctor *d);
void doctor_check_cache(struct doctor *d);
void doctor_check_trial(struct doctor *d);
void doctor_check_engines(struct doctor *d);
void doctor_check_image(struct doctor *d);
void doctor_check_others(struct doctor *d);

#endif
