/*
 * Building the table of an image: arrays and strings that refer to each other by offset.
 */
#ifndef ST_IMAGE_TABLE_H
#define ST_IMAGE_TABLE_H

#include "write.h"

struct table {
	unsigned char *data; /* begins with a struct image_table; free() it */
	size_t size;
};

int table_build(struct table *table, const struct image_source *source, const struct place *p,
		const struct watch *w, const struct capture *c, char why[128]);

#endif
