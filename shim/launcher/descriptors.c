#include "descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor that is neither readable nor writable, as a closed one: EBADF. */
static int open_placeholder(void)
{
	return open("/", O_PATH | O_CLOEXEC);
}

void descriptors_reserve(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		int placeholder;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* open() takes the lowest free number, which is this one. */
		placeholder = open_placeholder();
		if (placeholder > STDERR_FILENO)
			close(placeholder);
	}
}

static bool is_pipe_of_command(int fd)
{
	int flags = fcntl(fd, F_GETFD);
	struct stat st;

	return flags >= 0 && !(flags & FD_CLOEXEC) && fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

static void release_standard(bool keep_stderr)
{
	int placeholder = open_placeholder();

	if (placeholder < 0)
		return;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (is_pipe_of_command(fd) && !(fd == STDERR_FILENO && keep_stderr))
			dup3(placeholder, fd, O_CLOEXEC);
	close(placeholder);
}

void descriptors_release(bool keep_stderr)
{
	DIR *dir;
	struct dirent *entry;

	release_standard(keep_stderr);
	dir = opendir("/proc/self/fd");
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd > STDERR_FILENO && is_pipe_of_command(fd))
			close(fd);
	}
	closedir(dir);
}
