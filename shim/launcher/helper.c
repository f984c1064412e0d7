#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "self.h"
#include "service.h"
#include "service/environment_blob.h"

/* Where they are, seen from the directory of the command: installed, or in the build tree. */
static const char *const places[] = {ST_LIBEXECDIR_FROM_BINDIR, "../libexec/spawn-template"};

bool helper_find(const char *name, char path[PATH_MAX])
{
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (self_relative(places[i], name, path) && access(path, X_OK) == 0)
			return true;
	snprintf(path, PATH_MAX, "%s/%s", ST_LIBEXECDIR, name);
	return access(path, X_OK) == 0;
}

int helper_exec(const char *path, char *const argv[], char *const envp[])
{
	/* Not libc's, which in a session around us is the preload's: it would count this. */
	syscall(SYS_execve, path, argv, envp);
	return -errno;
}

int helper_execute(const char *path, char *const argv[], char *const own[], char *const envp[])
{
	int from = environment_blob_write(envp);

	if (from < 0)
		return from;
	/* The same number would keep its FD_CLOEXEC. */
	if (from == SERVICE_ENVIRONMENT)
		from = fcntl(from, F_DUPFD_CLOEXEC, SERVICE_ENVIRONMENT + 1);
	if (from < 0 || dup2(from, SERVICE_ENVIRONMENT) < 0)
		return -errno;
	return helper_exec(path, argv, own);
}
