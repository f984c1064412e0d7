/* Every open descriptor: what it is, its flags, its offset. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reporter.h"

enum { DESCRIPTORS = 1024, MANY = 11000 };

/* The lowest descriptor of the same open file kind and inode: pipes and sockets have no names. */
static int first_like(int fd)
{
	struct stat mine;
	struct stat other;

	if (fstat(fd, &mine) == -1)
		return -1;
	for (int i = 0; i < fd; i++)
		if (fstat(i, &other) == 0 && other.st_dev == mine.st_dev &&
		    other.st_ino == mine.st_ino)
			return i;
	return fd;
}

/* Where output goes to has the length of what was written, which holds the value of LD_PRELOAD. */
static const char *offset_text(int fd, char *buf, size_t size)
{
	off_t offset = lseek(fd, 0, SEEK_CUR);
	int like = first_like(fd);
	struct stat st;

	if (like > STDIN_FILENO && like <= STDERR_FILENO && offset > 0 && fstat(fd, &st) == 0)
		return offset == st.st_size ? "end" : "not the end";
	snprintf(buf, size, "%ld", (long)offset);
	return buf;
}

static void report_descriptor(int fd, int fd_flags)
{
	char offset[32];
	char key[32];
	char path[64];
	char link[4096];
	char *inode;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof link - 1);
	link[n > 0 ? n : 0] = '\0';
	inode = strstr(link, ":[");
	if (inode && link[0] != '/')
		inode[1] = '\0';
	snprintf(key, sizeof key, "descriptor %d", fd);
	report(key, "%s like %d, flags %#x, status %#x, offset %s, owner %d", link, first_like(fd),
	       (unsigned)fd_flags, (unsigned)fcntl(fd, F_GETFL),
	       offset_text(fd, offset, sizeof offset), fcntl(fd, F_GETOWN));
}

/* Of those that are more than anybody wants to read: how many there are, and how many stay. */
static void report_many(void)
{
	int open_ones = 0;
	int last = 0;

	for (int fd = DESCRIPTORS; fd < MANY; fd++)
		if (fcntl(fd, F_GETFD) != -1) {
			open_ones++;
			last = fd;
		}
	report("further descriptors", "%d, up to %d", open_ones, last);
}

void report_descriptors(void)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		int fd_flags = fcntl(fd, F_GETFD);

		if (fd_flags != -1)
			report_descriptor(fd, fd_flags);
	}
	report_many();
	/* The lowest free one is what the next open() must give. */
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	report("next descriptor", "%d", next);
	close(next);
}
