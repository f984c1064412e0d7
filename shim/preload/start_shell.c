#include <errno.h>
#include <stddef.h>

#include "../../elfcache/sys.h"
#include "start.h"
#include "target.h"

/* What system() and popen() run; libc starts it through its own, internal posix_spawn(). */
static const char shell[] = "/bin/sh";

static enum reason shell_reason(const struct settings *settings)
{
	return settings->choice == CHOICE_OFF ? REASON_OFF : REASON_SHELL;
}

/*
 * Counted beforehand: system() returns when the command has ended, and the thread may be cancelled
 * in it.
 */
int start_system(const char *command)
{
	struct target_view target;
	struct settings settings;
	int ret;

	if (!NEXT(system)) {
		errno = ENOSYS;
		return -1;
	}
	/* A question, not a start. */
	if (!command)
		return NEXT(system)(command);
	settings_read(&settings);
	target_look(&target, &settings, AT_FDCWD, shell, 0, true);
	target_count(&target, &settings, HOW_LIBC, shell_reason(&settings));
	ret = NEXT(system)(command);
	if (ret == -1)
		target_uncount(&target, HOW_LIBC, shell_reason(&settings));
	return ret;
}

FILE *start_popen(const char *command, const char *type)
{
	struct target_view target;
	struct settings settings;
	FILE *stream;

	if (!NEXT(popen)) {
		errno = ENOSYS;
		return NULL;
	}
	stream = NEXT(popen)(command, type);
	if (!stream)
		return NULL;
	settings_read(&settings);
	target_look(&target, &settings, AT_FDCWD, shell, 0, true);
	target_count(&target, &settings, HOW_LIBC, shell_reason(&settings));
	return stream;
}
