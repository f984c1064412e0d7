#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memory.h"

size_t text_utf8_length(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	/* The bounds of the second byte rule out overlong forms, surrogates and too much. */
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return p[0] ? 1 : 0;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool text_is_utf8(const char *s)
{
	while (*s) {
		size_t len = text_utf8_length(s);

		if (!len)
			return false;
		s += len;
	}
	return true;
}

/* C1 control characters, which some terminals obey, are U+0080 to U+009F. */
static bool is_control(const char *s)
{
	unsigned char c = (unsigned char)s[0];

	return c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)s[1] < 0xa0);
}

char *text_printable(const char *s)
{
	char *out = memory_get(strlen(s) * 4 + 1);
	char *to = out;

	while (*s) {
		size_t len = text_utf8_length(s);

		if (len && !is_control(s) && *s != '\\') {
			memcpy(to, s, len);
			to += len;
			s += len;
			continue;
		}
		if (*s == '\n' || *s == '\t' || *s == '\\') {
			*to++ = '\\';
			*to++ = (char)(*s == '\n' ? 'n' : *s == '\t' ? 't' : '\\');
		} else {
			to += sprintf(to, "\\x%02x", (unsigned char)*s);
		}
		s++;
	}
	*to = '\0';
	return out;
}

const char *text_size(unsigned long long bytes, char buf[16])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 1024 && unit < sizeof units / sizeof units[0] - 1) {
		size /= 1024;
		unit++;
	}
	snprintf(buf, 16, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
	return buf;
}

const char *text_time(long long when, char buf[32])
{
	time_t t = when;
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(buf, 32, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(buf, 32, "%lld", when);
	return buf;
}
