/*
 * starts TABLE PROGRAM [EACH] - start PROGRAM by every mechanism, and make each system call fail
 * that is made for it: by the caller, by the child, and by an image before it is the program again.
 *
 * Either the program must run, as if nothing had failed; or, if it was not a call of a resumed
 * image, what came of it is written to TABLE.  Without the preload, what is in TABLE is tried: the
 * same must come of the same error in the same call by libc.  EACH: only every so many of all cases
 * is tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/cases/lib/case.h"
#include "trace.h"

enum mechanism { SPAWN, SPAWNP, SPAWN_ATTR, VFORK, FORK, EXECVP, POPEN, SYSTEM, MECHANISMS };

static const char *const names[MECHANISMS] = {
	"posix_spawn", "posix_spawnp", "attributes", "vfork", "fork", "execvp", "popen", "system",
};

static const int errors[] = {ENOSPC, EIO,   EMFILE, ENFILE, EAGAIN,
			     ENOMEM, EINTR, EPERM,  EACCES, ENOSYS};

enum {
	ERRORS = sizeof errors / sizeof errors[0],
	TEXT_MAX = 256,
	SAME_CALLS_MAX = 8,
	TRIES = 10,
	EXEC_FAILED = 99,
};

static const char good[] = "ran, exit 7";

/* Written by the first process of a case. */
struct shared {
	int exec_error;
	char outcome[TEXT_MAX];
};

static struct shared *shared;
static char *program;
static FILE *table;

static void mark(int on)
{
	syscall(SYS_getpgid, on ? TRACE_MARK_ON : TRACE_MARK_OFF);
}

