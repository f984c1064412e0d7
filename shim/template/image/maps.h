/*
 * The mappings of a process, from /proc/PID/maps and /proc/PID/pagemap (proc(5)).
 */
#ifndef ST_IMAGE_MAPS_H
#define ST_IMAGE_MAPS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* in the file */
	uint64_t dev;
	uint64_t ino; /* 0: no file */
	int prot;     /* PROT_READ, ... */
	char *path;   /* never null; "" if there is none */
};

struct mappings {
	struct mapping *list;
	size_t count;
};

/* Read the mappings of a process, lowest address first.  0 or a negative error number. */
int mappings_read(pid_t pid, struct mappings *m);
/* The same of text as the kernel writes it. */
int mappings_parse(FILE *f, struct mappings *m);
void mappings_free(struct mappings *m);

/* The mapping that contains an address, or null. */
const struct mapping *mappings_at(const struct mappings *m, uint64_t at);
/* The first mapping with this name ("[stack]", "[vdso]"), or null. */
const struct mapping *mappings_named(const struct mappings *m, const char *path);

/* State of a page. */
enum { PAGE_ABSENT, PAGE_FILE, PAGE_OWN };

/*
 * For each page of [start, end): PAGE_ABSENT if it was never touched, PAGE_FILE if it is the
 * file's own, PAGE_OWN if it is the process's: written to, or anonymous.  states has a byte a page.
 */
int pages_read(pid_t pid, uint64_t start, uint64_t end, unsigned char *states);

#endif
