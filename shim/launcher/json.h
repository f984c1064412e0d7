/*
 * JSON output.
 */
#ifndef ST_LAUNCHER_JSON_H
#define ST_LAUNCHER_JSON_H

#include <json-c/json_types.h>
#include <stdint.h>

#include "elfcache/identity.h"

/*
 * A string.  JSON is UTF-8 and nothing else: a byte that is not part of valid UTF-8 becomes
 * U+FFFD.  json_add_path() also says which bytes they were.
 */
struct json_object *json_text(const char *text);

/* Add a member: a string (null where text is null), a number, a truth value. */
void json_add_text(struct json_object *object, const char *key, const char *text);
void json_add_number(struct json_object *object, const char *key, uint64_t number);
void json_add_bool(struct json_object *object, const char *key, int truth);

/*
 * Add a path, which may be any bytes, as the member `key`; and, only if it is not valid UTF-8, all
 * of its bytes in hexadecimal as `key`_hex.
 */
void json_add_path(struct json_object *object, const char *key, const char *path);

/* An identity as an object. */
struct json_object *json_identity(const struct identity *id);

/* The text of a value, with a newline at its end.  Allocated. */
char *json_to_text(struct json_object *value);

/* Print a value on stdout and free it.  0, or EXIT_FOUND if stdout cannot be written to. */
int json_print(struct json_object *value);

#endif
