#include "json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "output.h"
#include "text.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

struct json_object *json_text(const char *text)
{
	struct json_object *result;
	char *valid = memory_get(strlen(text) * (sizeof replacement - 1) + 1);
	char *to = valid;

	while (*text) {
		size_t len = text_utf8_length(text);

		if (len) {
			memcpy(to, text, len);
			to += len;
			text += len;
		} else {
			memcpy(to, replacement, sizeof replacement - 1);
			to += sizeof replacement - 1;
			text++;
		}
	}
	*to = '\0';
	result = json_object_new_string(valid);
	free(valid);
	return result;
}

void json_add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text ? json_text(text) : NULL);
}

void json_add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

void json_add_bool(struct json_object *object, const char *key, int truth)
{
	json_object_object_add(object, key, json_object_new_boolean(truth));
}

static void add_hexadecimal(struct json_object *object, const char *key, const char *bytes)
{
	char *hex = memory_get(strlen(bytes) * 2 + 1);
	char name[64];
	char *to = hex;

	*to = '\0';
	for (; *bytes; bytes++)
		to += sprintf(to, "%02x", (unsigned char)*bytes);
	snprintf(name, sizeof name, "%s_hex", key);
	json_add_text(object, name, hex);
	free(hex);
}

void json_add_path(struct json_object *object, const char *key, const char *path)
{
	json_add_text(object, key, path);
	if (path && !text_is_utf8(path))
		add_hexadecimal(object, key, path);
}

static void add_time(struct json_object *object, const char *key, int64_t sec, uint32_t nsec)
{
	char text[48];

	/* A JSON number of this precision would not survive most readers. */
	snprintf(text, sizeof text, "%lld.%09u", (long long)sec, nsec);
	json_add_text(object, key, text);
}

struct json_object *json_identity(const struct identity *id)
{
	struct json_object *object = json_object_new_object();
	char mode[16];

	snprintf(mode, sizeof mode, "%06o", id->mode);
	json_add_number(object, "dev", id->dev);
	json_add_number(object, "ino", id->ino);
	json_add_number(object, "size", id->size);
	json_add_text(object, "mode", mode);
	json_add_number(object, "uid", id->uid);
	json_add_number(object, "gid", id->gid);
	add_time(object, "mtime", id->mtime_sec, id->mtime_nsec);
	add_time(object, "ctime", id->ctime_sec, id->ctime_nsec);
	return object;
}

char *json_to_text(struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(
		value,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
	char *line = memory_get(strlen(text) + 2);

	sprintf(line, "%s\n", text);
	return line;
}

int json_print(struct json_object *value)
{
	char *text = json_to_text(value);

	json_object_put(value);
	fputs(text, stdout);
	free(text);
	return output_finish(0);
}
