/*
 * Starts on small stacks, in front of a page that cannot be touched: a signal handler's, and a
 * thread's.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

enum { PAGE = 4096, HANDLER_ROOM = 8192 - 3584, THREAD_STACK = 16384, ARGS = 600 };

static const char *file;
static const char *name;
static char **argv;
static char **envp;
static int (*way)(void);

static int by_exec(void)
{
	execve(file, argv, envp);
	return errno;
}

static int by_search(void)
{
	execvpe(name, argv, envp);
	return errno;
}

static int by_vfork(void)
{
	int status = -1;
	pid_t pid = vfork();

	if (pid == 0) {
		execve(file, argv, envp);
		_exit(errno);
	}
	if (waitpid(pid, &status, 0) != pid)
		return 200;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 201;
}

static int by_spawn(void)
{
	int status = -1;
	pid_t pid;
	int err = posix_spawn(&pid, file, NULL, NULL, argv, envp);

	if (err)
		return err;
	if (waitpid(pid, &status, 0) != pid)
		return 202;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 203;
}

static int by_spawnp(void)
{
	int status = -1;
	pid_t pid;
	int err = posix_spawnp(&pid, name, NULL, NULL, argv, envp);

	if (err)
		return err;
	if (waitpid(pid, &status, 0) != pid)
		return 204;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 205;
}

static void handle(int sig)
{
	(void)sig;
	_exit(way());
}

/* A stack of this size, and an unusable page below it. */
static char *guarded(size_t size)
{
	char *stack =
		mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(stack != MAP_FAILED && mprotect(stack, PAGE, PROT_NONE) == 0);
	return stack + PAGE;
}

/* As much as remains of 8 KiB where a signal frame is largest (AVX-512). */
static int in_handler(void *arg)
{
	size_t frame = getauxval(AT_MINSIGSTKSZ);
	stack_t stack = {.ss_size = HANDLER_ROOM + (frame ? frame : 3584)};
	struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};

	(void)arg;
	stack.ss_size = (stack.ss_size + 15) & ~(size_t)15;
	/* Its lower end is where the page ends. */
	stack.ss_sp = guarded(4 * PAGE);
	if (sigaltstack(&stack, NULL) == -1 || sigaction(SIGUSR1, &action, NULL) == -1)
		return 206;
	raise(SIGUSR1);
	return 207;
}

static void *run(void *result)
{
	*(int *)result = way();
	return NULL;
}

static int in_thread(void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int result = 208;

	(void)arg;
	pthread_attr_init(&attr);
	if (pthread_attr_setstack(&attr, guarded(THREAD_STACK), THREAD_STACK) ||
	    pthread_create(&thread, &attr, run, &result) || pthread_join(thread, NULL))
		return 209;
	return result;
}

static void try_ways(const char *label)
{
	static int (*const ways[])(void) = {by_exec, by_search, by_vfork, by_spawn, by_spawnp};
	static const char *const names[] = {"execve", "execvpe", "vfork", "posix_spawn",
					    "posix_spawnp"};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		way = ways[i];
		fact("%s, %s in a handler: %s", label, names[i],
		     status_text(in_child(in_handler, NULL)));
		fact("%s, %s in a thread: %s", label, names[i],
		     status_text(in_child(in_thread, NULL)));
	}
}

/* A list with n more of what it ends with. */
static char **longer(char **list, size_t n, char *more)
{
	size_t count = 0;
	char **all;

	while (list[count])
		count++;
	all = calloc(count + n + 1, sizeof *all);
	REQUIRE(all != NULL);
	for (size_t i = 0; i < count; i++)
		all[i] = list[i];
	for (size_t i = 0; i < n; i++)
		all[count + i] = more;
	return all;
}

/* Programs that nobody has seen before.  One of the same name may be about to get an image. */
static void copy(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out;
	ssize_t n;

	unlink(to);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (in < 0 || out < 0)
		fail("cannot copy %s to %s: %s", from, to, error_name(errno));
	while ((n = read(in, buf, sizeof buf)) > 0)
		REQUIRE(write(out, buf, (size_t)n) == n);
	close(in);
	close(out);
}

static void try_file(const char *label, const char *base)
{
	char *path = realpath(base, NULL);

	REQUIRE(path != NULL);
	file = path;
	name = base;
	try_ways(label);
	free(path);
}

static void try_all(void)
{
	char **few = strings("show", "exit", "7", NULL);
	char **own = envp;

	argv = few;
	try_file("program", "show");
	try_file("script", "script");
	try_file("of another class", "class");
	argv = longer(few, ARGS, few[2]);
	try_file("script with arguments", "script");
	argv = few;
	envp = longer(own, ARGS, strings("A=b", NULL)[0]);
	try_file("program with variables", "show");
	try_file("of another class with variables", "class");
	envp = own;
	/* New each time, since no exec tells the parent's index. */
	for (int i = 0; i < 3; i++) {
		char new[16];

		snprintf(new, sizeof new, "new%d", i);
		copy("show", new);
		try_file("new program", new);
	}
}

int main(void)
{
	char *directory = realpath(".", NULL);
	char *path;

	REQUIRE(asprintf(&path, "/no/such/directory:%s:/bin", directory) > 0);
	setenv("PATH", path, 1);
	copy(helper("show"), "show");
	make_file("script", "#!/bin/sh\nexit 5\n", 0755);
	/* ELF32 of the i386, with nothing in it. */
	make_file("class", "\177ELF\1\1\1", 0755);
	REQUIRE(truncate("class", 64) == 0);
	envp = environ;
	try_all();
	setenv("SPAWN_TEMPLATE_LOG", "/dev/null", 1);
	envp = environ;
	try_all();
	return 0;
}
