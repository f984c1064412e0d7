/*
 * kills KILLS COMMAND CACHE FILE TARGET... - sessions of COMMAND (spawn-template) with the cache
 * directory CACHE, in which callers start the TARGETs without a pause, while whatever there is of
 * processes is killed at random: callers, what they start, the service, what it bakes in and with,
 * the command itself.  After each session: nothing is running any more.
 *
 * kills be FILE TARGET... - the command of such a session: eight callers.
 *
 * A TARGET is starts_target: it writes "ran word" and ends with 7, or it was killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/cases/lib/case.h"

enum {
	CALLERS = 8,
	DESCENDANTS_MAX = 512,
	KILLS_MAX = 40, /* in a session, at most */
	PAUSE_US = 20000,
	LEFT_S = 20, /* how long something may be left of a session that is over */
};

/* In a file that all map. */
struct shared {
	_Atomic bool stop;
	_Atomic unsigned long right;
	_Atomic unsigned long killed;
	_Atomic unsigned long wrong;
};

static struct shared *shared;

static void map_shared(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	REQUIRE(fd >= 0 && ftruncate(fd, sizeof *shared) == 0);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(shared != MAP_FAILED && close(fd) == 0);
}

static void sleep_us(long us)
{
	const struct timespec pause = {us / 1000000, us % 1000000 * 1000};

	nanosleep(&pause, NULL);
}

static pid_t start(char *target, int out, unsigned n)
{
	char *argv[] = {target, (char[]){"word"}, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;

	if (n % 2) {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, out, 1);
		REQUIRE(posix_spawn(&pid, target, &actions, NULL, argv, environ) == 0);
		posix_spawn_file_actions_destroy(&actions);
		return pid;
	}
	pid = n % 4 ? vfork() : fork();
	if (pid == 0) {
		dup2(out, 1);
		execve(target, argv, environ);
		_exit(126);
	}
	REQUIRE(pid > 0);
	return pid;
}

/* A caller. */
_Noreturn static void call(char **targets, unsigned seed)
{
	unsigned count = 0;

	while (targets[count])
		count++;
	REQUIRE(count > 0);
	for (unsigned n = seed; !shared->stop; n++) {
		char text[64] = "";
		int fds[2];
		int status;
		pid_t pid;

		REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
		pid = start(targets[n / 4 % count], fds[1], n);
		close(fds[1]);
		for (size_t size = 0; size < sizeof text - 1;) {
			ssize_t got = read(fds[0], text + size, sizeof text - 1 - size);

			if (got <= 0)
				break;
			size += (size_t)got;
		}
		close(fds[0]);
		status = wait_for(pid);
		if (status == 7 << 8 && strcmp(text, "ran word\n") == 0) {
			shared->right++;
		} else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL &&
			   (!*text || strcmp(text, "ran word\n") == 0)) {
			shared->killed++;
		} else {
			fprintf(stderr, "a start of %s: '%s', %s\n", targets[n / 4 % count], text,
				status_text(status));
			shared->wrong++;
		}
	}
	_exit(0);
}

static pid_t begin_caller(char **targets, unsigned seed)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		call(targets, seed);
	}
	return pid;
}

/* The command: callers that are killed are replaced. */
static int be_command(char **targets)
{
	unsigned seed = (unsigned)getpid();

	for (int i = 0; i < CALLERS; i++)
		begin_caller(targets, seed += 1000);
	while (wait(NULL) > 0)
		if (!shared->stop)
			begin_caller(targets, seed += 1000);
	return 0;
}

/* Numbers below 65536 that need not be good, only many. */
static unsigned draw(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

struct process {
	pid_t pid;
	pid_t parent;
	char name[32];
};

/* The children of a process, of one thread; the number of all that were found. */
static size_t add_children(struct process *found, size_t count, pid_t parent)
{
	char path[64];
	FILE *file;
	pid_t pid;

	snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
	file = fopen(path, "re");
	while (file && count < DESCENDANTS_MAX && fscanf(file, "%d", &pid) == 1)
		found[count++] = (struct process){.pid = pid, .parent = parent};
	if (file)
		fclose(file);
	return count;
}

static void find_name(struct process *p)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)p->pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%31s", p->name) != 1)
		strcpy(p->name, "gone");
	if (file)
		fclose(file);
}

