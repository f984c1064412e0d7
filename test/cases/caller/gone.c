/*
 * Starts by a process whose session is taken away under it: each makes one child, and errno stays.
 */
#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

static char *show;
static char **argv_exit;
static volatile sig_atomic_t signals;

static void on_child(int sig)
{
	(void)sig;
	signals++;
}

static void start(const char *label, const posix_spawn_file_actions_t *actions, bool searched)
{
	pid_t pid = -1;
	int status = -1;
	int left;
	int ret;

	signals = 0;
	errno = EILSEQ;
	if (searched)
		ret = posix_spawnp(&pid, "show", actions, NULL, argv_exit, environ);
	else
		ret = posix_spawn(&pid, show, actions, NULL, argv_exit, environ);
	left = errno;
	if (ret == 0)
		status = wait_for(pid);
	/* libc's search leaves errno where it likes. */
	fact("%s: %s, %s, %s, signals %d", label, error_name(ret),
	     searched ? "searched" : error_name(left), status_text(status), (int)signals);
	REQUIRE(no_children());
}

static int start_all(void *arg)
{
	posix_spawn_file_actions_t actions;

	(void)arg;
	start("posix_spawn", NULL, false);
	start("posix_spawnp", NULL, true);
	posix_spawn_file_actions_init(&actions);
	leave_to_libc(&actions);
	start("by libc", &actions, false);
	posix_spawn_file_actions_destroy(&actions);
	return 0;
}

static void try_all(const char *label)
{
	fact("%s", label);
	start_all(NULL);
	/* And in a child, which has the index from here. */
	fact("%s: %s", label, status_text(in_child(start_all, NULL)));
}

/* While `path` is called otherwise, or nothing of it is there. */
static void try_without(const char *label, const char *path, bool replaced)
{
	char *away;

	if (path) {
		REQUIRE(asprintf(&away, "%s.away", path) > 0);
		REQUIRE(rename(path, away) == 0);
		REQUIRE(!replaced || mkdir(path, 0700) == 0);
	}
	try_all(label);
	if (path) {
		REQUIRE(!replaced || rmdir(path) == 0);
		REQUIRE(rename(away, path) == 0);
		free(away);
	}
}

/* The directory of images; null where there are none, or not yet: the service must find its way
   then. */
static char *images_in(const char *cache)
{
	char *images = NULL;
	char *pattern;
	glob_t found;

	if (!cache)
		return NULL;
	REQUIRE(asprintf(&pattern, "%s/images/*/*", cache) > 0);
	if (glob(pattern, 0, NULL, &found) == 0) {
		REQUIRE(asprintf(&images, "%s/images", cache) > 0);
		globfree(&found);
	}
	free(pattern);
	return images;
}

int main(void)
{
	const struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
	const char *cache = getenv("SPAWN_TEMPLATE_CACHE");
	char *images = images_in(cache);

	show = helper("show");
	argv_exit = strings("show", "exit", "7", NULL);
	setenv("PATH", getenv("ST_CASES_BIN"), 1);
	REQUIRE(sigaction(SIGCHLD, &action, NULL) == 0);
	try_all("as it was");
	try_without("without the session", images ? cache : NULL, false);
	try_without("with another one", images ? cache : NULL, true);
	try_without("without images", images, false);
	try_all("as before");
	free(images);
	return 0;
}
