/*
 * Starting programs under a filter of system calls that kills for what no start needs, as those of
 * services do: systemd's SystemCallFilter=~@resources ~@debug ~@clock and more.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/case.h"

static char *show;
static char **argv_exit;

static const unsigned forbidden[] = {
	SYS_sched_setaffinity,
	SYS_sched_setattr,
	SYS_sched_setparam,
	SYS_sched_setscheduler,
	SYS_setpriority,
	SYS_setrlimit,
	SYS_ioprio_set,
	SYS_mbind,
	SYS_set_mempolicy,
	SYS_migrate_pages,
	SYS_move_pages,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_kcmp,
	SYS_perf_event_open,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_mount,
	SYS_umount2,
	SYS_keyctl,
	SYS_personality,
	SYS_userfaultfd,
	SYS_bpf,

	SYS_name_to_handle_at,
	SYS_shmget,
	SYS_mq_open,
	SYS_chroot,
	SYS_unshare,
	SYS_setns,
	SYS_io_setup,
};

static void forbid(void)
{
	enum { COUNT = sizeof forbidden / sizeof *forbidden };
	struct sock_filter code[2 * COUNT + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = {2 * COUNT + 2, code};

	for (unsigned i = 0; i < COUNT; i++) {
		code[2 * i + 1] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, forbidden[i], 0, 1);
		code[2 * i + 2] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	}
	// cppcheck-suppress unreadVariable
	code[2 * COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	REQUIRE(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static int by_exec(void *arg)
{
	(void)arg;
	forbid();
	execve(show, argv_exit, environ);
	return 100;
}

static int by_spawn(void *arg)
{
	pid_t pid;

	(void)arg;
	forbid();
	if (posix_spawn(&pid, show, NULL, NULL, argv_exit, environ))
		return 101;
	return WEXITSTATUS(wait_for(pid));
}

static int by_search(void *arg)
{
	(void)arg;
	forbid();
	execvp("show", argv_exit);
	return 102;
}

static int by_system(void *arg)
{
	(void)arg;
	forbid();
	return WEXITSTATUS(system("exec \"$ST_CASES_BIN/show\" exit 7"));
}

int main(void)
{
	show = helper("show");
	argv_exit = strings("show", "exit", "7", NULL);
	setenv("PATH", getenv("ST_CASES_BIN"), 1);
	for (int i = 0; i < 2; i++) {
		fact("execve: %s", status_text(in_child(by_exec, NULL)));
		fact("posix_spawn: %s", status_text(in_child(by_spawn, NULL)));
		fact("execvp: %s", status_text(in_child(by_search, NULL)));
		fact("system: %s", status_text(in_child(by_system, NULL)));
	}
	return 0;
}
