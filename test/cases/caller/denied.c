/*
 * Starts by a process that may execute programs only in certain places, as access(2) does not tell:
 * in a sandbox of Landlock's, and as another user to the file system.
 */
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

/* linux/landlock.h, since Linux 5.13. */
enum { CREATE_RULESET = 444, ADD_RULE, RESTRICT_SELF, PATH_BENEATH = 1, EXECUTE = 1 };
struct ruleset {
	uint64_t handled;
};
struct beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static char *show;
static char **argv_exit;
static char **argv_script;
static volatile sig_atomic_t signals;
/* The next start may take a second child: README, "Limits". */
static bool may_take_two;

/* Whether the library has a child of its own for this libc (child.h). */
static bool is_own_child(void)
{
	const int minor = atoi(gnu_get_libc_version() + 2);

	return minor >= 34 && minor <= 37;
}

static void on_child(int sig)
{
	(void)sig;
	signals++;
}

static void allow(int rules, const char *path)
{
	struct beneath beneath = {EXECUTE, open(path, O_PATH | O_CLOEXEC)};

	if (beneath.parent < 0)
		return;
	REQUIRE(syscall(ADD_RULE, rules, PATH_BENEATH, &beneath, 0) == 0);
	close(beneath.parent);
}

static bool enter_sandbox(void)
{
	const struct ruleset ruleset = {EXECUTE};
	int rules = (int)syscall(CREATE_RULESET, &ruleset, sizeof ruleset, 0);

	if (rules < 0)
		return false;
	allow(rules, getenv("ST_CASES_BIN"));
	allow(rules, "script");
	allow(rules, "/usr");
	allow(rules, "/bin");
	allow(rules, "/lib");
	allow(rules, "/lib64");
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(syscall(RESTRICT_SELF, rules, 0) == 0);
	close(rules);
	return true;
}

static bool become_nobody(void)
{
	if (geteuid() != 0 || chmod(".", 0777) != 0)
		return false;
	setfsuid(65534);
	return true;
}

/* All that its parent can see of one start. */
static void start(const char *label, const char *file, char **argv,
		  const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr)
{
	pid_t pid = -1;
	int status = -1;
	int left;
	int ret;

	signals = 0;
	errno = EILSEQ;
	ret = posix_spawn(&pid, file, actions, attr, argv, environ);
	left = errno;
	if (ret == 0)
		status = wait_for(pid);
	fact("%s: %s, errno %s, %s, signals %d", label, error_name(ret), error_name(left),
	     status_text(status), may_take_two && signals == 2 ? 1 : (int)signals);
	may_take_two = false;
	REQUIRE(no_children());
}

/* What is carried out once must not be carried out twice. */
static void try_actions(void)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 9, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	start("a new file", show, argv_exit, &actions, NULL);
	start("an old file", show, argv_exit, &actions, NULL);
	REQUIRE(unlink("new") == 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attr, 1 << 30);
	start("no such group", show, argv_exit, &actions, &attr);
	REQUIRE(access("new", F_OK) == -1);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
}

static void try_others(void)
{
	pid_t pid;

	fact("posix_spawnp: %s",
	     error_name(posix_spawnp(&pid, "show", NULL, NULL, argv_exit, environ)));
	fact("posix_spawnp: %s", status_text(wait_for(pid)));
	pid = vfork();
	if (pid == 0) {
		execv(show, argv_exit);
		_exit(100);
	}
	fact("vfork: %s", status_text(wait_for(pid)));
	start("script", "./script", argv_script, NULL, NULL);
}

/* Of those that libc carries out in any case.  The first start may take two children. */
static void try_libc(void)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 9, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);
	leave_to_libc(&actions);
	start("by libc, a new file", show, argv_exit, &actions, NULL);
	REQUIRE(unlink("new") == 0);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "old", O_WRONLY | O_CREAT, 0600);
	leave_to_libc(&actions);
	errno = EILSEQ;
	fact("by libc: %s",
	     error_name(posix_spawn(&pid, show, &actions, NULL, argv_exit, environ)));
	fact("by libc: errno %s, %s", error_name(errno), status_text(wait_for(pid)));
	start("by libc", show, argv_exit, &actions, NULL);
	posix_spawn_file_actions_destroy(&actions);
}

struct how {
	bool (*confine)(void);
	void (*starts)(void);
};

static int confined(void *arg)
{
	const struct how *how = arg;

	/* From an image, if there are any. */
	start("free", show, argv_exit, NULL, NULL);
	if (!how->confine())
		return 77;
	may_take_two = !is_own_child();
	if (how->starts != try_libc)
		start("confined", show, argv_exit, NULL, NULL);
	how->starts();
	start("again", show, argv_exit, NULL, NULL);
	return 0;
}

static int actions_first(void *arg)
{
	if (!((const struct how *)arg)->confine())
		return 77;
	try_actions();
	return 0;
}

int main(void)
{
	static bool (*const confinements[])(void) = {enter_sandbox, become_nobody};
	static void (*const starts[])(void) = {try_actions, try_others, try_libc};
	const struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};

	show = helper("show");
	argv_exit = strings("show", "exit", "7", NULL);
	argv_script = strings("script", "one", "two", NULL);
	setenv("PATH", getenv("ST_CASES_BIN"), 1);
	make_file("script", "#!/bin/sh\nexit $(($# + 3))\n", 0755);
	REQUIRE(sigaction(SIGCHLD, &action, NULL) == 0);
	for (size_t i = 0; i < 2; i++) {
		struct how how = {confinements[i], NULL};

		if (is_own_child())
			fact("confinement %zu, actions: %s", i,
			     status_text(in_child(actions_first, &how)));
		for (size_t j = 0; j < 3; j++) {
			how.starts = starts[j];
			fact("confinement %zu, starts %zu: %s", i, j,
			     status_text(in_child(confined, &how)));
		}
	}
	return 0;
}
