#include "common.h"

#include <elf.h>
#include <stdarg.h>
#include <sys/auxv.h>
#include <sys/mman.h>

enum {
	MAX_ACTIONS_HERE = 64,
	FDS_SHOWN = 1024,
	KILLED = 1000,
};

/* Shared with forked children, which may make tests of their own. */
static struct {
	int tests;
	int failures;
} * counts;

__attribute__((format(printf, 2, 0))) static void line(bool condition, const char *format,
						       va_list ap)
{
	if (!counts)
		counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		_exit(98);
	printf("%s %d - ", condition ? "ok" : "not ok", ++counts->tests);
	vprintf(format, ap);
	putchar('\n');
	fflush(stdout);
	counts->failures += !condition;
}

bool ok(bool condition, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	line(condition, format, ap);
	va_end(ap);
	return condition;
}

bool same(long got, long wanted, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	line(got == wanted, format, ap);
	va_end(ap);
	if (got != wanted)
		printf("# got %ld, wanted %ld\n", got, wanted);
	fflush(stdout);
	return got == wanted;
}

int done(void)
{
	if (!counts)
		bail("no tests");
	printf("1..%d\n", counts->tests);
	return counts->failures ? 1 : 0;
}

void bail(const char *format, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf(" (%s)\n", strerror(errno));
	fflush(stdout);
	_exit(99);
}

/*
 * The program
 */

static void show_link(const char *name)
{
	char path[PATH_MAX];
	ssize_t n = readlink(name, path, sizeof path - 1);

	path[n < 0 ? 0 : n] = '\0';
	printf("%s: %s\n", name, path);
}

static void show_lines(const char *file, const char *const *keys)
{
	char text[256];
	FILE *f = fopen(file, "r");

	while (f && fgets(text, sizeof text, f))
		for (const char *const *key = keys; *key; key++)
			if (!strncmp(text, *key, strlen(*key)))
				fputs(text, stdout);
	if (f)
		fclose(f);
}

static void report(char **argv)
{
	static const char *const keys[] = {
		"Name:",   "Umask:",  "Uid:",    "Gid:",    "Groups:", "Threads",       "SigPnd:",
		"ShdPnd:", "CapEff:", "CapPrm:", "Seccomp", "NoNew",   "Cpus_allowed:", NULL};

	for (; *argv; argv++)
		printf("argument: %s\n", *argv);
	for (char **e = environ; *e; e++)
		printf("environment: %s\n", *e);
	printf("AT_EXECFN: %s\n", (const char *)getauxval(AT_EXECFN));
	printf("AT_SECURE: %lu\n", getauxval(AT_SECURE));
	printf("AT_UID: %lu %lu\n", getauxval(AT_UID), getauxval(AT_EUID));
	printf("AT_PHNUM: %lu %lu\n", getauxval(AT_PHNUM), getauxval(AT_PHENT));
	printf("AT_FLAGS: %lu\n", getauxval(AT_FLAGS));
	printf("group, session: %d %d\n", (int)getpgrp(), (int)getsid(0));
	printf("parent: %d\n", (int)getppid());
	show_link("/proc/self/exe");
	show_link("/proc/self/cwd");
	show_link("/proc/self/root");
	show_lines("/proc/self/status", keys);
}

static void show_fds(void)
{
	for (int fd = 0; fd < FDS_SHOWN; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags >= 0)
			printf("%d%s ", fd, flags & FD_CLOEXEC ? "c" : "");
	}
	printf("\n");
}

static void copy_fd(int fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	if (n < 0)
		printf("error %d\n", errno);
}

void be_program(int argc, char **argv)
{
	static const char *const sets[] = {"SigBlk:", "SigIgn:", "SigCgt:", NULL};
	const char *what = argc > 1 ? argv[1] : "";
	char cwd[PATH_MAX];

	if (!strcmp(what, "exit") && argc > 2)
		_exit(atoi(argv[2]));
	else if (!strcmp(what, "pause"))
		for (;;)
			pause();
	else if (!strcmp(what, "report"))
		report(argv);
	else if (!strcmp(what, "fds"))
		show_fds();
	else if (!strcmp(what, "read") && argc > 2)
		copy_fd(atoi(argv[2]));
	else if (!strcmp(what, "cwd"))
		puts(getcwd(cwd, sizeof cwd) ? cwd : "none");
	else if (!strcmp(what, "signals"))
		show_lines("/proc/self/status", sets);
	else
		return;
	fflush(stdout);
	_exit(0);
}

