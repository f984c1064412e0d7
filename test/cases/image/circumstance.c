/*
 * circumstance WHAT ARGUMENT... -- PROGRAM ... - start PROGRAM in several ways, change something of
 * this process, and start it again in the same ways.
 *
 *   run COMMAND      a shell has done something to the file system, in a mount namespace of our own
 *   spoil COMMAND    the same, where there is a preload; else there is nothing to spoil
 *   chroot DIR
 *   limit N SOFT     resource limit number N
 *   full             no descriptor is left
 *   uid U G, euid U G, groups
 *   privileges       no new ones any more, and no capabilities
 *   protect          memory is writable or executable, and stays so
 *   personality N
 *   seccomp NR ACTION   a filter: ACTION is the name of an error, or kill
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

#define SET_MDWE         65 /* prctl(2), Linux 6.3 */
#define MDWE_REFUSE_EXEC 1

/* Nothing of ours in between: no preload, and not counted. */
static void run(const char *command)
{
	const char *argv[] = {"sh", "-c", command, NULL};
	const char *envp[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_execve, "/bin/sh", argv, envp);
		_exit(127);
	}
	REQUIRE(wait_for(pid) == 0);
}

static void filter(unsigned nr, const char *action)
{
	unsigned result = strcmp(action, "kill") == 0    ? SECCOMP_RET_KILL_PROCESS
			  : strcmp(action, "EPERM") == 0 ? SECCOMP_RET_ERRNO | EPERM
							 : SECCOMP_RET_ERRNO | ENOSYS;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, result),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof code[0], code};

	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void drop_privileges(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	for (int cap = 0; cap < 64; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(syscall(SYS_capset, &header, data) == 0);
}

static void change(char **argv)
{
	const char *what = argv[0];

	if (strcmp(what, "run") == 0) {
		REQUIRE(unshare(CLONE_NEWNS) == 0);
		run(argv[1]);
	} else if (strcmp(what, "spoil") == 0) {
		const char *preload = getenv("LD_PRELOAD");

		REQUIRE(unshare(CLONE_NEWNS) == 0);
		if (preload && *preload)
			run(argv[1]);
	} else if (strcmp(what, "chroot") == 0) {
		REQUIRE(chroot(argv[1]) == 0 && chdir("/") == 0);
	} else if (strcmp(what, "limit") == 0) {
		int resource = atoi(argv[1]);
		struct rlimit limit;

		REQUIRE(getrlimit((__rlimit_resource_t)resource, &limit) == 0);
		limit.rlim_cur = strcmp(argv[2], "unlimited") == 0 ? RLIM_INFINITY
								   : strtoul(argv[2], NULL, 0);
		REQUIRE(setrlimit((__rlimit_resource_t)resource, &limit) == 0);
	} else if (strcmp(what, "full") == 0) {
		struct rlimit limit = {20, 20};

		REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
		while (open("/dev/null", O_RDONLY) >= 0)
			;
		REQUIRE(errno == EMFILE);
	} else if (strcmp(what, "uid") == 0) {
		REQUIRE(setgid((gid_t)atoi(argv[2])) == 0 && setuid((uid_t)atoi(argv[1])) == 0);
	} else if (strcmp(what, "euid") == 0) {
		REQUIRE(setegid((gid_t)atoi(argv[2])) == 0 && seteuid((uid_t)atoi(argv[1])) == 0);
	} else if (strcmp(what, "groups") == 0) {
		const gid_t groups[] = {7, 9};

		REQUIRE(setgroups(2, groups) == 0);
	} else if (strcmp(what, "privileges") == 0) {
		drop_privileges();
	} else if (strcmp(what, "protect") == 0) {
		if (prctl(SET_MDWE, MDWE_REFUSE_EXEC, 0, 0, 0) != 0)
			exit(77);
	} else if (strcmp(what, "personality") == 0) {
		REQUIRE(personality(strtoul(argv[1], NULL, 0)) != -1);
	} else if (strcmp(what, "seccomp") == 0) {
		filter((unsigned)atoi(argv[1]), argv[2]);
	} else if (strcmp(what, "nothing") != 0) {
		fail("what is %s?", what);
	}
}

static void by_spawn(char **program)
{
	pid_t pid = -1;
	int ret = posix_spawn(&pid, program[0], NULL, NULL, program, environ);

	fact("posix_spawn: %s %s", error_name(ret), ret ? "" : status_text(wait_for(pid)));
}

/* The error in the exit status, should it fail. */
static void by_vfork(char **program)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv(program[0], program);
		_exit(100 + errno % 100);
	}
	fact("vfork: %s", pid < 0 ? error_name(errno) : status_text(wait_for(pid)));
}

/* What changes, changes in the child. */
static void by_fork(char **program, char **changes)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (changes)
			change(changes);
		execve(program[0], program, environ);
		_exit(100 + errno % 100);
	}
	fact("fork: %s", pid < 0 ? error_name(errno) : status_text(wait_for(pid)));
}

int main(int argc, char **argv)
{
	int i = 1;

	while (i < argc && strcmp(argv[i], "--") != 0)
		i++;
	REQUIRE(i + 1 < argc);
	argv[i] = NULL;
	by_spawn(argv + i + 1);
	by_vfork(argv + i + 1);
	by_fork(argv + i + 1, NULL);
	by_fork(argv + i + 1, argv + 1);
	/* A filter that kills would kill us. */
	if (strcmp(argv[1], "seccomp") == 0 && strcmp(argv[3], "kill") == 0)
		return 0;
	change(argv + 1);
	by_spawn(argv + i + 1);
	by_vfork(argv + i + 1);
	by_fork(argv + i + 1, NULL);
	/* libc's _exit() has no other way to end, since some glibc between 2.36 and 2.41. */
	if (strcmp(argv[1], "seccomp") == 0 && atoi(argv[2]) == SYS_exit_group)
		syscall(SYS_exit, 0);
	return 0;
}
