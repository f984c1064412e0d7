/*
 * The callers of `load`: each starts targets in turn, by every mechanism in turn, and looks whether
 * what ran is what was there.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "test/cases/lib/case.h"

enum mechanism { SPAWN, SPAWNP, VFORK, FORK, SPAWN_ATTR, POPEN, SYSTEM, MECHANISMS };

/* Statuses of a child that was not started: 126 and 127 are a shell's, and a failed resume's. */
enum { NOT_STARTED = 126, TEXT_MAX = 128, BUSY_MAX = 1000, WRONG_MAX = 20 };

/* One start. */
struct start {
	const struct load_target *target;
	unsigned long number;
	char digits[24];
	char text[TEXT_MAX]; /* what it has printed */
	int error;           /* of the start itself */
	int status;
};

static void read_text(struct start *s, int fd)
{
	size_t size = 0;
	ssize_t n;

	while ((n = read(fd, s->text + size, sizeof s->text - 1 - size)) > 0 ||
	       (n < 0 && errno == EINTR))
		size += n > 0 ? (size_t)n : 0;
	s->text[size] = '\0';
}

static int spawn(pid_t *pid, const struct start *s, char **argv, int out, enum mechanism how)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int err;

	REQUIRE(posix_spawn_file_actions_init(&actions) == 0 && posix_spawnattr_init(&attr) == 0);
	REQUIRE(posix_spawn_file_actions_adddup2(&actions, out, 1) == 0);
	if (how == SPAWN_ATTR)
		REQUIRE(posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP |
								POSIX_SPAWN_SETSIGMASK) == 0);
	err = (how == SPAWNP ? posix_spawnp : posix_spawn)(pid, s->target->path, &actions, &attr,
							   argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

static int by_child(pid_t *pid, const struct start *s, char **argv, int out, enum mechanism how)
{
	volatile int error = 0;

	*pid = how == VFORK ? vfork() : fork();
	if (*pid == 0) {
		dup2(out, 1);
		execve(s->target->path, argv, environ);
		/* Seen by the parent after vfork() only. */
		error = errno;
		_exit(errno == ETXTBSY ? NOT_STARTED : 125);
	}
	return *pid < 0 ? errno : error == ETXTBSY ? 0 : error;
}

static void run_piped(struct start *s, enum mechanism how)
{
	char *argv[] = {(char *)(uintptr_t)s->target->path, (char *)(uintptr_t)s->target->name,
			s->digits, NULL};
	pid_t pid = -1;
	int fds[2];

	REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
	if (how == VFORK || how == FORK)
		s->error = by_child(&pid, s, argv, fds[1], how);
	else
		s->error = spawn(&pid, s, argv, fds[1], how);
	close(fds[1]);
	if (!s->error) {
		read_text(s, fds[0]);
		while (waitpid(pid, &s->status, 0) < 0)
			REQUIRE(errno == EINTR);
	}
	close(fds[0]);
}

static void run_popen(struct start *s)
{
	char command[LOAD_PATH_MAX + 128];
	FILE *stream;

	snprintf(command, sizeof command, "exec %s %s %s 2>/dev/null", s->target->path,
		 s->target->name, s->digits);
	stream = popen(command, "re");
	if (!stream) {
		s->error = errno;
		return;
	}
	read_text(s, fileno(stream));
	s->status = pclose(stream);
}

static void run_system(struct start *s)
{
	char command[LOAD_PATH_MAX + 128];
	int fds[2];

	/* The shell is given the pipe by its number. */
	REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
	snprintf(command, sizeof command, "exec %s %s %s >/proc/%d/fd/%d 2>/dev/null",
		 s->target->path, s->target->name, s->digits, (int)getpid(), fds[1]);
	s->status = system(command);
	close(fds[1]);
	read_text(s, fds[0]);
	close(fds[0]);
}

/* True if the program ran once, was one that was there meanwhile, and did what it was told. */
static bool is_right(const struct start *s, unsigned oldest, unsigned newest)
{
	char expected[TEXT_MAX];
	unsigned version;

	if (s->error || sscanf(s->text, "%*s %u", &version) != 1 || version < oldest ||
	    version > newest)
		return false;
	snprintf(expected, sizeof expected, "%s %u %s\n", s->target->name, version, s->digits);
	return strcmp(s->text, expected) == 0 && WIFEXITED(s->status) &&
	       WEXITSTATUS(s->status) == (int)(s->number % 90);
}

/* The file was open for writing: natively an error too. */
static bool is_busy(const struct start *s)
{
	if (s->target->kind != LOAD_IN_PLACE || s->text[0])
		return false;
	return s->error == ETXTBSY ||
	       (!s->error && WIFEXITED(s->status) && (WEXITSTATUS(s->status) | 1) == 127);
}

static void attempt(struct load *load, unsigned long number, bool threaded)
{
	enum mechanism how = (enum mechanism)(number / LOAD_TARGETS % MECHANISMS);

	for (int busy = 0; busy < BUSY_MAX; busy++) {
		struct start s = {.target = &load->targets[number % LOAD_TARGETS],
				  .number = number};
		unsigned oldest = s.target->done;
		unsigned newest;

		snprintf(s.digits, sizeof s.digits, "%lu", number);
		if (how == POPEN)
			run_popen(&s);
		else if (how == SYSTEM && !threaded)
			run_system(&s);
		else
			run_piped(&s, how);
		newest = s.target->begun;
		if (is_right(&s, oldest, newest)) {
			load->done++;
			load->passed += oldest == newest;
			return;
		}
		if (!is_busy(&s)) {
			fprintf(stderr,
				"start %lu, mechanism %d of %s: '%s', %s, error %s, "
				"versions %u to %u\n",
				number, (int)how, s.target->path, s.text, status_text(s.status),
				error_name(s.error), oldest, newest);
			load->wrong++;
			return;
		}
		load->busy++;
	}
	fprintf(stderr, "start %lu: busy all the time\n", number);
	load->wrong++;
}

/* Bytes of this process that are resident. */
static long resident(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	REQUIRE(file && fscanf(file, "%*d %ld", &pages) == 1);
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

struct caller {
	struct load *load;
	bool threaded;
	unsigned long until; /* the number of a start */
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	unsigned long number = 0;

	while (number < caller->until && caller->load->wrong < WRONG_MAX) {
		number = caller->load->taken++;
		if (number < caller->load->wanted)
			attempt(caller->load, number, caller->threaded);
	}
	return NULL;
}

static void call_by_threads(const struct caller *caller, unsigned threads)
{
	pthread_t ids[LOAD_CALLERS_MAX];
	struct caller callers[LOAD_CALLERS_MAX];

	for (unsigned i = 0; i < threads; i++) {
		callers[i] = *caller;
		REQUIRE(pthread_create(&ids[i], NULL, call, &callers[i]) == 0);
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
}

void load_call(struct load *load, unsigned n, unsigned threads)
{
	struct caller caller = {load, threads > 1, load->wanted / 4};
	struct load_memory *memory = &load->memory[n];
	char before[256];
	char after[256];

	open_descriptors(before, sizeof before);
	call_by_threads(&caller, threads);
	memory->early = resident();
	caller.until = load->wanted;
	call_by_threads(&caller, threads);
	memory->late = resident();
	open_descriptors(after, sizeof after);
	if (!no_children() || strcmp(before, after) != 0 || thread_count() != 1) {
		fprintf(stderr, "caller %u: children %d, descriptors before %s, after %s\n", n,
			!no_children(), before, after);
		memory->leaked++;
	}
}
