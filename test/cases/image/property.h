/*
 * What properties.c and its library share.
 */
#ifndef ST_CASES_IMAGE_PROPERTY_H
#define ST_CASES_IMAGE_PROPERTY_H

#include <unistd.h>

#include "../lib/case.h"

const char *library_order(void);
void library_forks(const char *where);
int *library_static_word(void);
int *library_dynamic_word(void);
char *library_block(void);
char *library_aligned_block(void);
int library_chosen(void);
void library_heap(void);

#endif
