/* Did it run?  Asked of real children in every state. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "shim/template/kernel_parts.h"
#include "shim/template/procfs.h"

enum { ROUNDS = 300 };

/* fork() with a pidfd. */
static pid_t fork_child(int *pidfd)
{
	long pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, NULL);

	ck_assert_int_ge(pid, 0);
	return (pid_t)pid;
}

static int open_pidfd(pid_t pid)
{
	int fd = (int)syscall(434 /* pidfd_open */, pid, 0);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static pid_t spawn(const char *command, int *pidfd)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(command), NULL};
	pid_t pid;

	ck_assert_int_eq(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ), 0);
	*pidfd = open_pidfd(pid);
	free(argv[2]);
	return pid;
}

/* Wait until it is a zombie, and leave it one. */
static void until_dead(pid_t pid)
{
	siginfo_t info;

	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void expect_ran(pid_t pid, int pidfd)
{
	ck_assert(kernel_child_ran(pid, pidfd));
	ck_assert(is_open(pidfd));
	ck_assert_int_eq(close(pidfd), 0);
}

START_TEST(the_question_can_be_asked)
{
	ck_assert(kernel_child_can_be_asked());
}
END_TEST

START_TEST(a_running_program_ran)
{
	int pidfd;
	pid_t pid = spawn("read x <&- ; exec sleep 60", &pidfd);

	expect_ran(pid, pidfd);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(a_program_that_ended_ran_whatever_its_status)
{
	static const char *const commands[] = {"exit 0", "exit 1", "exit 126", "exit 127",
					       "kill -9 $$"};
	int pidfd;
	pid_t pid = spawn(commands[_i], &pidfd);

	until_dead(pid);
	expect_ran(pid, pidfd);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(a_program_in_a_session_of_its_own_ran)
{
	int pidfd;
	pid_t pid = spawn(_i ? "exec setsid sleep 60" : "exec setsid true", &pidfd);

	if (_i)
		while (getsid(pid) != pid)
			usleep(1000);
	else
		until_dead(pid);
	expect_ran(pid, pidfd);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(a_child_that_somebody_reaped_counts_as_having_run)
{
	int pidfd;
	pid_t pid = spawn("exit 1", &pidfd);

	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	expect_ran(pid, pidfd);
}
END_TEST

START_TEST(a_child_that_exits_before_exec_did_not_run)
{
	static const int statuses[] = {1, 126, 127, 0};
	int pidfd;
	pid_t pid = fork_child(&pidfd);

	if (pid == 0)
		_exit(statuses[_i]);
	until_dead(pid);
	ck_assert(!kernel_child_ran(pid, pidfd));
	ck_assert(!is_open(pidfd));
	ck_assert_int_eq(waitpid(pid, NULL, 0), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(a_child_that_is_killed_before_exec_is_left_to_the_caller)
{
	int status;
	int pidfd;
	pid_t pid = fork_child(&pidfd);

	if (pid == 0)
		raise(SIGKILL);
	until_dead(pid);
	expect_ran(pid, pidfd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}
END_TEST

/* A child that still lives without exec is on its way through exec: nothing else lets us resume. */
START_TEST(a_child_that_lives_will_run)
{
	int pidfd;
	pid_t pid = fork_child(&pidfd);

	if (pid == 0)
		for (;;)
			pause();
	expect_ran(pid, pidfd);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* As the engine meets them: just released from vfork(), in the midst of exec or exit. */
START_TEST(no_race_with_exec_or_exit)
{
	for (int i = 0; i < ROUNDS; i++) {
		const char *path = _i ? "/bin/true" : "/nonexistent";
		pid_t pid = vfork();
		int pidfd;

		if (pid == 0) {
			execl(path, "true", (char *)NULL);
			_exit(127);
		}
		ck_assert_int_gt(pid, 0);
		pidfd = open_pidfd(pid);
		ck_assert_int_eq(kernel_child_ran(pid, pidfd), _i);
		ck_assert_int_eq(waitpid(pid, NULL, 0), _i ? pid : -1);
		ck_assert_int_eq(is_open(pidfd), _i);
		if (_i)
			close(pidfd);
	}
}
END_TEST

/*
 * SIGCHLD.
 */

static atomic_int signals;
static atomic_int signalled_by;

static void on_sigchld(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	signals++;
	signalled_by = info->si_pid;
}

static void count_signals(void)
{
	struct sigaction action = {.sa_sigaction = on_sigchld, .sa_flags = SA_SIGINFO};

	sigaction(SIGCHLD, &action, NULL);
}

static sigset_t block(void)
{
	sigset_t all;
	sigset_t old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	return old;
}

static pid_t dead_child(int *pidfd, int status)
{
	pid_t pid = fork_child(pidfd);

	if (pid == 0)
		_exit(status);
	until_dead(pid);
	return pid;
}

START_TEST(a_failed_child_gives_no_signal)
{
	sigset_t old;
	int pidfd;
	pid_t pid;

	count_signals();
	old = block();
	pid = dead_child(&pidfd, 127);
	ck_assert(!kernel_child_ran(pid, pidfd));
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	ck_assert_int_eq(signals, 0);
}
END_TEST

/* With all signals blocked: a child that ended, and one that failed, in either order. */
static void *one_ended_one_failed(void *ended_first)
{
	int ended_pidfd;
	int pidfd;
	pid_t ended = 0;
	pid_t pid;

	if (ended_first)
		ended = dead_child(&ended_pidfd, 5);
	pid = dead_child(&pidfd, 127);
	if (!ended_first)
		ended = dead_child(&ended_pidfd, 5);
	ck_assert(!kernel_child_ran(pid, pidfd));
	return (void *)(intptr_t)ended;
}

static void expect_signal_of(void *ended)
{
	siginfo_t info;

	while (!signals)
		usleep(1000);
	ck_assert_int_eq(signals, 1);
	ck_assert_int_eq(signalled_by, (intptr_t)ended);
	ck_assert_int_eq(waitid(P_ALL, 0, &info, WEXITED), 0);
	ck_assert_int_eq(info.si_pid, (intptr_t)ended);
	ck_assert_int_eq(info.si_status, 5);
}

/* Only one of the two signals is kept.  Whichever it is, the other child's arrives. */
START_TEST(another_child_keeps_its_signal)
{
	sigset_t old = block();
	void *ended;

	count_signals();
	ended = one_ended_one_failed(_i ? &signals : NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	expect_signal_of(ended);
}
END_TEST

/* It is sent to the process: another thread than the one that made the failed start takes it. */
START_TEST(another_child_keeps_its_signal_in_a_thread)
{
	sigset_t old = block();
	pthread_t thread;
	void *ended;

	count_signals();
	ck_assert_int_eq(pthread_create(&thread, NULL, one_ended_one_failed, _i ? &signals : NULL),
			 0);
	ck_assert_int_eq(pthread_join(thread, &ended), 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	expect_signal_of(ended);
}
END_TEST

START_TEST(a_signal_of_another_kind_stays_as_it_is)
{
	union sigval value = {.sival_int = 42};
	siginfo_t info;
	sigset_t old;
	sigset_t set;
	int pidfd;
	pid_t pid;

	signal(SIGCHLD, SIG_DFL);
	old = block();
	ck_assert_int_eq(sigqueue(getpid(), SIGCHLD, value), 0);
	pid = dead_child(&pidfd, 127);
	ck_assert(!kernel_child_ran(pid, pidfd));
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	ck_assert_int_eq(sigtimedwait(&set, &info, &(struct timespec){0}), SIGCHLD);
	ck_assert_int_eq(info.si_code, SI_QUEUE);
	ck_assert_int_eq(info.si_value.sival_int, 42);
	ck_assert_int_eq(sigtimedwait(&set, &info, &(struct timespec){0}), -1);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}
END_TEST

START_TEST(dispositions_that_make_children_vanish_are_seen)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	signal(SIGCHLD, SIG_DFL);
	ck_assert(!kernel_children_vanish());
	count_signals();
	ck_assert(!kernel_children_vanish());
	signal(SIGCHLD, SIG_IGN);
	ck_assert(kernel_children_vanish());
	action.sa_flags = SA_NOCLDWAIT;
	sigaction(SIGCHLD, &action, NULL);
	ck_assert(kernel_children_vanish());
	action.sa_flags = SA_NOCLDSTOP;
	sigaction(SIGCHLD, &action, NULL);
	ck_assert(!kernel_children_vanish());
}
END_TEST

/*
 * /proc.
 */

START_TEST(proc_tells_of_a_task_with_any_name)
{
	struct procfs_task task;
	int pidfd;
	pid_t pid = spawn("printf ') R 1 (2' > /proc/$$/comm; exec 0<&-; kill -STOP $$", &pidfd);
	siginfo_t info;

	ck_assert(procfs_is_ours());
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WSTOPPED), 0);
	ck_assert_int_eq(procfs_task(pid, &task), 0);
	ck_assert_int_eq(task.ppid, getpid());
	ck_assert_uint_eq(task.flags & (PROCFS_EXITING | PROCFS_FORKNOEXEC), 0);
	kill(pid, SIGKILL);
	until_dead(pid);
	ck_assert_int_eq(procfs_task(pid, &task), 0);
	ck_assert_uint_eq(task.flags & (PROCFS_EXITING | PROCFS_FORKNOEXEC), PROCFS_EXITING);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(procfs_task(pid, &task), -ENOENT);
}
END_TEST

START_TEST(proc_tells_what_a_descriptor_is)
{
	char link[32];
	int fd = open("/dev/null", O_RDONLY);

	ck_assert_int_eq(procfs_fd_link(fd, link, sizeof link), 9);
	ck_assert_str_eq(link, "/dev/null");
	ck_assert_int_eq(procfs_fd_link(fd, link, 10), 9);
	ck_assert_int_eq(procfs_fd_link(fd, link, 9), -ENAMETOOLONG);
	close(fd);
	ck_assert_int_eq(procfs_fd_link(fd, link, sizeof link), -ENOENT);
	ck_assert_int_eq(procfs_fd_link(-1, link, sizeof link), -EBADF);
	ck_assert_int_eq(procfs_fd_link(INT_MAX, link, sizeof link), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("kernel_child");
	TCase *t = tcase_create("ran");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_question_can_be_asked);
	tcase_add_test(t, a_running_program_ran);
	tcase_add_loop_test(t, a_program_that_ended_ran_whatever_its_status, 0, 5);
	tcase_add_loop_test(t, a_program_in_a_session_of_its_own_ran, 0, 2);
	tcase_add_test(t, a_child_that_somebody_reaped_counts_as_having_run);
	tcase_add_loop_test(t, a_child_that_exits_before_exec_did_not_run, 0, 4);
	tcase_add_test(t, a_child_that_is_killed_before_exec_is_left_to_the_caller);
	tcase_add_test(t, a_child_that_lives_will_run);
	tcase_add_loop_test(t, no_race_with_exec_or_exit, 0, 2);
	tcase_add_test(t, a_failed_child_gives_no_signal);
	tcase_add_loop_test(t, another_child_keeps_its_signal, 0, 2);
	tcase_add_loop_test(t, another_child_keeps_its_signal_in_a_thread, 0, 2);
	tcase_add_test(t, a_signal_of_another_kind_stays_as_it_is);
	tcase_add_test(t, dispositions_that_make_children_vanish_are_seen);
	tcase_add_test(t, proc_tells_of_a_task_with_any_name);
	tcase_add_test(t, proc_tells_what_a_descriptor_is);
	suite_add_tcase(s, t);
	return scratch_run(s);
}
