#include <limits.h>

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"
#include "process.h"

struct line {
	char text[PATH_MAX + 128];
	size_t len;
};

static void add(struct line *line, const char *s)
{
	while (*s && line->len < sizeof line->text - 1) {
		/* One start is one line, whatever the path. */
		line->text[line->len++] = *s == '\n' ? '?' : *s;
		s++;
	}
}

static void add_number(struct line *line, pid_t n)
{
	char digits[12];
	char *p = &digits[sizeof digits - 1];

	*p = '\0';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	add(line, p);
}

/* Names of fixed size: a table of pointers would be a relocation each. */
static const char how_names[HOW_COUNT][8] = {"libc", "kernel", "image"};
static const char reason_names[REASON_COUNT][24] = {
#define X(id, name, sentence) name,
	ST_REASONS(X)
#undef X
};

/* A file is not opened for a process that has more rights than its user. */
static bool has_extra_rights(void)
{
	return sys_call3(SYS_getuid, 0, 0, 0) != sys_call3(SYS_geteuid, 0, 0, 0) ||
	       sys_call3(SYS_getgid, 0, 0, 0) != sys_call3(SYS_getegid, 0, 0, 0);
}

void process_log(const struct settings *settings, const char *path, enum how how,
		 enum reason reason)
{
	struct line line;
	int fd;

	if (!settings->log || settings->log[0] != '/' || has_extra_rights())
		return;
	fd = sys_openat(AT_FDCWD, settings->log,
			O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return;
	line.len = 0;
	add_number(&line, sys_getpid());
	add(&line, " ");
	add(&line, how_names[how]);
	add(&line, " ");
	add(&line, reason_names[reason]);
	add(&line, " ");
	add(&line, path);
	line.text[line.len++] = '\n';
	/* One write: lines of several processes do not mix. */
	sys_write(fd, line.text, line.len);
	sys_close(fd);
}
