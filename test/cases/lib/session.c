/*
 * session - what a test's script needs and a shell does not have.
 *
 *   session create DIR    DIR with an empty index, as spawn-template(1) would make it
 *   session counts DIR    "total N", "kernel N", "libc N", "image N", "baked N", "stale N",
 *                         "fallback REASON N" ...
 *   session serve DIR SERVICE   be the service that bakes for DIR, in the environment that it has
 *   session bake DIR      have everything baked that DIR's index holds, and wait for that
 *   session crowd DIR     fill DIR's index with targets that are nowhere: all others make room
 *   session claim DIR     claim that images were requested some four thousand million times
 *   session exec PROGRAM ARGUMENT...         run it with no descriptor open but 0, 1 and 2
 *   session system DIR PROGRAM ARGUMENT...   run it with DIR where the system's programs are
 *
 * The last is for the kernel engine: it makes templates of what its user does not write to, which
 * for root is the system's directories alone, and for others what others own.  So DIR is mounted
 * there, in a mount namespace of the test's own, and the variable ST_CASES_BIN names that place.
 * Where that is not allowed, ST_CASES_BIN remains DIR, and ST_CASES_NO_KERNEL=1 says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../old_libc.h"
#include "elfcache/cachedir.h"
#include "elfcache/confinement.h"
#include "elfcache/index_layout.h"
#include "elfcache/loader_variables.h"

static int complain(const char *what, const char *path, int error)
{
	fprintf(stderr, "session: %s %s: %s\n", what, path, strerror(error));
	return 1;
}

/* Field 22 of /proc/PID/stat, counted from behind the command's name, which may hold anything. */
static uint64_t start_time(pid_t pid)
{
	char path[64];
	char text[1024];
	FILE *file;
	const char *at;
	size_t length;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	length = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[length] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

static int create(const char *path)
{
	struct index_origin origin = {
		.uid = geteuid(), .pid = getppid(), .created = (int64_t)time(NULL)};
	FILE *boot_id = fopen("/proc/sys/kernel/random/boot_id", "re");
	int dirfd;
	int ret;

	if (!boot_id)
		return complain("read", "boot_id", errno);
	if (fread(origin.boot_id, 1, sizeof origin.boot_id, boot_id) != sizeof origin.boot_id) {
		fclose(boot_id);
		return complain("read", "boot_id", EIO);
	}
	fclose(boot_id);
	origin.pid_start = start_time(origin.pid);
	if (mkdir(path, 0700) == -1)
		return complain("mkdir", path, errno);
	dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd == -1)
		return complain("open", path, errno);
	ret = index_create(dirfd, CACHEDIR_INDEX, &origin);
	close(dirfd);
	return ret < 0 ? complain("index in", path, -ret) : 0;
}

static int counts(const char *path)
{
	struct index index;
	struct index_totals totals;
	uint64_t total = 0;
	int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (dirfd == -1)
		return complain("open", path, errno);
	ret = index_open(dirfd, CACHEDIR_INDEX, geteuid(), &index);
	close(dirfd);
	if (ret < 0)
		return complain("index in", path, -ret);
	index_read_totals(&index, &totals);
	for (int how = 0; how < HOW_COUNT; how++)
		total += totals.starts[how];
	printf("total %" PRIu64 "\nkernel %" PRIu64 "\nlibc %" PRIu64 "\nimage %" PRIu64 "\n",
	       total, totals.starts[HOW_KERNEL], totals.starts[HOW_LIBC], totals.starts[HOW_IMAGE]);
	printf("baked %" PRIu64 "\nstale %" PRIu64 "\nboth %" PRIu64 "\n", totals.baked,
	       totals.stale, totals.both);
	for (unsigned reason = 0; reason < REASON_COUNT; reason++)
		if (totals.fallback[reason])
			printf("fallback %s %" PRIu64 "\n", reason_name(reason),
			       totals.fallback[reason]);
	index_close(&index);
	return 0;
}

static int open_session(const char *path, struct index *index)
{
	int dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret;

	if (dirfd == -1)
		return -errno;
	ret = index_open(dirfd, CACHEDIR_INDEX, geteuid(), index);
	close(dirfd);
	return ret;
}

