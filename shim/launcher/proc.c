#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Enough for /proc/PID/stat and /proc/PID/auxv. */
enum { PROC_SIZE = 2048, SUBSHELL_DEPTH = 16 };

/* Read a file of /proc.  Returns the number of bytes, which are followed by a NUL; -1 if not. */
static ssize_t read_proc(const char *path, char buf[PROC_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, buf, PROC_SIZE - 1);
	close(fd);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

static ssize_t read_process(pid_t pid, const char *name, char buf[PROC_SIZE])
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return read_proc(path, buf);
}

/*
 * Field n >= 3 of /proc/PID/stat, in buf; null if it cannot be read.  The second field, the name
 * of the program, may itself contain spaces and parentheses.
 */
static const char *stat_field(pid_t pid, int n, char buf[PROC_SIZE])
{
	char *p;

	if (read_process(pid, "stat", buf) <= 0)
		return NULL;
	p = strrchr(buf, ')');
	for (int field = 2; p && field < n; field++) {
		p = strchr(p, ' ');
		if (p)
			p++;
	}
	return p;
}

static uint64_t start_time(pid_t pid)
{
	char buf[PROC_SIZE];
	const char *field = stat_field(pid, 22, buf);

	return field ? strtoull(field, NULL, 10) : 0;
}

char process_state(pid_t pid)
{
	char buf[PROC_SIZE];
	const char *field = stat_field(pid, 3, buf);

	return field ? *field : '\0';
}

static pid_t parent_of(pid_t pid)
{
	char buf[PROC_SIZE];
	const char *field = stat_field(pid, 4, buf);

	return field ? (pid_t)strtol(field, NULL, 10) : 0;
}

static uint64_t pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
}

static void read_boot_id(char id[INDEX_BOOT_ID_LEN])
{
	char buf[PROC_SIZE];

	memset(id, 0, INDEX_BOOT_ID_LEN);
	if (read_proc("/proc/sys/kernel/random/boot_id", buf) >= INDEX_BOOT_ID_LEN)
		memcpy(id, buf, INDEX_BOOT_ID_LEN);
}

void origin_of(pid_t pid, uid_t uid, struct index_origin *origin)
{
	*origin = (struct index_origin){
		.uid = uid,
		.pid = pid,
		.pid_start = start_time(pid),
		.created = time(NULL),
		.pid_namespace = pid_namespace(),
	};
	read_boot_id(origin->boot_id);
}

enum leader_state leader_state(const struct index_origin *origin)
{
	char boot_id[INDEX_BOOT_ID_LEN];
	uint64_t namespace = pid_namespace();
	uint64_t start;

	read_boot_id(boot_id);
	if (boot_id[0] && origin->boot_id[0] &&
	    memcmp(boot_id, origin->boot_id, sizeof boot_id) != 0)
		return LEADER_DEAD;
	if (namespace && origin->pid_namespace && namespace != origin->pid_namespace)
		return LEADER_ELSEWHERE;
	if (origin->pid <= 0 || (kill(origin->pid, 0) && errno == ESRCH))
		return LEADER_DEAD;
	/* A zombie has its number still, but leads nothing any more. */
	if (process_state(origin->pid) == 'Z')
		return LEADER_DEAD;
	start = start_time(origin->pid);
	if (start && origin->pid_start && start != origin->pid_start)
		return LEADER_DEAD;
	return LEADER_ALIVE;
}

/*
 * True if child was forked from parent and has not executed anything since: the auxiliary vector
 * holds addresses that the kernel draws anew for every exec, and that fork copies.
 */
static bool is_mere_fork(pid_t child, pid_t parent)
{
	char a[PROC_SIZE];
	char b[PROC_SIZE];
	ssize_t n = read_process(child, "auxv", a);

	return n > 0 && read_process(parent, "auxv", b) == n && memcmp(a, b, (size_t)n) == 0;
}

pid_t calling_shell(void)
{
	pid_t shell = getppid();

	for (int depth = 0; depth < SUBSHELL_DEPTH; depth++) {
		pid_t parent = parent_of(shell);

		if (parent <= 1 || !is_mere_fork(shell, parent))
			break;
		shell = parent;
	}
	return shell;
}
