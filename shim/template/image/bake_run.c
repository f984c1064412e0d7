#include "bake_run.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/* In the second run. */
enum { MORE_ARGUMENTS = 6 };

int spot_random(struct spot *spot)
{
	uint64_t r;

	spot->cpu = sched_getcpu();
	spot->stack_limit = 0x7a3000;
	spot->more_arguments = 0;
	spot->blocked = 0;
	spot->clock_step = 0;
	if (spot->cpu < 0 || getrandom(&r, sizeof r, 0) != sizeof r ||
	    getrandom(&spot->random, sizeof spot->random, 0) != sizeof spot->random ||
	    getrandom(spot->at_random, sizeof spot->at_random, 0) != sizeof spot->at_random)
		return -errno;
	spot->end = IMAGE_LOW + IMAGE_LIBRARIES + (r % IMAGE_SPREAD & ~UINT64_C(0x1fffff));
	spot_set_stream(spot, STREAM_PIPE);
	return clocks_now(spot->clocks);
}

int spot_second(const struct spot *first, struct spot *second, enum stream_kind kind)
{
	*second = *first;
	second->stack_limit += 0x1b8000;
	second->more_arguments = MORE_ARGUMENTS;
	second->random = ~first->random;
	clocks_of_second_run(second->clocks);
	second->clock_step = 1234567891;
	second->blocked = ~WATCH_UNBLOCKABLE;
	spot_set_stream(second, kind);
	return random_of_second_run(first->at_random, second->at_random);
}

void spot_set_stream(struct spot *spot, enum stream_kind kind)
{
	static const uint32_t types[] = {
		[STREAM_PIPE] = S_IFIFO,        [STREAM_TERMINAL] = S_IFCHR,
		[STREAM_SOCKET] = S_IFSOCK,     [STREAM_DEVICE] = S_IFCHR,
		[STREAM_FILE_EMPTY] = S_IFREG,  [STREAM_FILE_END] = S_IFREG,
		[STREAM_FILE_MIDDLE] = S_IFREG, [STREAM_FILE_BEGIN] = S_IFREG,
	};
	const int64_t noise = (int64_t)(spot->random >> 12 & 0xfffffff);

	spot->stream.mode = types[kind] | (uint32_t)(spot->random >> 40 & 0777);
	spot->stream.position = kind < STREAM_DEVICE ? -ESPIPE : 0;
	/* Of all but files the kernel says that they have none. */
	spot->stream.size = 0;
	if (kind == STREAM_FILE_BEGIN) {
		spot->stream.size = 1 + noise;
	} else if (kind == STREAM_FILE_END) {
		/* Above 32 bits: what keeps half of it must be seen to. */
		spot->stream.position = INT64_C(0x3a00000000) + noise;
		spot->stream.size = spot->stream.position;
	} else if (kind == STREAM_FILE_MIDDLE) {
		spot->stream.position = 1 + noise % 8191;
		spot->stream.size = 8192 + noise;
	}
}

void run_end(struct run *run)
{
	watch_free(&run->watch);
	tracee_end(&run->tracee);
}

/*
 * What the kernel puts on the stack below each other, from an address that 8 divides on, with the
 * name at its lower end.
 */
static size_t strings_size(const char *path, char *const argv[], char *const envp[])
{
	size_t size = strlen(path) + 1;

	for (; *argv; argv++)
		size += strlen(*argv) + 1;
	for (; *envp; envp++)
		size += strlen(*envp) + 1;
	return size;
}

int run_to_entry(struct run *run, const char *path, char *const envp[], const struct spot *spot,
		 char why[BAKE_WHY_MAX])
{
	static char argument[] = "argument";
	static char name[] = "/another name of the program";
	static char last[] = ".......argument";
	char *argv[MORE_ARGUMENTS + 2] = {(char *)(uintptr_t)path};
	int err;

	for (int i = 0; i < spot->more_arguments; i++)
		argv[i + 1] = argument;
	if (spot->more_arguments) {
		argv[0] = name;
		argv[spot->more_arguments] = last;
		argv[spot->more_arguments] += strings_size(path, argv, envp) % 8;
	}
	*run = (struct run){.tracee.mem = -1};
	err = tracee_start(&run->tracee, path, argv, envp, spot->cpu);
	if (!err)
		err = place_all(&run->place, &run->tracee, spot);
	if (!err)
		err = watch_run(&run->watch, &run->place, &run->tracee);
	if (err == -ENOTSUP)
		snprintf(why, BAKE_WHY_MAX, "%s", run->watch.refusal);
	if (err)
		run_end(run);
	return err;
}

char **with_variable(char *const envp[], char *variable)
{
	size_t n = 0;
	char **copy;

	while (envp[n])
		n++;
	copy = calloc(n + 2, sizeof *copy);
	if (copy) {
		memcpy(copy, envp, n * sizeof *copy);
		copy[n] = variable;
	}
	return copy;
}

int run_capture(const struct run *run, struct capture *capture, char why[BAKE_WHY_MAX])
{
	int err = capture_take(capture, &run->place, &run->watch, &run->tracee);

	if (err == -ENOTSUP)
		snprintf(why, BAKE_WHY_MAX, "%s", capture->refusal);
	return err;
}

/*
 * The second run has one variable more, behind the others: its stack begins elsewhere, by a number
 * of bytes that no power of two above 16 divides (merge.c).  Its random bytes are others.
 */
static char **second_environment(char *const envp[])
{
	static char variable[341] = "SPAWN_TEMPLATE_BAKE=";
	const size_t len = strlen("SPAWN_TEMPLATE_BAKE=");

	memset(variable + len, 'x', sizeof variable - 1 - len);
	return with_variable(envp, variable);
}

int run_second(struct run *run, const char *path, char *const envp[], const struct spot *spot,
	       char why[BAKE_WHY_MAX])
{
	char **more = second_environment(envp);
	int err = more ? run_to_entry(run, path, more, spot, why) : -ENOMEM;

	free(more);
	return err;
}
