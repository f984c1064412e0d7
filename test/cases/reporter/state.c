/* libc as main() finds it. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <xmmintrin.h>

#include "reporter.h"

static __thread int thread_value = 4711;
static __thread int thread_zero;

static void report_stream(const char *name, FILE *stream)
{
	report(name, "descriptor %d, eof %d, error %d, mode %d", fileno(stream), feof(stream),
	       ferror(stream), fwide(stream, 0));
}

void report_start(const struct start_state *state)
{
	unsigned short x87;

	__asm__("fnstcw %0" : "=m"(x87));
	report("errno", "%d", state->error);
	report("constructor errno", "%d", state->constructor_error);
	report("constructor arguments", "argc %d, argv %d, envp %d",
	       state->constructor_argc == state->argc, state->constructor_argv == state->argv,
	       state->constructor_envp == state->envp);
	report("x87 control word", "%#x", (unsigned)x87);
	report("mxcsr", "%#x", _mm_getcsr());
	report("thread-local storage", "%d %d", thread_value, thread_zero);
	report("optind opterr optopt", "%d %d %d", optind, opterr, optopt);
	report("first random number", "%ld", random());
	report("locale", "%s", setlocale(LC_ALL, NULL));
	report_stream("stdin", stdin);
	report_stream("stdout", stdout);
	report_stream("stderr", stderr);
}
