#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 8192 };

static bool verbose;

void set_verbose(bool on)
{
	verbose = on;
}

bool is_verbose(void)
{
	return verbose;
}

__attribute__((format(printf, 1, 0))) static void say_list(const char *format, va_list ap)
{
	static const char prefix[] = "spawn-template: ";
	char line[LINE_SIZE];
	size_t at = sizeof prefix - 1;
	ssize_t written;
	int n;

	memcpy(line, prefix, at);
	/* One byte stays for the newline. */
	n = vsnprintf(line + at, sizeof line - at - 1, format, ap);
	if (n < 0)
		return;
	at = strlen(line);
	for (size_t i = 0; i < at; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[at++] = '\n';
	/* There is nobody to tell if that fails. */
	written = write(STDERR_FILENO, line, at);
	(void)written;
}

void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_list(format, ap);
	va_end(ap);
}

void say_verbose(const char *format, ...)
{
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, format);
	say_list(format, ap);
	va_end(ap);
}

int usage_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_list(format, ap);
	va_end(ap);
	return EXIT_USAGE;
}