const char *self_path(void)
{
	static char path[PATH_MAX];

	if (!path[0] && readlink("/proc/self/exe", path, sizeof path - 1) < 0)
		bail("readlink");
	return path;
}

void copy_self(const char *to)
{
	int in = open(self_path(), O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t n;

	if (in < 0 || out < 0)
		bail("copy to %s", to);
	while ((n = read(in, buf, sizeof buf)) > 0)
		if (write(out, buf, (size_t)n) != n)
			bail("write %s", to);
	fchmod(out, 0755);
	close(in);
	close(out);
}

/*
 * The calls
 */

long sys_create(const void *args, size_t size)
{
	long result = syscall(NR_CREATE, args, size);

	return result < 0 ? -errno : result;
}

long sys_spawn(int fd, const void *args, size_t size)
{
	long result = syscall(NR_SPAWN, fd, args, size);

	return result < 0 ? -errno : result;
}

long create_by_path(const char *path, uint64_t flags)
{
	const struct spawn_template_create_args args = {
		.flags = flags,
		.execfd = -1,
		.filename = POINTER(path),
	};

	return sys_create(&args, sizeof args);
}

long create_by_fd(int execfd, uint64_t flags)
{
	const struct spawn_template_create_args args = {.flags = flags, .execfd = execfd};

	return sys_create(&args, sizeof args);
}

void spawn_init(struct spawn *s, ...)
{
	size_t n = 0;
	char *argument;
	va_list ap;

	*s = (struct spawn){.pidfd = -1, .envp = {"NAME=value", "OTHER="}};
	s->argv[n++] = "program";
	va_start(ap, s);
	while ((argument = va_arg(ap, char *)) && n < ARRAY_SIZE(s->argv) - 1)
		s->argv[n++] = argument;
	va_end(ap);
	s->args.flags = SPAWN_TEMPLATE_SPAWN_INHERIT_FDS;
	s->args.pidfd = POINTER(&s->pidfd);
	s->args.argv = POINTER(s->argv);
	s->args.envp = POINTER(s->envp);
}

void spawn_actions(struct spawn *s, const struct spawn_template_action *actions, size_t count)
{
	s->args.actions = POINTER(actions);
	s->args.actions_len = count;
}

long do_spawn(struct spawn *s, int template_fd)
{
	return sys_spawn(template_fd, &s->args, sizeof s->args);
}

int wait_for(struct spawn *s, long pid)
{
	int status;

	if (waitpid((pid_t)pid, &status, 0) != pid)
		return -errno;
	close(s->pidfd);
	s->pidfd = -1;
	return status;
}

int run(struct spawn *s, int template_fd)
{
	long pid = do_spawn(s, template_fd);
	int status;

	if (pid < 0)
		return (int)pid;
	status = wait_for(s, pid);
	if (status < 0)
		return status;
	return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

int run_output(struct spawn *s, int template_fd, const struct spawn_template_action *actions,
	       size_t count, char *out, size_t size)
{
	struct spawn_template_action all[MAX_ACTIONS_HERE] = {{0}};
	int fd = memfd_create("output", MFD_CLOEXEC);
	ssize_t n;
	int result;

	if (fd < 0 || count >= MAX_ACTIONS_HERE)
		bail("run_output");
	all[0] = (struct spawn_template_action){
		.type = SPAWN_TEMPLATE_ACTION_DUP2, .fd = fd, .newfd = 1};
	if (count)
		memcpy(all + 1, actions, count * sizeof *actions);
	spawn_actions(s, all, count + 1);
	result = run(s, template_fd);
	n = pread(fd, out, size - 1, 0);
	out[n < 0 ? 0 : n] = '\0';
	close(fd);
	return result;
}

int in_child(int (*fn)(int fd), int fd)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(fn(fd));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bail("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}
