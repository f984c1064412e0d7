/*
 * race rename|link STARTS PLACE ONE TWO PROGRAM... - PLACE becomes file ONE and file TWO in turn,
 * by rename(2) of a copy or of a symbolic link, while PROGRAM is started again and again, which
 * ends with status 11 or 12 by what it has found there.
 *
 * It must have found what was there at some moment between the call and its end, so: if nothing was
 * replaced meanwhile, it is known which.
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/case.h"

/* Shared by the process that replaces and the one that starts. */
struct shared {
	_Atomic unsigned begun; /* replacements */
	_Atomic unsigned done;
	_Atomic bool stop;
};

static const char *place;
static const char *files[2];
static bool by_link;

static void copy_to(const char *path, const char *from)
{
	static char data[1 << 20];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ssize_t n = read(in, data, sizeof data);

	REQUIRE(n > 0 && write(out, data, (size_t)n) == n);
	REQUIRE(close(in) == 0 && close(out) == 0);
}

/* Version n: file ONE is there after an even number of replacements. */
static void replace_by(unsigned n)
{
	char other[4096];

	snprintf(other, sizeof other, "%s.new", place);
	if (by_link)
		REQUIRE(symlink(files[n % 2], other) == 0);
	else
		copy_to(other, files[n % 2]);
	REQUIRE(rename(other, place) == 0);
}

static void replace_again_and_again(struct shared *shared)
{
	for (unsigned n = 1; !atomic_load(&shared->stop); n++) {
		const struct timespec pause = {.tv_nsec = 1000000 + n % 7 * 300000};

		atomic_store(&shared->begun, n);
		replace_by(n);
		atomic_store(&shared->done, n);
		nanosleep(&pause, NULL);
	}
}

static pid_t start_program(char **argv, unsigned n)
{
	pid_t pid;

	if (n % 2) {
		REQUIRE(posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) == 0);
		return pid;
	}
	pid = vfork();
	if (pid == 0) {
		execve(argv[0], argv, environ);
		_exit(126);
	}
	return pid;
}

int main(int argc, char **argv)
{
	struct shared *shared;
	unsigned known = 0;
	unsigned starts;
	pid_t replacer;

	REQUIRE(argc >= 7);
	by_link = strcmp(argv[1], "link") == 0;
	starts = (unsigned)atoi(argv[2]);
	place = argv[3];
	files[0] = argv[4];
	files[1] = argv[5];
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	REQUIRE(shared != MAP_FAILED);
	replace_by(0);
	replacer = fork();
	if (replacer == 0) {
		replace_again_and_again(shared);
		_exit(0);
	}
	for (unsigned n = 0; n < starts; n++) {
		unsigned before = atomic_load(&shared->done);
		int status = wait_for(start_program(argv + 6, n));

		REQUIRE(WIFEXITED(status));
		REQUIRE(WEXITSTATUS(status) == 11 || WEXITSTATUS(status) == 12);
		if (atomic_load(&shared->begun) != before)
			continue;
		known++;
		if (WEXITSTATUS(status) != 11 + (int)(before % 2))
			fail("start %u: status %d after %u replacements", n, WEXITSTATUS(status),
			     before);
	}
	atomic_store(&shared->stop, true);
	REQUIRE(wait_for(replacer) == 0);
	for (unsigned n = 0; n < 4; n++)
		REQUIRE(wait_for(start_program(argv + 6, n)) ==
			(11 + (int)(atomic_load(&shared->done) % 2)) << 8);
	fact("%s", known > 0 ? "some starts met no replacement" : "no start without replacement");
	fact("%s", known < starts ? "some met one" : "none met one");
	return 0;
}