/* As the command starts it: the environment comes as a file, on descriptor 3. */
static int serve(const char *path, const char *service)
{
	static char mode[] = "session";
	char *argv[] = {(char *)(uintptr_t)service, mode, (char *)(uintptr_t)path, NULL};
	char *envp[] = {NULL};
	struct index index;
	int ret = open_session(path, &index);
	int fd = memfd_create("environment", 0);

	if (ret < 0 || fd == -1)
		return complain("serve", path, ret < 0 ? -ret : errno);
	index_enable_images(&index, loader_variables_hash(environ), confinement_hash());
	index_close(&index);
	for (char **variable = environ; *variable; variable++)
		if (write(fd, *variable, strlen(*variable) + 1) < 0)
			return complain("write", "the environment", errno);
	if (lseek(fd, 0, SEEK_SET) == -1 || dup2(fd, 3) == -1)
		return complain("seek", "the environment", errno);
	close_range(4, ~0U, 0);
	execve(service, argv, envp);
	return complain("exec", service, errno);
}

static unsigned want_all(struct index *index)
{
	unsigned wanted = 0;

	for (uint32_t slot = 0; slot < INDEX_SLOTS; slot++) {
		struct target_counts counts;
		struct target target;
		struct index_ref ref;
		enum reason reason;

		if (!index_ref_at(index, slot, &ref) ||
		    !index_read(index, slot, &target, &counts) ||
		    (target.kind != EXE_GLIBC && target.kind != EXE_SCRIPT))
			continue;
		index_image_want(index, &ref);
		wanted += index_image_state(index, &ref, &reason) == IMAGE_WANTED;
	}
	return wanted;
}

static int bake_all(const char *path)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	struct index index;
	int ret = open_session(path, &index);

	if (ret < 0)
		return complain("index in", path, -ret);
	for (int i = 0; i < 12000 && ret == 0; i++) {
		if (!want_all(&index))
			ret = 1;
		else
			nanosleep(&pause, NULL);
	}
	index_close(&index);
	return ret ? 0 : complain("bake for", path, ETIMEDOUT);
}

static int crowd(const char *path)
{
	struct target target = {.kind = EXE_GLIBC, .id = {.mode = S_IFREG | 0755}};
	struct index index;
	struct index_ref ref;
	int ret = open_session(path, &index);

	if (ret < 0)
		return complain("index in", path, -ret);
	target_set_path(&target, "/nowhere");
	for (target.id.ino = 1; target.id.ino < 4 * INDEX_SLOTS; target.id.ino++)
		index_insert(&index, &target, &ref);
	index_close(&index);
	return 0;
}

static int claim(const char *path)
{
	struct index index;
	int ret = open_session(path, &index);

	if (ret < 0)
		return complain("index in", path, -ret);
	atomic_fetch_add(&index.map->wanted, 0xf0000000U);
	index_close(&index);
	return 0;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

/* A user namespace where we are root, for somebody who is not. */
static int become_root(void)
{
	char uid_map[64];
	char gid_map[64];

	snprintf(uid_map, sizeof uid_map, "0 %u 1", (unsigned)geteuid());
	snprintf(gid_map, sizeof gid_map, "0 %u 1", (unsigned)getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1)
		return -1;
	if (write_text("/proc/self/uid_map", uid_map) == -1 ||
	    write_text("/proc/self/setgroups", "deny") == -1)
		return -1;
	return write_text("/proc/self/gid_map", gid_map);
}

static int mount_at(const char *dir, const char *place)
{
	if (geteuid() == 0 ? unshare(CLONE_NEWNS) == -1 : become_root() == -1)
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return -1;
	return mount(dir, place, NULL, MS_BIND, NULL);
}

static int run_in_system(char **argv)
{
	static const char place[] = "/usr/src";
	struct stat st;

	if (stat(argv[0], &st) == -1)
		return complain("stat", argv[0], errno);
	/* What is not ours we do not write to: it is good as it is. */
	if (geteuid() != 0 && st.st_uid != geteuid())
		setenv("ST_CASES_BIN", argv[0], 1);
	else if (mount_at(argv[0], place) == 0)
		setenv("ST_CASES_BIN", place, 1);
	else
		setenv("ST_CASES_NO_KERNEL", "1", 1);
	execvp(argv[1], argv + 1);
	return complain("exec", argv[1], errno);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "create") == 0)
		return create(argv[2]);
	if (argc == 3 && strcmp(argv[1], "counts") == 0)
		return counts(argv[2]);
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "bake") == 0)
		return bake_all(argv[2]);
	if (argc == 3 && strcmp(argv[1], "crowd") == 0)
		return crowd(argv[2]);
	if (argc == 3 && strcmp(argv[1], "claim") == 0)
		return claim(argv[2]);
	if (argc >= 3 && strcmp(argv[1], "exec") == 0) {
		close_range(3, ~0U, 0);
		execvp(argv[2], argv + 2);
		return complain("exec", argv[2], errno);
	}
	if (argc >= 4 && strcmp(argv[1], "system") == 0)
		return run_in_system(argv + 2);
	fputs("usage: session create|counts|serve|bake|crowd|claim|exec|system ...\n", stderr);
	return 2;
}
