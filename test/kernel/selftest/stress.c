/*
 * Many spawns at once: several threads share templates, and signals, failures, stale files and
 * killed callers come in between.  Afterwards nothing may be left over.
 */
#include "common.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum {
	THREADS = 4,
	SECONDS = 15,
};

static const char path[] = "/tmp/stress-program";
static int template_fd;
static time_t end;
static atomic_int started;
static atomic_int failed;
static atomic_int refused;

static bool time_is_up(void)
{
	return time(NULL) >= end;
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Right starts and failing ones, on the template that all threads share. */
static void *spawns(void *unused)
{
	const struct spawn_template_open null = {.path = POINTER("/dev/null"),
						 .how = {.flags = O_RDWR}};
	const struct spawn_template_open none = {.path = POINTER("/none")};
	const struct spawn_template_action good[] = {
		{.type = SPAWN_TEMPLATE_ACTION_OPEN, .newfd = 100, .arg = POINTER(&null)},
		{.type = SPAWN_TEMPLATE_ACTION_DUP2, .fd = 100, .newfd = 101},
		{.type = SPAWN_TEMPLATE_ACTION_CLOSE, .fd = 100},
	};
	const struct spawn_template_action bad[] = {
		{.type = SPAWN_TEMPLATE_ACTION_OPEN, .newfd = 100, .arg = POINTER(&null)},
		{.type = SPAWN_TEMPLATE_ACTION_OPEN, .newfd = 101, .arg = POINTER(&none)},
	};
	const struct spawn_template_action malformed[] = {
		{.type = SPAWN_TEMPLATE_ACTION_OPEN, .newfd = 100, .arg = POINTER(&null)},
		{.type = 99},
	};

	for (int i = 0; !time_is_up(); i++) {
		struct spawn s;

		spawn_init(&s, "exit", "11", NULL);
		s.args.flags = i % 2 ? 0 : SPAWN_TEMPLATE_SPAWN_INHERIT_FDS;
		spawn_actions(&s, good, ARRAY_SIZE(good));
		failed += run(&s, template_fd) != 11;
		spawn_actions(&s, bad, ARRAY_SIZE(bad));
		failed += run(&s, template_fd) != 127;
		spawn_actions(&s, malformed, ARRAY_SIZE(malformed));
		failed += do_spawn(&s, template_fd) != -EINVAL;
		started += 2;
	}
	return unused;
}

/* Templates come and go, and what they are made of changes while they are used. */
static void *changes(void *unused)
{
	while (!time_is_up()) {
		struct spawn s;
		int fd = (int)create_by_path(path, SPAWN_TEMPLATE_CREATE_CLOEXEC);
		int result;

		if (fd < 0) {
			failed++;
			break;
		}
		spawn_init(&s, "exit", "0", NULL);
		failed += run(&s, fd) != 0;
		chmod(path, 0700);
		result = run(&s, fd);
		failed += result != -ESTALE;
		refused++;
		chmod(path, 0755);
		close(fd);
	}
	return unused;
}

/* Processes that spawn are killed at any moment; their children are not waited for by anybody. */
static void *kills(void *unused)
{
	while (!time_is_up()) {
		const struct timespec pause = {.tv_nsec = (random() % 20 + 1) * 1000 * 1000};
		pid_t pid = fork();

		if (pid == 0) {
			int fd = (int)create_by_path(self_path(), 0);

			for (;;) {
				struct spawn s;

				spawn_init(&s, "exit", "0", NULL);
				run(&s, fd);
			}
		}
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return unused;
}

/* Signals with a handler: spawns are restarted, and no handler runs in a child. */
static void *interrupts(void *unused)
{
	while (!time_is_up()) {
		const struct timespec pause = {.tv_nsec = 3 * 1000 * 1000};

		kill(getpid(), SIGUSR1);
		nanosleep(&pause, NULL);
	}
	return unused;
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

int main(int argc, char **argv)
{
	void *(*const others[])(void *) = {changes, kills, interrupts};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	pthread_t threads[THREADS + ARRAY_SIZE(others)];
	int before;

	be_program(argc, argv);
	sigaction(SIGUSR1, &action, NULL);
	copy_self(path);
	template_fd = (int)create_by_path(self_path(), SPAWN_TEMPLATE_CREATE_CLOEXEC);
	if (template_fd < 0)
		bail("template");
	before = open_descriptors();
	end = time(NULL) + SECONDS;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		if (pthread_create(&threads[i], NULL, i < THREADS ? spawns : others[i - THREADS],
				   NULL))
			bail("thread");
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	printf("# %d spawns, %d refused\n", started, refused);
	ok(started > 0 && refused > 0, "something was done");
	same(failed, 0, "all had the right result");
	same(open_descriptors(), before, "no descriptor is left over");
	same(waitpid(-1, NULL, WNOHANG), -1, "no child is left over");
	ok(open(path, O_WRONLY | O_CLOEXEC) >= 0, "the program can be written to");
	close(template_fd);
	return done();
}
