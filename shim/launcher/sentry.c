#include "sentry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "elfcache/sys.h"
#include "proc.h"

enum {
	/* How long a signal to everybody may take from the launcher to the sentry.  killpg() is
	   one system call; a service manager goes through the processes one by one. */
	GRACE_MS = 20,
	/* How long a report is good for. */
	REPORT_MS = 1000,
	WATCH_MS = 100,
	/* Closed one by one where close_range(2) is missing (before Linux 5.9). */
	SOME_DESCRIPTORS = 1024,
};

/* What the sentry writes for each signal; less than PIPE_BUF, hence whole. */
struct report {
	int sig;
	pid_t sender;
};

/* Be nobody that a pattern for COMMAND or for the launcher matches. */
static void rename_self(const struct command_line *line)
{
	static const char name[] = "st-sentry";
	size_t room = line->argc ? strlen(line->argv[0]) : 0;

	prctl(PR_SET_NAME, name);
	for (int i = 0; i < line->argc; i++)
		memset(line->argv[i], 0, strlen(line->argv[i]));
	if (room)
		memcpy(line->argv[0], name, room < sizeof name ? room : sizeof name);
}

/* Keep nothing open but the pipe, at 0. */
static void keep_only(int fd)
{
	if (dup2(fd, 0) != 0)
		_exit(0);
	if (syscall(SYS_close_range, 1U, ~0U, 0U))
		for (fd = 1; fd < (int)sysconf(_SC_OPEN_MAX) && fd < SOME_DESCRIPTORS; fd++)
			close(fd);
}

/* False also if that cannot be known. */
static bool is_continued(pid_t child)
{
	char state = process_state(child);

	return state != '\0' && state != 'T' && state != 't';
}

static bool is_from_process(int code)
{
	return code == SI_USER || code == SI_QUEUE || code == SI_TKILL;
}

__attribute__((noreturn)) static void stand(pid_t launcher, pid_t child)
{
	const struct timespec tick = {.tv_nsec = WATCH_MS * 1000000L};
	bool watching = false;
	sigset_t all;

	sigfillset(&all);
	for (;;) {
		siginfo_t info;
		int sig = sigtimedwait(&all, &info, watching ? &tick : NULL);

		if (sig == SIGRTMIN && info.si_code == SI_QUEUE && info.si_pid == launcher) {
			watching = info.si_value.sival_int;
		} else if (sig > 0 && is_from_process(info.si_code)) {
			struct report report = {sig, info.si_pid};

			/* A pipe full of reports that the launcher did not ask for is fine. */
			if (write(0, &report, sizeof report) < 0 && errno != EAGAIN)
				_exit(0);
		}
		/* Again and again until it is called off: the launcher may not have stopped yet. */
		if (watching && is_continued(child))
			kill(launcher, SIGCONT);
	}
}

void sentry_start(struct sentry *sentry, pid_t child, const struct command_line *line)
{
	pid_t launcher = getpid();
	int fds[2];

	*sentry = (struct sentry){.fd = -1};
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return;
	sentry->pid = fork();
	if (sentry->pid == 0) {
		/* Not to outlive a launcher that is killed. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != launcher)
			_exit(0);
		keep_only(fds[1]);
		rename_self(line);
		stand(launcher, child);
	}
	close(fds[1]);
	sentry->fd = fds[0];
	if (sentry->pid < 0) {
		sentry->pid = 0;
		close(fds[0]);
	}
}

static void read_reports(struct sentry *sentry)
{
	struct report report;

	while (read(sentry->fd, &report, sizeof report) == sizeof report) {
		if (report.sig <= 0 || report.sig >= _NSIG)
			continue;
		sentry->seen[report.sig].sender = report.sender;
		sentry->seen[report.sig].when = clock_ms();
	}
}

bool sentry_saw(struct sentry *sentry, int sig, pid_t sender)
{
	int64_t until = clock_ms() + GRACE_MS;
	struct pollfd pollfd = {.fd = sentry->fd, .events = POLLIN};

	if (!sentry->pid || sig <= 0 || sig >= _NSIG)
		return false;
	for (;;) {
		int64_t now = clock_ms();

		read_reports(sentry);
		if (sentry->seen[sig].when && sentry->seen[sig].sender == sender &&
		    now - sentry->seen[sig].when < REPORT_MS) {
			sentry->seen[sig].when = 0;
			return true;
		}
		if (now >= until || poll(&pollfd, 1, (int)(until - now)) <= 0)
			return false;
	}
}

bool sentry_is(const struct sentry *sentry, pid_t pid)
{
	return sentry->pid && sentry->pid == pid;
}

void sentry_watch(const struct sentry *sentry, bool on)
{
	union sigval value = {.sival_int = on};

	/* A real-time signal: of others only the first is kept until it is taken. */
	if (sentry->pid)
		sigqueue(sentry->pid, SIGRTMIN, value);
}

void sentry_forget(struct sentry *sentry, pid_t pid)
{
	if (!sentry_is(sentry, pid))
		return;
	close(sentry->fd);
	sentry->pid = 0;
}

void sentry_dismiss(struct sentry *sentry)
{
	/* One that cannot be killed ends with the launcher, and is not to be waited for. */
	if (sentry->pid && kill(sentry->pid, SIGKILL))
		sentry_forget(sentry, sentry->pid);
}

void sentry_reap(struct sentry *sentry)
{
	if (!sentry->pid)
		return;
	while (waitpid(sentry->pid, NULL, 0) < 0 && errno == EINTR)
		;
	sentry_forget(sentry, sentry->pid);
}
