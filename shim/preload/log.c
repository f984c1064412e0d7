#include <errno.h>
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
		/* One start is one line, whatever the path, and nothing for a terminal to obey. */
		line->text[line->len++] = (unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s;
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

static bool is_pending(int sig)
{
	sys_sigset pending = 0;

	sys_call3(SYS_rt_sigpending, (long)&pending, sizeof pending, 0);
	return pending >> (sig - 1) & 1;
}

/*
 * write(2) to a pipe that nobody reads, or beyond a limit of file sizes, is an error; and a signal,
 * which is not to reach the process, unless it had one waiting.  Both are the thread's own.
 */
static void write_quietly(int fd, const char *text, size_t len)
{
	const sys_sigset sigpipe = (sys_sigset)1 << (SIGPIPE - 1);
	const sys_sigset sigxfsz = (sys_sigset)1 << (SIGXFSZ - 1);
	const struct timespec now = {0};
	const sys_sigset both = sigpipe | sigxfsz;
	sys_sigset before;
	sys_sigset taken = 0;
	ssize_t n;

	if (sys_sigprocmask(SIG_BLOCK, &both, &before))
		return;
	taken |= is_pending(SIGPIPE) ? 0 : sigpipe;
	taken |= is_pending(SIGXFSZ) ? 0 : sigxfsz;
	n = sys_write(fd, text, len);
	if (n == -EPIPE || n == -EFBIG)
		sys_call4(SYS_rt_sigtimedwait, (long)&taken, 0, (long)&now, sizeof taken);
	sys_sigprocmask(SIG_SETMASK, &before, NULL);
}

void process_log(const struct settings *settings, const char *path, enum how how,
		 enum reason reason)
{
	struct line *line;
	int fd;

	if (!settings->log || settings->log[0] != '/' || has_extra_rights())
		return;
	fd = sys_openat(AT_FDCWD, settings->log,
			O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0)
		return;
	/* Not on the stack, which may be small. */
	line = sys_mmap(NULL, sizeof *line, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	if (!sys_is_error(line)) {
		add_number(line, sys_getpid());
		add(line, " ");
		add(line, how_names[how]);
		add(line, " ");
		add(line, reason_names[reason]);
		add(line, " ");
		add(line, path);
		line->text[line->len++] = '\n';
		/* One write: lines of several processes do not mix. */
		write_quietly(fd, line->text, line->len);
		sys_munmap(line, sizeof *line);
	}
	sys_close(fd);
}