static int by_spawn(pid_t *pid, enum mechanism how, char **argv, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_addopen(&actions, 7, "/dev/null", O_RDONLY, 0);
	posix_spawnattr_init(&attr);
	if (how == SPAWN_ATTR)
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	mark(1);
	err = (how == SPAWNP ? posix_spawnp : posix_spawn)(pid, argv[0], &actions, &attr, argv,
							   environ);
	mark(0);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

static int by_child(pid_t *pid, enum mechanism how, char **argv, int out)
{
	shared->exec_error = 0;
	mark(1);
	*pid = how == VFORK ? vfork() : fork();
	if (*pid == 0) {
		mark(0);
		dup2(out, 1);
		mark(1);
		if (how == EXECVP)
			execvp(argv[0], argv);
		else
			execve(argv[0], argv, environ);
		mark(0);
		shared->exec_error = errno;
		_exit(EXEC_FAILED);
	}
	mark(0);
	return *pid < 0 ? errno : 0;
}

/* What came of a child: error is that of its start. */
static void describe(int error, const char *text, int status)
{
	if (!error && WIFEXITED(status) && WEXITSTATUS(status) == EXEC_FAILED)
		error = shared->exec_error;
	if (error && !*text)
		snprintf(shared->outcome, TEXT_MAX, "error %s", error_name(error));
	else if (strcmp(text, "ran word\n") == 0)
		snprintf(shared->outcome, TEXT_MAX, "ran, %s", status_text(status));
	else
		snprintf(shared->outcome, TEXT_MAX, "'%.100s', %s, %s", text, error_name(error),
			 status_text(status));
}

static void read_text(int fd, char text[TEXT_MAX])
{
	size_t size = 0;
	ssize_t n;

	while ((n = read(fd, text + size, TEXT_MAX - 1 - size)) > 0)
		size += (size_t)n;
	text[size] = '\0';
}

static void start_piped(enum mechanism how)
{
	char *argv[] = {program, (char[]){"word"}, NULL};
	char text[TEXT_MAX] = "";
	int status = 0;
	pid_t pid = -1;
	int fds[2];
	int error;

	REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
	error = how <= SPAWN_ATTR ? by_spawn(&pid, how, argv, fds[1])
				  : by_child(&pid, how, argv, fds[1]);
	close(fds[1]);
	read_text(fds[0], text);
	close(fds[0]);
	if (!error && waitpid(pid, &status, 0) != pid)
		error = ECHILD;
	describe(error, text, status);
}

static void start_popen(void)
{
	char command[4096];
	char text[TEXT_MAX] = "";
	int status = 0;
	int error = 0;
	FILE *stream;

	snprintf(command, sizeof command, "exec %s word", program);
	mark(1);
	stream = popen(command, "r");
	mark(0);
	if (stream) {
		read_text(fileno(stream), text);
		status = pclose(stream);
	} else {
		error = errno;
	}
	describe(error, text, status);
}

static void start_system(void)
{
	char command[4096];
	char text[TEXT_MAX] = "";
	int fds[2];
	int status;
	int saved;

	REQUIRE(pipe2(fds, 0) == 0);
	saved = fcntl(1, F_DUPFD_CLOEXEC, 100);
	dup2(fds[1], 1);
	snprintf(command, sizeof command, "exec %s word", program);
	mark(1);
	status = system(command);
	mark(0);
	dup2(saved, 1);
	close(saved);
	close(fds[1]);
	read_text(fds[0], text);
	close(fds[0]);
	describe(status < 0 ? errno : 0, text, status);
}

static void add_leak(const char *what)
{
	size_t len = strlen(shared->outcome);

	snprintf(shared->outcome + len, TEXT_MAX - len, "; %s", what);
}

/* The first process of a case. */
static void be_caller(enum mechanism how)
{
	sigset_t before;
	sigset_t after;
	char had[256];
	char has[256];

	/* It is written as far as the kernel knows. */
	memset(&before, 0, sizeof before);
	memset(&after, 0, sizeof after);
	sigprocmask(SIG_BLOCK, NULL, &before);
	open_descriptors(had, sizeof had);
	trace_me();
	if (how == POPEN)
		start_popen();
	else if (how == SYSTEM)
		start_system();
	else
		start_piped(how);
	sigprocmask(SIG_BLOCK, NULL, &after);
	open_descriptors(has, sizeof has);
	if (strcmp(had, has) != 0)
		add_leak("descriptors are left");
	if (!no_children())
		add_leak("a child is left");
	if (memcmp(&before, &after, sizeof before) != 0)
		add_leak("signals are blocked");
}

static void run(struct trace *trace, enum mechanism how)
{
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	snprintf(shared->outcome, TEXT_MAX, "nothing");
	if (pid == 0) {
		be_caller(how);
		_exit(0);
	}
	/* What a shell does itself is not looked at. */
	trace->depth = how >= POPEN ? 0 : 1;
	trace->marks = true;
	trace_run(trace, pid);
	if (trace->status != 0)
		snprintf(shared->outcome, TEXT_MAX, "the caller: %s", status_text(trace->status));
}

static unsigned long cases;
static unsigned long tried;
static unsigned long failed;
static unsigned long wrong;
static unsigned long resumed;

/* The calls of a start when nothing fails. */
static struct trace_hit calls[TRACE_LOG_MAX];

static unsigned long find_calls(enum mechanism how)
{
	struct trace clean = {.log = calls};

	run(&clean, how);
	if (strcmp(shared->outcome, good) != 0)
		fail("%s, with nothing failing: %s", names[how], shared->outcome);
	REQUIRE(clean.counted <= TRACE_LOG_MAX);
	return clean.counted;
}

static void judge(const struct trace *trace, enum mechanism how)
{
	tried++;
	resumed += trace->hit.resume;
	if (strcmp(shared->outcome, good) == 0)
		return;
	failed++;
	if (trace->hit.resume) {
		fprintf(stderr, "resume: %s: %s %s: %s\n", names[how], trace_name(trace->hit.nr),
			error_name(trace->error), shared->outcome);
		wrong++;
	} else {
		fprintf(table, "%d %d %ld %d %s\n", (int)how, trace->hit.depth, trace->hit.nr,
			trace->error, shared->outcome);
	}
}

static void try_all(enum mechanism how, unsigned long each)
{
	unsigned long count = find_calls(how);

	for (unsigned long n = 1; n <= count; n++)
		for (int i = 0; i < ERRORS; i++) {
			struct trace trace = {.number = n, .error = errors[i]};

			if (cases++ % each)
				continue;
			run(&trace, how);
			if (trace.hit.nr >= 0)
				judge(&trace, how);
		}
}

static void try_everything(unsigned long each)
{
	/* First in callers that have not started anything yet. */
	for (int how = 0; how < MECHANISMS; how++)
		try_all((enum mechanism)how, each);
	for (int how = 0; how < EXECVP; how++) {
		start_piped((enum mechanism)how);
		REQUIRE(strcmp(shared->outcome, good) == 0);
	}
	for (int how = 0; how < MECHANISMS; how++)
		try_all((enum mechanism)how, each);
	fact("%lu of %lu cases, %lu of them in resumed images: %lu starts failed, %lu are wrong",
	     tried, cases, resumed, failed, wrong);
}

/* True if libc does the same when such a call of its own fails. */
static bool is_libcs(enum mechanism how, const struct trace_hit *hit, int error,
		     const char *outcome)
{
	unsigned long count = find_calls(how);
	unsigned seen = 0;

	for (unsigned long n = 1; n <= count && seen < SAME_CALLS_MAX; n++) {
		struct trace trace = {.number = n, .error = error};

		if (calls[n - 1].nr != hit->nr || calls[n - 1].depth != hit->depth)
			continue;
		seen++;
		run(&trace, how);
		if (strcmp(shared->outcome, outcome) == 0)
			return true;
	}
	return false;
}

/*
 * One line of the table.  Once a child executes something its calls and its parent's come in any
 * order, and the number of the call that is to fail is that of another: so more than once.
 */
static bool is_natural(enum mechanism how, const struct trace_hit *hit, int error,
		       const char *outcome)
{
	for (int i = 0; i < TRIES; i++)
		if (is_libcs(how, hit, error, outcome))
			return true;
	return false;
}

static void compare(void)
{
	char outcome[TEXT_MAX];
	struct trace_hit hit;
	int error;
	int how;

	while (fscanf(table, "%d %d %ld %d %255[^\n]", &how, &hit.depth, &hit.nr, &error,
		      outcome) == 5) {
		REQUIRE(how >= 0 && how < MECHANISMS);
		tried++;
		if (is_natural((enum mechanism)how, &hit, error, outcome))
			continue;
		fprintf(stderr, "not as libc: %s %d: %s %s: %s\n", names[how], hit.depth,
			trace_name(hit.nr), error_name(error), outcome);
		wrong++;
	}
	fact("%lu failures compared with those of libc, %lu are wrong", tried, wrong);
}

/* Who traces and who is traced take turns: to wake up another processor each time takes longer. */
static void stay_on_this_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	REQUIRE(sched_setaffinity(0, sizeof cpus, &cpus) == 0);
}

int main(int argc, char **argv)
{
	const char *preload = getenv("LD_PRELOAD");
	bool native = !preload || !*preload;
	unsigned long each = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;

	REQUIRE(argc >= 3 && each > 0);
	stay_on_this_cpu();
	table = fopen(argv[1], native ? "re" : "we");
	program = argv[2];
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	REQUIRE(table && shared != MAP_FAILED);
	if (native)
		compare();
	else
		try_everything(each);
	fclose(table);
	return wrong ? 1 : 0;
}
