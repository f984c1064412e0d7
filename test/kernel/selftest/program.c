/*
 * What the program sees of itself: the same as if it had been started by fork() and execve().
 */
#include "common.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

enum { OUTPUT = 64 * 1024 };

static const char copy[] = "/tmp/program-with-a-long-name";

/* By fork(), and execve() or execveat(), with the same arguments. */
static void by_exec(struct spawn *s, const char *path, int execfd, char *out)
{
	int fd = memfd_create("output", MFD_CLOEXEC);
	int status;
	pid_t pid = fork();
	ssize_t n;

	if (pid == 0) {
		dup2(fd, 1);
		if (path)
			execve(path, s->argv, s->envp);
		else
			syscall(SYS_execveat, execfd, "", s->argv, s->envp, AT_EMPTY_PATH);
		_exit(99);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		bail("exec");
	n = pread(fd, out, OUTPUT - 1, 0);
	out[n < 0 ? 0 : n] = '\0';
	close(fd);
}

static void show(const char *text, const char *name)
{
	char buf[256];

	printf("# %s\n", name);
	while (*text) {
		size_t n = strcspn(text, "\n");

		snprintf(buf, sizeof buf, "%.*s", (int)n, text);
		printf("#   %s\n", buf);
		text += n + (text[n] == '\n');
	}
}

static void compare(const char *what, const char *mode, bool by_path)
{
	static char wanted[OUTPUT];
	static char got[OUTPUT];
	int exe = open(copy, O_RDONLY | O_CLOEXEC);
	int fd = (int)(by_path ? create_by_path(copy, SPAWN_TEMPLATE_CREATE_CLOEXEC)
			       : create_by_fd(exe, SPAWN_TEMPLATE_CREATE_CLOEXEC));
	struct spawn s;

	fflush(stdout);
	spawn_init(&s, mode, "second argument", "", NULL);
	by_exec(&s, by_path ? copy : NULL, exe, wanted);
	same(run_output(&s, fd, NULL, 0, got, sizeof got), 0, "%s, %s: runs", what,
	     by_path ? "path" : "descriptor");
	if (!ok(*wanted && !strcmp(got, wanted), "%s, %s: %s as from execve()", what,
		by_path ? "path" : "descriptor", mode)) {
		show(got, "got");
		show(wanted, "wanted");
	}
	close(fd);
	close(exe);
}

static void handler(int sig)
{
	(void)sig;
}

static void compare_all(const char *what)
{
	compare(what, "report", true);
	compare(what, "report", false);
	compare(what, "signals", true);
	compare(what, "fds", true);
	compare(what, "cwd", true);
}

static void prepare_signals(void)
{
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, handler);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGRTMAX);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static uint64_t line_of(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	return p ? strtoull(p + strlen(key), NULL, 16) : ~0ULL;
}

static void signal_actions(void)
{
	const uint64_t all = ~0ULL;
	const uint64_t kill_stop = 1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1);
	const uint64_t two = 1ULL << (SIGUSR1 - 1) | 1ULL << (SIGUSR2 - 1);
	const struct spawn_template_sigset all_set = {POINTER(&all), 8};
	const struct spawn_template_sigset two_set = {POINTER(&two), 8};
	struct spawn_template_action actions[] = {
		{.type = SPAWN_TEMPLATE_ACTION_SIGMASK, .arg = POINTER(&all_set)},
		{.type = SPAWN_TEMPLATE_ACTION_SIGDEFAULT, .arg = POINTER(&two_set)},
	};
	int fd = (int)create_by_path(copy, SPAWN_TEMPLATE_CREATE_CLOEXEC);
	char out[4096];
	struct spawn s;
	sigset_t mask;

	spawn_init(&s, "signals", NULL);
	same(run_output(&s, fd, actions, 2, out, sizeof out), 0, "SIGMASK, SIGDEFAULT");
	ok(line_of(out, "SigBlk:") == ~kill_stop, "SIGMASK: all but SIGKILL and SIGSTOP");
	ok(line_of(out, "SigIgn:") == 1ULL << (SIGHUP - 1), "SIGDEFAULT: one is not ignored");
	ok(line_of(out, "SigCgt:") == 0, "no handlers");
	actions[1].arg = POINTER(&all_set);
	same(run_output(&s, fd, actions, 2, out, sizeof out), 0, "SIGDEFAULT of all");
	ok(line_of(out, "SigIgn:") == 0, "nothing is ignored");
	actions[0].arg = POINTER(&two_set);
	same(run_output(&s, fd, actions, 1, out, sizeof out), 0, "SIGMASK");
	ok(line_of(out, "SigBlk:") == two, "SIGMASK: what it says, and nothing else");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	ok(sigismember(&mask, SIGTERM) && !sigismember(&mask, SIGUSR1),
	   "the caller's mask is as it was");
	ok(signal(SIGUSR1, SIG_IGN) == SIG_IGN, "the caller's actions are as they were");
	close(fd);
}

static void in_a_directory(void)
{
	mkdir("/tmp/program-cwd", 0700);
	if (chdir("/tmp/program-cwd"))
		bail("chdir");
	umask(0137);
	compare_all("another directory and umask");
	umask(022);
}

static void many_descriptors(void)
{
	for (int fd = 40; fd < 600; fd++)
		dup3(0, fd, fd % 3 ? 0 : O_CLOEXEC);
	compare_all("many descriptors");
	for (int fd = 40; fd < 600; fd++)
		close(fd);
}

static int set_id_and_filter(int unused)
{
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	const struct sock_fprog program = {1, allow};

	(void)unused;
	chown(copy, 65534, 65534);
	chmod(copy, 06755);
	compare_all("set-user-id");
	if (setresgid(1, 1, 1) || setresuid(1, 1, 1))
		return 200;
	compare_all("set-user-id, not root");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return 201;
	compare_all("no new privileges, and a filter");
	return 0;
}

static void null_argv(void)
{
	int fd = (int)create_by_path(copy, SPAWN_TEMPLATE_CREATE_CLOEXEC);
	struct spawn s;

	spawn_init(&s, NULL);
	s.args.argv = 0;
	s.args.envp = 0;
	/* The selftest itself starts when it has no arguments: a status of 3 says that it did. */
	setenv("SELFTEST", "3", 1);
	s.args.envp = POINTER(environ);
	same(run(&s, fd), 3, "no argv: as execve() has it");
	close(fd);
}

int main(int argc, char **argv)
{
	be_program(argc, argv);
	if (getenv("SELFTEST"))
		return argc == 1 && !*argv[0] ? 3 : 4;
	copy_self(copy);
	chmod("/tmp", 01777);
	compare_all("plain");
	prepare_signals();
	compare_all("signals");
	signal_actions();
	in_a_directory();
	many_descriptors();
	null_argv();
	same(in_child(set_id_and_filter, 0), 0, "set-user-id and seccomp: see above");
	return done();
}
