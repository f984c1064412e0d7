/*
 * spawn_template_spawn(): its arguments, who may call it, and how failures after the clone show.
 */
#include "common.h"

#include <grp.h>
#include <pthread.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static int template_fd;

static void sizes(void)
{
	unsigned char big[8192] = {0};
	struct spawn s;
	long pid;

	spawn_init(&s, "exit", "7", NULL);
	same(sys_spawn(template_fd, NULL, 0), -EINVAL, "spawn: nothing");
	same(sys_spawn(template_fd, &s.args, SPAWN_VER0 - 1), -EINVAL,
	     "spawn: one byte less than VER0");
	memcpy(big, &s.args, sizeof s.args);
	pid = sys_spawn(template_fd, big, SPAWN_VER0);
	ok(pid > 0, "spawn: VER0");
	same(wait_for(&s, pid), 7 << 8, "spawn: and its status");
	pid = sys_spawn(template_fd, big, SPAWN_VER0 + 1);
	ok(pid > 0, "spawn: one zero byte more");
	wait_for(&s, pid);
	pid = sys_spawn(template_fd, big, 4096);
	ok(pid > 0, "spawn: a page");
	wait_for(&s, pid);
	same(sys_spawn(template_fd, big, 4097), -E2BIG, "spawn: more than a page");
	big[SPAWN_VER0] = 1;
	same(sys_spawn(template_fd, big, SPAWN_VER0 + 1), -E2BIG, "spawn: a byte that is not zero");
	same(sys_spawn(template_fd, NULL, SPAWN_VER0), -EFAULT, "spawn: no memory there");
}

static void arguments(void)
{
	struct spawn s;
	int pipes[2];

	spawn_init(&s, "exit", "0", NULL);
	same(do_spawn(&s, 999), -EBADF, "spawn: no such descriptor");
	same(do_spawn(&s, -1), -EBADF, "spawn: descriptor -1");
	if (pipe2(pipes, O_CLOEXEC))
		bail("pipe");
	same(do_spawn(&s, pipes[0]), -EINVAL, "spawn: a pipe");
	close(pipes[0]);
	close(pipes[1]);
	for (int bit = 1; bit < 64; bit++) {
		s.args.flags = 1ULL << bit;
		if (do_spawn(&s, template_fd) != -EINVAL)
			ok(false, "spawn: flag %d", bit);
	}
	ok(true, "spawn: all unknown flags");
	for (size_t i = 0; i < ARRAY_SIZE(s.args.reserved); i++) {
		spawn_init(&s, "exit", "0", NULL);
		s.args.reserved[i] = 1ULL << 63;
		same(do_spawn(&s, template_fd), -EINVAL, "spawn: reserved[%zu]", i);
	}
	spawn_init(&s, "exit", "0", NULL);
	s.args.pidfd = 0;
	same(do_spawn(&s, template_fd), -EINVAL, "spawn: no place for the pidfd");
	s.args.pidfd = 1;
	same(do_spawn(&s, template_fd), -EFAULT, "spawn: no memory for the pidfd");
	spawn_init(&s, "exit", "0", NULL);
	spawn_actions(&s, (void *)1, 1);
	same(do_spawn(&s, template_fd), -EFAULT, "spawn: no memory at the actions");
	spawn_actions(&s, (void *)1, 0);
	same(run(&s, template_fd), 0, "spawn: no actions, wherever");
	same(waitpid(-1, NULL, WNOHANG), -1, "spawn: nothing was left over");
}

static void many_actions(void)
{
	static struct spawn_template_action actions[SPAWN_TEMPLATE_MAX_ACTIONS + 1];
	struct spawn s;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		actions[i] = (struct spawn_template_action){
			.type = SPAWN_TEMPLATE_ACTION_DUP2, .fd = 0, .newfd = 300 + (int)i};
	spawn_init(&s, "exit", "0", NULL);
	spawn_actions(&s, actions, SPAWN_TEMPLATE_MAX_ACTIONS);
	same(run(&s, template_fd), 0, "256 actions");
	spawn_actions(&s, actions, SPAWN_TEMPLATE_MAX_ACTIONS + 1);
	same(do_spawn(&s, template_fd), -E2BIG, "257 actions");
	spawn_actions(&s, actions, UINT64_MAX);
	same(do_spawn(&s, template_fd), -E2BIG, "very many actions");
}

static int try_spawn(int fd)
{
	struct spawn s;
	int result;

	spawn_init(&s, "exit", "0", NULL);
	result = run(&s, fd);
	return result < 0 ? -result : result;
}

static int after_setuid(int fd)
{
	(void)fd;
	fd = (int)create_by_path(self_path(), 0);
	if (try_spawn(fd))
		return 200;
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 201;
	return try_spawn(fd);
}

static int after_same_setuid(int fd)
{
	(void)fd;
	fd = (int)create_by_path(self_path(), 0);
	return setuid(0) ? 201 : try_spawn(fd);
}

static int after_capset(int fd)
{
	(void)fd;
	fd = (int)create_by_path(self_path(), 0);
	return prctl(PR_CAPBSET_DROP, 3) ? 201 : try_spawn(fd);
}

static int own(int fd)
{
	(void)fd;
	return try_spawn((int)create_by_path(self_path(), 0));
}