/* Descendants of this process. */
static size_t find_descendants(struct process *found)
{
	size_t count = add_children(found, 0, getpid());

	for (size_t next = 0; next < count; next++) {
		find_name(&found[next]);
		count = add_children(found, count, found[next].pid);
	}
	return count;
}

static const char *const kinds[] = {"spawn-template", "st-sentry", "service", "kills", NULL};
static unsigned long kills[5]; /* by kind, the last one is any other: targets, and ld.so for them */

static void kill_one(pid_t launcher, unsigned *seed)
{
	struct process found[DESCENDANTS_MAX];
	size_t count = find_descendants(found);
	const struct process *victim;
	size_t kind = 0;

	if (count == 0)
		return;
	/* Of many alike, seldom one; the launcher last. */
	victim = &found[draw(seed) % count];
	if (draw(seed) % 3 == 0)
		for (size_t i = 0; i < count; i++)
			if (strcmp(found[i].name, "service") == 0 && draw(seed) % 2 == 0)
				victim = &found[i];
	if (victim->pid == launcher || kill(victim->pid, SIGKILL) != 0)
		return;
	while (kinds[kind] && strcmp(kinds[kind], victim->name) != 0)
		kind++;
	kills[kind]++;
}

/* Wait for all that became ours, which we are the subreaper of. */
static void wait_for_all(void)
{
	time_t end = time(NULL) + LEFT_S;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
		if (pid > 0)
			continue;
		if (time(NULL) > end) {
			struct process found[DESCENDANTS_MAX];
			size_t count = find_descendants(found);

			for (size_t i = 0; i < count; i++)
				fprintf(stderr, "left running: %s, %d, child of %d\n",
					found[i].name, found[i].pid, found[i].parent);
			fail("something is left running");
		}
		sleep_us(1000);
	}
	REQUIRE(errno == ECHILD);
}

static void run_session(char **argv, unsigned *seed)
{
	char cache[4096];
	char *words[64] = {argv[2], cache, (char[]){"--"}, argv[0], (char[]){"be"}, argv[4]};
	size_t n = 6;
	pid_t pid;

	snprintf(cache, sizeof cache, "--cache-dir=%s", argv[3]);
	for (char **target = argv + 5; *target && n < 63; target++)
		words[n++] = *target;
	shared->stop = false;
	REQUIRE(posix_spawn(&pid, words[0], NULL, NULL, words, environ) == 0);
	for (unsigned i = draw(seed) % KILLS_MAX; i > 0; i--) {
		sleep_us(draw(seed) % PAUSE_US);
		kill_one(pid, seed);
	}
	if (draw(seed) % 2 == 0) {
		kills[0] += kill(pid, SIGKILL) == 0;
	} else {
		shared->stop = true;
	}
	/* Callers of a command that was killed end with it. */
	wait_for_all();
}

static unsigned long all_kills(void)
{
	return kills[0] + kills[1] + kills[2] + kills[3] + kills[4];
}

/* What is swept is swept by the next session, and that starts programs as ever. */
static void look_after(char **argv)
{
	char command[8192];

	snprintf(command, sizeof command,
		 "test \"$('%s' --cache-dir='%s' '%s' word)\" = 'ran word' && "
		 "'%s' cache verify --cache-dir='%s' >/dev/null",
		 argv[2], argv[3], argv[5], argv[2], argv[3]);
	if (system(command) != 0)
		fail("after %lu kills: the next session, or cache verify", all_kills());
}

int main(int argc, char **argv)
{
	unsigned seed = (unsigned)time(NULL);
	unsigned long wanted;
	unsigned sessions = 0;

	if (argc > 3 && strcmp(argv[1], "be") == 0) {
		map_shared(argv[2]);
		return be_command(argv + 3);
	}
	REQUIRE(argc >= 6);
	wanted = strtoul(argv[1], NULL, 10);
	map_shared(argv[4]);
	REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	while (all_kills() < wanted && !shared->wrong) {
		run_session(argv, &seed);
		sessions++;
		look_after(argv);
	}
	fact("%lu kills in %u sessions: %lu of launchers, %lu of sentries, %lu of services and "
	     "what "
	     "bakes, %lu of callers, %lu of what they start and of what is baked",
	     all_kills(), sessions, kills[0], kills[1], kills[2], kills[3], kills[4]);
	fact("%lu starts were right, %lu were killed, %lu were wrong", shared->right,
	     shared->killed, shared->wrong);
	return shared->wrong || !shared->right ? 1 : 0;
}
