#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elfcache/image_name.h"
#include "elfcache/loader_variables.h"
#include "memory.h"
#include "message.h"
#include "self.h"
#include "service.h"

/* Closed one by one where close_range(2) is missing (before Linux 5.9). */
enum { SOME_DESCRIPTORS = 1024 };

static const char *const places[] = {ST_LIBEXECDIR_FROM_BINDIR, "../libexec/spawn-template"};

static bool find_helper(char path[PATH_MAX])
{
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (self_relative(places[i], ST_SERVICE_NAME, path) && access(path, X_OK) == 0)
			return true;
	snprintf(path, PATH_MAX, "%s/%s", ST_LIBEXECDIR, ST_SERVICE_NAME);
	return access(path, X_OK) == 0;
}

/* An anonymous file with the definitions in it, at its beginning; negative error number. */
static int environment_file(char *const envp[])
{
	int fd = memfd_create("environment", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (; *envp; envp++) {
		size_t size = strlen(*envp) + 1;

		if (write(fd, *envp, size) != (ssize_t)size) {
			close(fd);
			return -ENOSPC;
		}
	}
	if (lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -EIO;
}

static void close_from(unsigned first)
{
	if (syscall(SYS_close_range, first, ~0U, 0U))
		for (int fd = (int)first; fd < SOME_DESCRIPTORS; fd++)
			close(fd);
}

static void default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Become the service: nothing of the user's is kept open, no terminal, no session. */
__attribute__((noreturn)) static void be_service(const char *helper, const char *directory,
						 int environment)
{
	static char name[] = "spawn-template-service";
	static char mode[] = SERVICE_SESSION;
	char *argv[] = {name, mode, (char *)(uintptr_t)directory, NULL};
	char *envp[] = {NULL};
	int null = open("/dev/null", O_RDWR);

	setsid();
	default_signals();
	/* From above all numbers that it is copied to. */
	environment = fcntl(environment, F_DUPFD_CLOEXEC, SERVICE_ENVIRONMENT + 1);
	if (null < 0 || environment < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(null, 2) < 0 || dup2(environment, SERVICE_ENVIRONMENT) < 0)
		_exit(1);
	close_from(SERVICE_ENVIRONMENT + 1);
	/* Not to keep a file system busy. */
	if (chdir("/"))
		_exit(1);
	execve(helper, argv, envp);
	_exit(1);
}

void service_enable_images(struct index *index, char *const envp[])
{
	struct rlimit stack;

	if (getrlimit(RLIMIT_STACK, &stack) == 0)
		index_enable_images(index, loader_variables_hash(envp), stack.rlim_cur);
}

pid_t service_start(struct session *session, char *const envp[], bool detached)
{
	char helper[PATH_MAX];
	pid_t parent = getpid();
	int environment;
	pid_t pid;

	if (!find_helper(helper)) {
		say_verbose("no images: %s is missing", helper);
		return 0;
	}
	environment = environment_file(envp);
	if (environment < 0)
		return 0;
	service_enable_images(&session->index, envp);
	pid = fork();
	if (pid == 0) {
		if (detached && fork() != 0)
			_exit(0);
		if (!detached) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				_exit(0);
		}
		be_service(helper, session->path, environment);
	}
	close(environment);
	if (detached && pid > 0)
		waitpid(pid, NULL, 0);
	return detached || pid < 0 ? 0 : pid;
}

void service_end(pid_t pid)
{
	if (!pid)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int service_bake(const char *directory, char *const envp[], char **programs)
{
	static char name[] = "bake";
	static char mode[] = SERVICE_BOOT;
	char helper[PATH_MAX];
	size_t n = 0;
	char **argv;
	int environment;
	int status;
	pid_t pid;

	if (!find_helper(helper)) {
		say("bake: %s is missing; is spawn-template installed completely?", helper);
		return EXIT_FOUND;
	}
	while (programs[n])
		n++;
	argv = memory_resize(NULL, n + 4, sizeof *argv);
	argv[0] = name;
	argv[1] = mode;
	argv[2] = (char *)(uintptr_t)directory;
	memcpy(argv + 3, programs, (n + 1) * sizeof *argv);
	environment = environment_file(envp);
	pid = environment < 0 ? -1 : fork();
	if (pid == 0) {
		environment = fcntl(environment, F_DUPFD_CLOEXEC, SERVICE_ENVIRONMENT + 1);
		if (environment >= 0 && dup2(environment, SERVICE_ENVIRONMENT) >= 0)
			execve(helper, argv, (char *[]){NULL});
		_exit(EXIT_FOUND);
	}
	free(argv);
	if (environment >= 0)
		close(environment);
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		say("bake: %s", strerror(errno));
		return EXIT_FOUND;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FOUND;
}