static void *in_thread(void *result)
{
	*(int *)result = try_spawn(template_fd);
	return NULL;
}

static void credentials(void)
{
	pthread_t thread;
	int result = -1;

	same(in_child(try_spawn, template_fd), EACCES, "EACCES in a forked child");
	same(in_child(own, 0), 0, "a forked child's own template");
	same(in_child(after_setuid, 0), EACCES, "EACCES after setuid");
	same(in_child(after_same_setuid, 0), EACCES, "EACCES after setuid to the same user");
	same(in_child(after_capset, 0), EACCES, "EACCES after giving up a capability");
	if (pthread_create(&thread, NULL, in_thread, &result) || pthread_join(thread, NULL))
		bail("thread");
	same(result, 0, "another thread");
}

static void argv_and_envp(void)
{
	char *too_long[2] = {NULL};
	struct spawn s;

	spawn_init(&s, NULL);
	s.args.argv = 1;
	same(run(&s, template_fd), 1, "no memory at argv: status 1");
	spawn_init(&s, NULL);
	s.args.envp = 1;
	same(run(&s, template_fd), 1, "no memory at envp: status 1");
	spawn_init(&s, NULL);
	s.argv[0] = (char *)1;
	same(run(&s, template_fd), 1, "no memory at argv[0]: status 1");
	too_long[0] = malloc(200000);
	memset(too_long[0], 'x', 199999);
	too_long[0][199999] = '\0';
	spawn_init(&s, NULL);
	s.args.argv = POINTER(too_long);
	same(run(&s, template_fd), 1, "an argument that is too long: status 1");
	free(too_long[0]);
}

/* The interpreter, not the executable, is what is missing or bad. */
static void statuses(void)
{
	const char *path = "/tmp/spawn-interp";
	const char *interp = "/tmp/spawn-ld";
	unsigned char head[64 + 56 + 64] = {0};
	const char ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	struct spawn s;
	int fd;

	memcpy(head, ident, sizeof ident);
	*(uint16_t *)(head + 16) = 3;   /* ET_DYN */
	*(uint16_t *)(head + 18) = 62;  /* EM_X86_64 */
	*(uint32_t *)(head + 20) = 1;   /* EV_CURRENT */
	*(uint64_t *)(head + 32) = 64;  /* e_phoff */
	*(uint16_t *)(head + 54) = 56;  /* e_phentsize */
	*(uint16_t *)(head + 56) = 1;   /* e_phnum */
	*(uint32_t *)(head + 64) = 3;   /* PT_INTERP */
	*(uint64_t *)(head + 72) = 120; /* p_offset */
	*(uint64_t *)(head + 96) = strlen(interp) + 1;
	strcpy((char *)head + 120, interp);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	if (fd < 0 || write(fd, head, sizeof head) != sizeof head)
		bail("%s", path);
	fchmod(fd, 0755);
	close(fd);

	fd = (int)create_by_path(path, 0);
	ok(fd >= 0, "template of a program whose interpreter is missing");
	spawn_init(&s, NULL);
	same(run(&s, fd), 127, "ENOENT in the child: status 127");
	close(open(interp, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	same(run(&s, fd), 126, "EACCES in the child: status 126");
	chmod(interp, 0755);
	same(run(&s, fd), 1, "EIO in the child: status 1");
	unlink(interp);
	symlink(interp, interp);
	same(run(&s, fd), 1, "ELOOP in the child: status 1");
	unlink(interp);
	copy_self(interp);
	close(fd);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	*(uint16_t *)(head + 54) = 57; /* e_phentsize that exec does not take */
	if (pwrite(fd, head, sizeof head, 0) != sizeof head)
		bail("%s", path);
	close(fd);
	fd = (int)create_by_path(path, 0);
	ok(fd >= 0, "template of a program whose headers are of a strange size");
	same(run(&s, fd), 126, "ENOEXEC in the child: status 126");
	close(fd);
	same(waitpid(-1, NULL, WNOHANG), -1, "nothing was left over");
}

static int with_limit(int what)
{
	const struct rlimit limit = {what == RLIMIT_NPROC ? 1 : 16, what == RLIMIT_NPROC ? 1 : 16};
	struct spawn s;
	int fd;

	if (what == RLIMIT_NPROC &&
	    (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)))
		return 201;
	fd = (int)create_by_path(self_path(), 0);
	if (fd < 0 || setrlimit(what, &limit))
		return 202;
	spawn_init(&s, "exit", "0", NULL);
	if (what == RLIMIT_NOFILE)
		while (dup(0) >= 0)
			;
	return (int)-do_spawn(&s, fd);
}

static void limits(void)
{
	same(in_child(with_limit, RLIMIT_NPROC), EAGAIN, "EAGAIN: too many processes");
	same(in_child(with_limit, RLIMIT_NOFILE), EMFILE, "EMFILE: no descriptor for the pidfd");
}

int main(int argc, char **argv)
{
	be_program(argc, argv);
	template_fd = (int)create_by_path(self_path(), SPAWN_TEMPLATE_CREATE_CLOEXEC);
	if (template_fd < 0)
		bail("template");
	sizes();
	arguments();
	many_actions();
	credentials();
	argv_and_envp();
	statuses();
	limits();
	return done();
}
