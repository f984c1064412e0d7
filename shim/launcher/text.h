/*
 * Text that may be any bytes, such as paths, made fit for a terminal.
 */
#ifndef ST_LAUNCHER_TEXT_H
#define ST_LAUNCHER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The length of the UTF-8 sequence at s, 0 if it is none (RFC 3629: no overlong forms, no
 * surrogates, nothing above U+10FFFF).
 */
size_t text_utf8_length(const char *s);

bool text_is_utf8(const char *s);

/*
 * A copy for people: control characters and bytes that are not UTF-8 as \n, \t, \xNN, a backslash
 * doubled.  Allocated; never null (ends the command if there is no memory).
 */
char *text_printable(const char *s);

/* "1.5 KiB" and the like. */
const char *text_size(unsigned long long bytes, char buf[16]);

/* Seconds since the epoch as local time. */
const char *text_time(long long when, char buf[32]);

#endif
