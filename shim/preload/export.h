/*
 * How a function of names.def gets its name and version.  For the sources that define them.
 */
#ifndef ST_PRELOAD_EXPORT_H
#define ST_PRELOAD_EXPORT_H

#include "names_present.h"

/*
 * The identifiers differ from the exported names, so that they collide with no macro or prototype
 * of the headers; .symver gives each its name and its version.
 */
#define AT_default         "@@"
#define AT_compat          "@"
#define EXPORT_1(id, text) __asm__(".symver interpose_" #id "," text);
#define EXPORT_0(id, text)
#define EXPORT_(has, id, text) EXPORT_##has(id, text)
#define EXPORT(has, id, text)  EXPORT_(has, id, text)

/* Declares interpose_ID and exports it under its name. */
#define ST_EXPORT(name, version, kind, id, type, params) \
	__attribute__((visibility("default"))) extern type interpose_##id params; \
	EXPORT(ST_HAS_##id, id, #name AT_##kind #version)

#endif
