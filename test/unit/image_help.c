#include "image_help.h"

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "shim/template/image/bake.h"

int image_bake(const char *image, const char *program, char *const envp[], char why[128])
{
	struct bake_loader loader = {0};
	int fd = open(image, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
	int err;

	ck_assert_int_ge(fd, 0);
	err = bake(fd, program, envp, &loader, NULL, why);
	close(fd);
	if (err)
		unlink(image);
	return err;
}

void image_run(struct run *run, const char *file, char *const argv[], char *const envp[],
	       void (*setup)(void))
{
	int pipes[2];
	ssize_t got;
	pid_t pid;

	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setup)
			setup();
		if (dup2(pipes[1], 1) < 0 || dup2(pipes[1], 2) < 0)
			_exit(126);
		execve(file, argv, envp);
		_exit(126);
	}
	close(pipes[1]);
	run->size = 0;
	while (run->size < sizeof run->output - 1 &&
	       (got = read(pipes[0], run->output + run->size, sizeof run->output - 1 - run->size)) >
		       0)
		run->size += (size_t)got;
	run->output[run->size] = '\0';
	close(pipes[0]);
	ck_assert_int_eq(waitpid(pid, &run->status, 0), pid);
}

int image_was_resumed(const char *image, const char *program, char *const envp[],
		      void (*setup)(void))
{
	char *argv[] = {"readlink", "/proc/self/exe", NULL};
	static struct run run;
	char real[PATH_MAX];

	image_run(&run, image, argv, envp, setup);
	ck_assert_int_eq(run.status, 0);
	run.output[strcspn(run.output, "\n")] = '\0';
	ck_assert_ptr_nonnull(realpath(image, real));
	if (strcmp(run.output, real) == 0)
		return 1;
	ck_assert_ptr_nonnull(realpath(program, real));
	ck_assert_str_eq(run.output, real);
	return 0;
}

void image_copy_file(const char *from, const char *to)
{
	static char data[4 << 20];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(in, data, sizeof data);

	ck_assert_int_gt(size, 0);
	ck_assert_int_lt(size, (ssize_t)sizeof data);
	close(in);
	scratch_file(to, data, (size_t)size, 0755);
}

void image_prepare(char *const envp[])
{
	char why[128];
	int err;

	image_copy_file("/usr/bin/readlink", scratch_path("readlink"));
	err = image_bake(scratch_path("image"), scratch_path("readlink"), envp, why);
	ck_assert_msg(!err, "%s", why);
	ck_assert_int_eq(image_is_resumed(envp, NULL), 1);
}

int image_is_resumed(char *const envp[], void (*setup)(void))
{
	return image_was_resumed(scratch_path("image"), scratch_path("readlink"), envp, setup);
}
