#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reporter.h"

static struct start_state state;

static char text[1 << 18];
static size_t text_length;

static void add(char c)
{
	if (text_length < sizeof text)
		text[text_length++] = c;
}

static void add_escaped(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= ' ' && c < 0x7f && c != '\\') {
			add((char)c);
		} else {
			add('\\');
			add('x');
			add("0123456789abcdef"[c >> 4]);
			add("0123456789abcdef"[c & 15]);
		}
	}
}

void report(const char *key, const char *format, ...)
{
	static char line[1 << 15];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	add_escaped(key);
	add(':');
	add(' ');
	add_escaped(line);
	add('\n');
}

void report_flush(void)
{
	const char *path = getenv("REPORT");
	int fd = STDOUT_FILENO;

	/* Where there is no standard output, it is named by its starter. */
	if (path && fcntl(STDOUT_FILENO, F_GETFD) == -1)
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	for (size_t at = 0; at < text_length;) {
		ssize_t n = write(fd, text + at, text_length - at);

		if (n <= 0)
			_exit(3);
		at += (size_t)n;
	}
	text_length = 0;
	if (fd != STDOUT_FILENO)
		close(fd);
}

/* glibc gives constructors main()'s arguments. */
__attribute__((constructor)) static void constructor(int argc, char **argv, char **envp)
{
	state.constructor_argc = argc;
	state.constructor_argv = argv;
	state.constructor_envp = envp;
	state.constructor_error = errno;
}

int main(int argc, char **argv, char **envp)
{
	state.error = errno;
	state.argc = argc;
	state.argv = argv;
	state.envp = envp;

	report_start(&state);
	report_malloc();
	report_arguments(&state);
	report_auxv();
	report_descriptors();
	report_signals();
	report_process();
	report_credentials();
	report_limits();
	report_kernel_state();
	report_stack();
	report_linking();
	report_threads();
	report_runtime();
	report_clock();
	report_flush();
	report_stdio();
	return 0;
}
