/*
 * What the image engine needs.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "begin.h"
#include "doctor.h"
#include "service/apparmor.h"
#include "service/security.h"

static void check_proc(struct doctor *d)
{
	if (access("/proc/self/mem", R_OK | W_OK) == 0)
		doctor_add(d, CHECK_OK, "/proc", "programs can be baked", "mounted");
	else
		doctor_add(d, CHECK_NOTE, "/proc", "nothing can be baked", "/proc/self/mem: %s",
			   strerror(errno));
}

/* Yama's restriction of ptrace(2): Documentation/admin-guide/LSM/Yama.rst in the kernel. */
static void check_yama(struct doctor *d)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int digit = file ? fgetc(file) : EOF;
	int scope = digit - '0';

	if (digit < '0' || digit > '9') {
		doctor_add(d, CHECK_OK, "ptrace", "a process may trace its own children",
			   "not restricted by Yama");
	} else if (scope < 2) {
		doctor_add(d, CHECK_OK, "ptrace", "a process may trace its own children",
			   "Yama's ptrace_scope is %d", scope);
	} else {
		doctor_add(d, CHECK_NOTE, "ptrace",
			   scope == 2 ? "only a privileged user can bake"
				      : "nothing can be baked until the next boot",
			   "Yama's ptrace_scope is %d", scope);
	}
	if (file)
		fclose(file);
}

static volatile unsigned long watched;

/* To be traced by its parent, it goes on to read what is watched. */
static pid_t start_reader(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			raise(SIGSTOP);
		_exit(watched != 0);
	}
	return pid;
}

static bool is_stopped_by(pid_t pid, int sig)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFSTOPPED(status) && WSTOPSIG(status) == sig;
}

/* Why a child's reading of `watched` cannot be seen, or null if it can: ptrace(2), and for the
   registers Intel SDM volume 3, 18.2. */
static const char *try_debug_registers(pid_t pid)
{
	const size_t at = offsetof(struct user, u_debugreg);
	const unsigned long control = 1 | 0xbUL << 16; /* number 0, reading and writing, 8 bytes */

	if (pid < 0)
		return strerror(errno);
	if (!is_stopped_by(pid, SIGSTOP))
		return "a child cannot be traced";
	if (ptrace(PTRACE_POKEUSER, pid, at, &watched) ||
	    ptrace(PTRACE_POKEUSER, pid, at + 7 * sizeof control, control) ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL))
		return strerror(errno);
	return is_stopped_by(pid, SIGTRAP) ? NULL : "they have no effect";
}

static void check_debug_registers(struct doctor *d)
{
	pid_t pid = start_reader();
	const char *problem = try_debug_registers(pid);

	if (problem)
		doctor_add(d, CHECK_NOTE, "debug registers",
			   "nothing can be baked: who reads the environment could not be seen",
			   "%s", problem);
	else
		doctor_add(d, CHECK_OK, "debug registers",
			   "it can be seen who reads a program's environment", "usable");
	/* It may be gone already. */
	if (pid > 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
}

static void check_modules(struct doctor *d)
{
	if (security_selinux_enforces(""))
		doctor_add(d, CHECK_NOTE, "SELinux",
			   "no images: an image does not have its program's label", "enforcing");
	else
		doctor_add(d, CHECK_OK, "SELinux", "images may be used", "not enforcing");
	if (apparmor_is_enabled(""))
		doctor_add(d, CHECK_NOTE, "AppArmor",
			   "no image of a program to whose path a profile is attached", "enabled");
	else
		doctor_add(d, CHECK_OK, "AppArmor", "images may be used", "not enabled");
}

/* In a session's directory, where copies of code are. */
static void check_large_pages(struct doctor *d)
{
	if (!*d->image_line)
		return;
	if (d->large > 0)
		doctor_add(d, CHECK_OK, "large pages",
			   "programs from images take few page faults for their code",
			   "kept by the cache directory's file system");
	else
		doctor_add(d, CHECK_NOTE, "large pages",
			   "programs from images take as many page faults for their code as ever",
			   "%s%s", "none in the cache directory's file system",
			   d->large < 0 ? ", or it could not be tried" : "");
}

void doctor_check_image(struct doctor *d)
{
	check_proc(d);
	check_yama(d);
	check_debug_registers(d);
	check_modules(d);
	check_large_pages(d);
	if (!*d->image_line)
		doctor_add(d, CHECK_NOTE, "engine image", "not used",
			   "not tried, since there was no session to try it in");
	else if (!d->image)
		doctor_add(d, CHECK_NOTE, "engine image", "not used: libc starts everything", "%s",
			   d->image_line);
	else if (!begin_wants_images(d->options))
		doctor_add(d, CHECK_OK, "engine image", "works, but another engine is asked for",
			   "%s", d->image_line);
	else
		doctor_add(d, CHECK_OK, "engine image",
			   "used for programs that are started again and again", "%s",
			   d->image_line);
}
