/*
 * Starts with an environment of their own, by a process whose environ is no environment, or another
 * thread's to change: libc does not look at it.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/case.h"

enum { PAGE = 4096 };

static char *show;
static char **argv_exit;
static char **own;

static int by_exec(void *arg)
{
	environ = arg;
	if (execve("/no/such/file", argv_exit, own) != -1 || errno != ENOENT)
		return 1;
	execve(show, argv_exit, own);
	return 100;
}

static int by_execle(void *arg)
{
	environ = arg;
	execle(show, "show", "exit", "7", NULL, own);
	return 100;
}

static int by_spawn(void *arg)
{
	pid_t pid;

	environ = arg;
	if (posix_spawn(&pid, "/no/such/file", NULL, NULL, argv_exit, own) != ENOENT)
		return 1;
	if (posix_spawn(&pid, show, NULL, NULL, argv_exit, own))
		return 2;
	return WEXITSTATUS(wait_for(pid));
}

/* These hand it to the kernel. */
static int by_execv(void *arg)
{
	environ = arg;
	execv(show, argv_exit);
	return errno;
}

static int by_system(void *arg)
{
	environ = arg;
	return WEXITSTATUS(system("exit 7"));
}

static void try_bad(const char *label, char **bad)
{
	static int (*const ways[])(void *) = {by_exec, by_execle, by_spawn, by_execv, by_system};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		fact("%s, way %zu: %s", label, i, status_text(in_child(ways[i], bad)));
}

/* A page in front of one that cannot be read. */
static char *last_page(void)
{
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	REQUIRE(pages != MAP_FAILED && mprotect(pages + PAGE, PAGE, PROT_NONE) == 0);
	return pages;
}

/* Without the NUL. */
static void fill(char *to, const char *from)
{
	while (*from)
		*to++ = *from++;
}

static void try_all_bad(void)
{
	char *nowhere = (char *)(uintptr_t)0x4141414141414141;
	char **in = strings("A=b", "B=c", "C=d", NULL);
	char *string = last_page() + PAGE - 8;
	char **array = (char **)(void *)(last_page() + PAGE) - 2;

	try_bad("nowhere", (char **)(void *)nowhere);
	try_bad("near null", (char **)8);
	in[1] = nowhere;
	try_bad("a string nowhere", in);
	fill(string, "SPAWN_TE");
	in[1] = string;
	try_bad("a string without end", in);
	fill(string, "HOME=/xy");
	try_bad("another string without end", in);
	array[0] = in[0];
	array[1] = in[0];
	try_bad("an array without end", array);
}

static volatile sig_atomic_t stop;

/* What was the array of environ is soon something else. */
static void *change(void *arg)
{
	char name[32];

	(void)arg;
	while (!stop) {
		void *blocks[24];

		for (int i = 0; i < 100; i++) {
			snprintf(name, sizeof name, "V%d", i);
			setenv(name, "x", 1);
		}
		clearenv();
		for (int i = 0; i < 24; i++) {
			blocks[i] = malloc(800 + 8 * (size_t)(i % 3));
			if (blocks[i])
				memset(blocks[i], 'A', 800);
		}
		for (int i = 0; i < 24; i++)
			free(blocks[i]);
	}
	return NULL;
}

static int while_it_changes(void *arg)
{
	time_t end = time(NULL) + 2;
	pthread_t thread;
	int wrong = 0;

	(void)arg;
	if (pthread_create(&thread, NULL, change, NULL))
		return 1;
	while (time(NULL) < end) {
		pid_t pid;

		for (int i = 0; i < 200; i++)
			if (execve("/no/such/file", argv_exit, own) != -1 || errno != ENOENT)
				wrong++;
		if (posix_spawn(&pid, show, NULL, NULL, argv_exit, own))
			wrong++;
		else if (wait_for(pid) != 7 << 8)
			wrong++;
	}
	stop = 1;
	pthread_join(thread, NULL);
	return wrong > 100 ? 100 : wrong;
}

int main(void)
{
	const char *preload = getenv("LD_PRELOAD");
	char *variable;
	pid_t pid;

	show = helper("show");
	argv_exit = strings("show", "exit", "7", NULL);
	REQUIRE(asprintf(&variable, "LD_PRELOAD=%s", preload ? preload : "") > 0);
	own = strings("A=b", variable, NULL);
	/* Later starts have an engine only by chance: it is environ that asks for one. */
	fact("as it is: %s", error_name(posix_spawn(&pid, show, NULL, NULL, argv_exit, environ)));
	fact("as it is: %s", status_text(wait_for(pid)));
	try_all_bad();
	fact("while it changes: %s", status_text(in_child(while_it_changes, NULL)));
	return 0;
}
