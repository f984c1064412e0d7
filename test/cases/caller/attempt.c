#include "attempt.h"
#include "../../old_libc.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *,
			   const posix_spawnattr_t *, char *const[], char *const[]);

/* What executables are bound to that were linked before glibc 2.15. */
extern spawn_function old_posix_spawn;
extern spawn_function old_posix_spawnp;
__asm__(".symver old_posix_spawn, posix_spawn@GLIBC_2.2.5");
__asm__(".symver old_posix_spawnp, posix_spawnp@GLIBC_2.2.5");

const char *const attempt_functions[] = {
	"execve",       "execv",           "execvp",           "execvpe", "execl",
	"execlp",       "execle",          "execveat",         "fexecve", "posix_spawn",
	"posix_spawnp", "old_posix_spawn", "old_posix_spawnp", NULL,
};

bool attempt_searches(const char *function)
{
	static const char *const searching[] = {"execvp", "execvpe", "execlp", "posix_spawnp",
						"old_posix_spawnp"};

	for (size_t i = 0; i < sizeof searching / sizeof *searching; i++)
		if (strcmp(function, searching[i]) == 0)
			return true;
	return false;
}

struct order {
	const char *function;
	const struct attempt *what;
};

static char *at(char *const *list, size_t i)
{
	return list ? list[i] : NULL;
}

/* Up to two arguments are enough for the functions that take them one by one. */
static int exec_list(const char *function, const struct attempt *a)
{
	/* Without the attributes by which compilers forbid a null argument. */
	int (*list_function)(const char *, const char *, ...) = execle;
	char *zero = at(a->argv, 0);
	char *one = zero ? at(a->argv, 1) : NULL;

	if (strcmp(function, "execl") == 0)
		return execl(a->path, zero, one, (char *)NULL);
	if (strcmp(function, "execlp") == 0)
		return execlp(a->path, zero, one, (char *)NULL);
	/* With a null zeroth argument, the environment stands right behind it. */
	if (!zero)
		return list_function(a->path, NULL, a->envp);
	if (!one)
		return execle(a->path, zero, (char *)NULL, a->envp);
	return execle(a->path, zero, one, (char *)NULL, a->envp);
}

static int exec(const char *function, const struct attempt *a)
{
	if (strcmp(function, "execve") == 0)
		return execve(a->path, a->argv, a->envp);
	if (strcmp(function, "execv") == 0)
		return execv(a->path, a->argv);
	if (strcmp(function, "execvp") == 0)
		return execvp(a->path, a->argv);
	if (strcmp(function, "execvpe") == 0)
		return execvpe(a->path, a->argv, a->envp);
	if (strcmp(function, "execveat") == 0)
		return execveat(AT_FDCWD, a->path, a->argv, a->envp, 0);
	if (strcmp(function, "fexecve") == 0)
		return fexecve(open(a->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), a->argv, a->envp);
	return exec_list(function, a);
}

/* In the child: returns only if the exec failed. */
static int run_exec(void *arg)
{
	const struct order *order = arg;
	int ret;

	errno = EXDEV;
	ret = exec(order->function, order->what);
	fact("  returns %d, %s", ret, error_name(errno));
	return 0;
}

static spawn_function *find_spawn(const char *function)
{
	if (strcmp(function, "posix_spawn") == 0)
		return posix_spawn;
	if (strcmp(function, "posix_spawnp") == 0)
		return posix_spawnp;
	if (strcmp(function, "old_posix_spawn") == 0)
		return old_posix_spawn;
	return old_posix_spawnp;
}

static int run_spawn(void *arg)
{
	enum { UNTOUCHED = -4321 };
	const struct order *order = arg;
	const struct attempt *a = order->what;
	pid_t pid = UNTOUCHED;
	pid_t got = -1;
	int status = 0;
	int saved;
	int ret;

	errno = EXDEV;
	ret = find_spawn(order->function)(a->no_pid ? NULL : &pid, a->path, NULL, NULL, a->argv,
					  a->envp);
	saved = errno;
	if (ret == 0)
		got = waitpid(a->no_pid ? -1 : pid, &status, 0);
	fact("  returns %s, errno %s, pid %s", error_name(ret), error_name(saved),
	     pid == UNTOUCHED ? "untouched" : "set");
	if (ret == 0)
		fact("  child %d, %s", got > 0, status_text(status));
	fact("  no children left: %d", no_children());
	return 0;
}

void attempt(const char *function, const struct attempt *what)
{
	struct order order = {function, what};
	int status;

	fact("%s %s:", function, what->label);
	status = in_child(strstr(function, "spawn") ? run_spawn : run_exec, &order);
	if (status != 0)
		fact("  %s", status_text(status));
}
