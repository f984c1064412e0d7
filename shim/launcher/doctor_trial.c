#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "begin.h"
#include "doctor.h"
#include "environment.h"
#include "message.h"
#include "shim/template/image/large.h"
#include "stats.h"

/* What the shell is to start, and how many starts that is. */
#define TRIAL_SCRIPT "sh -c :; sh -c :"
/* To be baked: it writes what it reads. */
#define TRIAL_PROGRAM "/bin/cat"
enum { TRIAL_STARTS = 2, COMPLAINT_SIZE = 512 };

static void read_complaint(int fd, char complaint[COMPLAINT_SIZE])
{
	char rest[COMPLAINT_SIZE];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, complaint + len, COMPLAINT_SIZE - 1 - len)) > 0)
		len += (size_t)n;
	complaint[len] = '\0';
	/* Whoever writes more must not wait for us. */
	while (n > 0 || (n < 0 && errno == EINTR) || len == COMPLAINT_SIZE - 1) {
		n = read(fd, rest, sizeof rest);
		if (n <= 0)
			break;
	}
	complaint[strcspn(complaint, "\n")] = '\0';
}

/* Run the script with stderr into complaint.  Its status, or a negative error number. */
static int run_script(char *const envp[], char complaint[COMPLAINT_SIZE])
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){TRIAL_SCRIPT}, NULL};
	posix_spawn_file_actions_t actions;
	int fds[2];
	int status = 0;
	pid_t pid;
	int err;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, 0, 1);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 2);
	err = posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (!err) {
		read_complaint(fds[0], complaint);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(fds[0]);
	return err ? -err : status;
}

/* In the session, with the preload: the environment that COMMAND would get. */
static int run_in(const struct doctor *d, const struct session *session,
		  char complaint[COMPLAINT_SIZE])
{
	struct environment env;
	int err = begin_environment(d->options, session->path, d->preload, &env);

	if (!err)
		err = run_script(env.vars, complaint);
	environment_free(&env);
	return err;
}

static void judge(struct doctor *d, const struct session *session)
{
	char complaint[COMPLAINT_SIZE] = "";
	int status = run_in(d, session, complaint);
	struct stats stats;

	stats_collect(&session->index, 0, &stats);
	d->works = status == 0 && !*complaint && stats.starts == TRIAL_STARTS;
	if (d->works)
		doctor_add(d, CHECK_OK, "trial", "programs are seen when they are started",
			   "sh started %d programs, and as many were counted", TRIAL_STARTS);
	else if (status < 0)
		doctor_add(d, CHECK_BAD, "trial", "nothing can be said", "/bin/sh: %s",
			   strerror(-status));
	else if (*complaint)
		doctor_add(d, CHECK_BAD, "trial", "the preload library cannot be loaded",
			   "sh says: %s", complaint);
	else
		doctor_add(d, CHECK_BAD, "trial",
			   "the preload library is not loaded, or cannot use the session",
			   "sh started %d programs, and %llu were counted", TRIAL_STARTS,
			   (unsigned long long)stats.starts);
	stats_free(&stats);
}

/* doctor_check_image() tells about it, further down in the report. */
static void try_image(struct doctor *d, const struct session *session)
{
	struct environment env;

	if (begin_environment(d->options, session->path, d->preload, &env))
		return;
	d->large = large_try(session->fd);
	d->image = service_try(session->path, env.vars, TRIAL_PROGRAM, d->image_line);
	environment_free(&env);
}

void doctor_check_trial(struct doctor *d)
{
	struct session session;
	int err;

	if (!*d->preload)
		return;
	err = begin_session(d->options, NULL, getpid(), NULL, 0, &session);
	if (err) {
		doctor_add(d, CHECK_BAD, "trial", "nothing is accelerated: there is no session",
			   "no session could be made%s%s", err < 0 ? ": " : "",
			   err < 0 ? strerror(-err) : "");
		return;
	}
	judge(d, &session);
	if (d->works)
		try_image(d, &session);
	session_remove(&session);
}
