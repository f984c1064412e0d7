#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elfcache/confinement.h"
#include "elfcache/image_name.h"
#include "elfcache/loader_variables.h"
#include "elfcache/sys.h"
#include "helper.h"
#include "memory.h"
#include "message.h"
#include "service.h"
#include "service/environment_blob.h"

/* Closed one by one where close_range(2) is missing (before Linux 5.9). */
enum { SOME_DESCRIPTORS = 1024 };

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
	helper_exec(helper, argv, envp);
	_exit(1);
}

void service_enable_images(struct index *index, char *const envp[])
{
	index_enable_images(index, loader_variables_hash(envp), confinement_hash());
}

pid_t service_start(struct session *session, char *const envp[], bool detached)
{
	char helper[PATH_MAX];
	pid_t parent = getpid();
	int environment;
	pid_t pid;

	if (!helper_find(ST_SERVICE_NAME, helper)) {
		say_verbose("no images: %s is missing", helper);
		return 0;
	}
	environment = environment_blob_write(envp);
	if (environment < 0)
		return 0;
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
	/* One that cannot be killed (a filter of system calls) ends by itself, but not before the
	   session does. */
	if (!pid || kill(pid, SIGKILL))
		return;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Start the helper program in a mode that ends by itself; out: its stdout, or -1.  Its process id,
   or a negative error number. */
static pid_t start_helper(const char *helper, char *argv[], char *const envp[], int out)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	if (out < 0 || dup2(out, STDOUT_FILENO) >= 0)
		helper_execute(helper, argv, (char *[]){NULL}, envp);
	_exit(EXIT_FOUND);
}

static int wait_for_helper(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FOUND;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FOUND;
}

int service_bake(const char *directory, char *const envp[], char **programs)
{
	static char name[] = "bake";
	static char mode[] = SERVICE_BOOT;
	char helper[PATH_MAX];
	size_t n = 0;
	char **argv;
	pid_t pid;

	if (!helper_find(ST_SERVICE_NAME, helper)) {
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
	pid = start_helper(helper, argv, envp, -1);
	free(argv);
	if (pid < 0) {
		say("bake: %s", strerror(-pid));
		return EXIT_FOUND;
	}
	return wait_for_helper(pid);
}

static void read_line(int fd, char line[SERVICE_LINE_MAX])
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, line + len, SERVICE_LINE_MAX - 1 - len)) > 0)
		len += (size_t)n;
	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

bool service_try(const char *directory, char *const envp[], const char *program,
		 char line[SERVICE_LINE_MAX])
{
	static char name[] = "trial";
	static char mode[] = SERVICE_TRIAL;
	char *argv[] = {name, mode, (char *)(uintptr_t)directory, (char *)(uintptr_t)program, NULL};
	char helper[PATH_MAX];
	int fds[2];
	pid_t pid;

	if (!helper_find(ST_SERVICE_NAME, helper)) {
		snprintf(line, SERVICE_LINE_MAX, "%.*s is missing", SERVICE_LINE_MAX / 2, helper);
		return false;
	}
	if (pipe2(fds, O_CLOEXEC)) {
		snprintf(line, SERVICE_LINE_MAX, "%s", strerror(errno));
		return false;
	}
	pid = start_helper(helper, argv, envp, fds[1]);
	close(fds[1]);
	read_line(fds[0], line);
	close(fds[0]);
	return pid > 0 && wait_for_helper(pid) == 0;
}
