#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bakery.h"
#include "clock.h"
#include "elfcache/image_name.h"
#include "message.h"
#include "output.h"
#include "serve.h"

enum { ANSWER_MS = 10000 };

struct trial {
	char image[PATH_MAX];
	const char *program;
	char *const *envp;
	const char *problem; /* why it did not work, or null */
	int status;          /* with which the program ended, as of waitpid(2) */
};

__attribute__((noreturn)) static void be_program(const struct trial *t, int in, int out)
{
	char *argv[] = {(char *)(uintptr_t)image_base_name(t->program), NULL};

	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		syscall(SYS_execve, t->image, argv, t->envp);
	_exit(EXIT_NOT_STARTED);
}

/* What it runs from can be told when it has answered, and not before: an image that does not fit
   starts the program itself. */
static void talk(struct trial *t, pid_t pid, int to, int from)
{
	struct pollfd pollfd = {.fd = from, .events = POLLIN};
	char exe[64];
	struct stat image;
	struct stat running;
	char byte = 'x';

	snprintf(exe, sizeof exe, "/proc/%d/exe", (int)pid);
	if (write(to, &byte, 1) != 1 || poll(&pollfd, 1, ANSWER_MS) != 1 ||
	    read(from, &byte, 1) != 1 || byte != 'x')
		t->problem = "did not answer from its image";
	else if (stat(t->image, &image) || stat(exe, &running) || image.st_ino != running.st_ino ||
		 image.st_dev != running.st_dev)
		t->problem = "did not accept its image, and was started as ever";
}

static void start(struct trial *t)
{
	int to[2];
	int from[2];
	pid_t pid;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC)) {
		t->problem = strerror(errno);
		return;
	}
	/* If it ends at once. */
	signal(SIGPIPE, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		be_program(t, to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	if (pid > 0) {
		talk(t, pid, to[1], from[0]);
		if (t->problem)
			kill(pid, SIGKILL);
	} else {
		t->problem = strerror(errno);
	}
	close(to[1]);
	while (pid > 0 && waitpid(pid, &t->status, 0) < 0 && errno == EINTR)
		;
	close(from[0]);
	if (!t->problem && t->status != 0)
		t->problem = "failed when started from its image";
}

int serve_trial(const char *directory, char *const envp[], const char *program)
{
	struct trial trial = {.program = program, .envp = envp};
	struct bakery_result result;
	struct identity id;
	int64_t begun;
	unsigned took;
	char images[PATH_MAX];
	int dirfd;

	umask(077);
	snprintf(images, sizeof images, "%s/" IMAGE_DIRECTORY, directory);
	/* What goes wrong here shows at the next step. */
	mkdir(images, 0700);
	dirfd = open(images, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd < 0 || identity_of(AT_FDCWD, program, 0, &id) ||
	    !image_path(directory, IMAGE_DIRECTORY, &id, program, trial.image,
			sizeof trial.image)) {
		printf("%s cannot be baked here: %s\n", program, strerror(errno));
		return output_finish(EXIT_FOUND);
	}
	begun = clock_ms();
	bakery_bake(dirfd, 0, &id, program, envp, &result);
	took = (unsigned)(clock_ms() - begun);
	if (result.err) {
		printf("%s cannot be baked: %s\n", program, result.why);
		return output_finish(EXIT_FOUND);
	}
	start(&trial);
	store_remove(dirfd, &id, program);
	if (trial.problem)
		printf("%s %s\n", program, trial.problem);
	else
		printf("%s was baked in %u ms, and started from its image of %llu KB\n", program,
		       took, (unsigned long long)((result.size + 1023) / 1024));
	return output_finish(trial.problem ? EXIT_FOUND : 0);
}
