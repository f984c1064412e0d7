/*
 * The actions: what is malformed, and what those do that are not.
 */
#include "../../old_libc.h"
#include "common.h"

#include <linux/close_range.h>

#define CLOSE       SPAWN_TEMPLATE_ACTION_CLOSE
#define DUP2        SPAWN_TEMPLATE_ACTION_DUP2
#define FCHDIR      SPAWN_TEMPLATE_ACTION_FCHDIR
#define OPEN        SPAWN_TEMPLATE_ACTION_OPEN
#define CLOSE_RANGE SPAWN_TEMPLATE_ACTION_CLOSE_RANGE
#define SIGMASK     SPAWN_TEMPLATE_ACTION_SIGMASK
#define SIGDEFAULT  SPAWN_TEMPLATE_ACTION_SIGDEFAULT

static int template_fd;
static const uint64_t signals = 1ULL << (SIGUSR1 - 1);
static const struct spawn_template_sigset usr1 = {POINTER(&signals), 8};
static const struct spawn_template_open null = {.path = POINTER("/dev/null"),
						.how = {.flags = O_RDWR}};

static int try_actions(const struct spawn_template_action *actions, size_t count)
{
	struct spawn s;

	spawn_init(&s, "exit", "0", NULL);
	spawn_actions(&s, actions, count);
	return run(&s, template_fd);
}

static void malformed(const char *what, struct spawn_template_action action)
{
	const struct spawn_template_action two[] = {
		{.type = DUP2, .fd = 0, .newfd = 0},
		action,
	};

	same(try_actions(&action, 1), -EINVAL, "%s", what);
	same(try_actions(two, 2), -EINVAL, "%s, after a good one", what);
}

/* The rules that all types share, for one that is well-formed but for what is changed. */
static void malformed_numbers(void)
{
	malformed("unknown type", (struct spawn_template_action){.type = 7});
	malformed("unknown large type", (struct spawn_template_action){.type = UINT32_MAX});

	malformed("CLOSE: fd", (struct spawn_template_action){.type = CLOSE, .fd = -1});
	malformed("CLOSE: newfd", (struct spawn_template_action){.type = CLOSE, .newfd = 1});
	malformed("CLOSE: flags", (struct spawn_template_action){.type = CLOSE, .flags = 1});
	malformed("CLOSE: arg", (struct spawn_template_action){.type = CLOSE, .arg = 1});

	malformed("DUP2: fd", (struct spawn_template_action){.type = DUP2, .fd = -1});
	malformed("DUP2: newfd", (struct spawn_template_action){.type = DUP2, .newfd = -1});
	malformed("DUP2: flags",
		  (struct spawn_template_action){.type = DUP2, .newfd = 5, .flags = O_APPEND});
	malformed("DUP2: flags beside O_CLOEXEC",
		  (struct spawn_template_action){
			  .type = DUP2, .newfd = 5, .flags = O_CLOEXEC | O_RDWR});
	malformed("DUP2: arg", (struct spawn_template_action){.type = DUP2, .newfd = 5, .arg = 1});

	malformed("FCHDIR: fd", (struct spawn_template_action){.type = FCHDIR, .fd = -1});
	malformed("FCHDIR: AT_FDCWD",
		  (struct spawn_template_action){.type = FCHDIR, .fd = AT_FDCWD});
	malformed("FCHDIR: newfd", (struct spawn_template_action){.type = FCHDIR, .newfd = 1});
	malformed("FCHDIR: flags", (struct spawn_template_action){.type = FCHDIR, .flags = 1});
	malformed("FCHDIR: arg", (struct spawn_template_action){.type = FCHDIR, .arg = 1});

	malformed("CLOSE_RANGE: fd",
		  (struct spawn_template_action){.type = CLOSE_RANGE, .fd = -1, .newfd = 5});
	malformed("CLOSE_RANGE: newfd below fd",
		  (struct spawn_template_action){.type = CLOSE_RANGE, .fd = 6, .newfd = 5});
	malformed("CLOSE_RANGE: newfd -2",
		  (struct spawn_template_action){.type = CLOSE_RANGE, .fd = 6, .newfd = -2});
	malformed("CLOSE_RANGE: flags",
		  (struct spawn_template_action){
			  .type = CLOSE_RANGE, .fd = 500, .newfd = 501, .flags = 1});
	malformed("CLOSE_RANGE: arg",
		  (struct spawn_template_action){
			  .type = CLOSE_RANGE, .fd = 500, .newfd = 501, .arg = 1});
}

static void malformed_open(void)
{
	struct spawn_template_open open = null;
	const struct spawn_template_action good = {.type = OPEN, .newfd = 9, .arg = POINTER(&open)};
	struct spawn_template_action a;

	same(try_actions(&good, 1), 0, "OPEN: well-formed");
	a = good;
	a.fd = AT_FDCWD;
	same(try_actions(&a, 1), 0, "OPEN: AT_FDCWD");
	a.fd = AT_FDCWD - 1;
	malformed("OPEN: fd", a);
	a = good;
	a.newfd = -1;
	malformed("OPEN: newfd", a);
	a = good;
	a.flags = O_CLOEXEC;
	malformed("OPEN: flags", a);
	a = good;
	a.arg = 0;
	malformed("OPEN: arg", a);
	a.arg = 1;
	same(try_actions(&a, 1), -EFAULT, "OPEN: arg is no memory");
	open.path = 0;
	same(try_actions(&good, 1), -EFAULT, "OPEN: path is no memory");
	open = null;
	open.how.flags = 1ULL << 40;
	malformed("OPEN: how.flags", good);
	open = null;
	open.how.mode = 0644;
	malformed("OPEN: how.mode without O_CREAT", good);
	open = null;
	open.how.resolve = 1ULL << 40;
	malformed("OPEN: how.resolve", good);
}

static void malformed_sets(uint32_t type, const char *name)
{
	struct spawn_template_sigset set = usr1;
	const struct spawn_template_action good = {.type = type, .arg = POINTER(&set)};
	struct spawn_template_action a;

	same(try_actions(&good, 1), 0, "%s: well-formed", name);
	a = good;
	a.fd = 1;
	malformed(name, a);
	a = good;
	a.newfd = 1;
	malformed(name, a);
	a = good;
	a.flags = 1;
	malformed(name, a);
	a = good;
	a.arg = 0;
	malformed(name, a);
	a.arg = 1;
	same(try_actions(&a, 1), -EFAULT, "%s: arg is no memory", name);
	set.sigset = 0;
	malformed(name, good);
	set.sigset = 1;
	same(try_actions(&good, 1), -EFAULT, "%s: set is no memory", name);
	set = usr1;
	for (uint64_t size = 0; size <= 128; size = size ? 2 * size : 1) {
		set.sigsetsize = size;
		if (size != 8)
			malformed(name, good);
	}
}

static void gives(const char *mode, const char *argument, const char *wanted,
		  const struct spawn_template_action *actions, size_t count, const char *what)
{
	char out[4096];
	struct spawn s;
	int result;

	spawn_init(&s, mode, argument, NULL);
	result = run_output(&s, template_fd, actions, count, out, sizeof out);
	same(result, 0, "%s: runs", what);
	if (!ok(!strcmp(out, wanted), "%s: as it should be", what))
		printf("# got '%s', wanted '%s'\n", out, wanted);
}

#define GIVES(mode, argument, wanted, what, ...) \
	do { \
		const struct spawn_template_action actions_[] = {__VA_ARGS__}; \
		gives(mode, argument, wanted, actions_, ARRAY_SIZE(actions_), what); \
	} while (0)

/* Descriptors 0 to 2 are open, and nothing else but what is close-on-exec. */
static void descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	dup2(fd, 20);
	dup2(fd, 21);
	dup3(fd, 22, O_CLOEXEC);
	GIVES("fds", NULL, "0 1 2 20 21 \n", "inherited", {.type = DUP2});
	GIVES("fds", NULL, "0 1 2 21 \n", "CLOSE", {.type = CLOSE, .fd = 20});
	GIVES("fds", NULL, "0 1 2 20 21 23 \n", "DUP2", {.type = DUP2, .fd = 20, .newfd = 23});
	GIVES("fds", NULL, "0 1 2 20 21 23 \n", "DUP2 of one that is close-on-exec",
	      {.type = DUP2, .fd = 22, .newfd = 23});
	GIVES("fds", NULL, "0 1 2 20 21 \n", "DUP2 with O_CLOEXEC",
	      {.type = DUP2, .fd = 20, .newfd = 23, .flags = O_CLOEXEC});
	GIVES("fds", NULL, "0 1 2 20 \n", "DUP2 with O_CLOEXEC over an open one",
	      {.type = DUP2, .fd = 20, .newfd = 21, .flags = O_CLOEXEC});
	GIVES("fds", NULL, "0 1 2 20 21 \n", "DUP2 to itself leaves close-on-exec set",
	      {.type = DUP2, .fd = 22, .newfd = 22});
	GIVES("fds", NULL, "0 1 2 20 21 \n", "DUP2 to itself leaves it clear",
	      {.type = DUP2, .fd = 20, .newfd = 20, .flags = O_CLOEXEC});
	GIVES("fds", NULL, "0 1 2 \n", "CLOSE_RANGE", {.type = CLOSE_RANGE, .fd = 20, .newfd = 21});
	GIVES("fds", NULL, "0 1 2 21 \n", "CLOSE_RANGE of one",
	      {.type = CLOSE_RANGE, .fd = 20, .newfd = 20});
	GIVES("fds", NULL, "0 1 2 \n", "CLOSE_RANGE to the end",
	      {.type = CLOSE_RANGE, .fd = 3, .newfd = -1});
	GIVES("fds", NULL, "0 1 2 \n", "CLOSE_RANGE of which nothing is open",
	      {.type = CLOSE_RANGE, .fd = 20, .newfd = 21},
	      {.type = CLOSE_RANGE, .fd = 20, .newfd = 21});
	GIVES("fds", NULL, "0 1 2 20 \n", "CLOSE_RANGE that sets close-on-exec",
	      {.type = CLOSE_RANGE, .fd = 21, .newfd = -1, .flags = CLOSE_RANGE_CLOEXEC});
	GIVES("fds", NULL, "0 1 2 20 \n", "CLOSE_RANGE that unshares",
	      {.type = CLOSE_RANGE, .fd = 21, .newfd = -1, .flags = CLOSE_RANGE_UNSHARE});
	GIVES("fds", NULL, "0 1 2 20 23 24 \n", "several, in order",
	      {.type = DUP2, .fd = 21, .newfd = 23}, {.type = CLOSE, .fd = 21},
	      {.type = DUP2, .fd = 23, .newfd = 24});
	for (int i = 20; i < 23; i++)
		same(fcntl(i, F_GETFD), i == 22, "the caller's own %d is as it was", i);
	same(fcntl(23, F_GETFD), -1, "the caller has no other");
	close(fd);
}

static void closed_by_default(void)
{
	const struct spawn_template_action dup = {.type = DUP2, .fd = 20, .newfd = 3};
	char out[256];
	struct spawn s;

	spawn_init(&s, "fds", NULL);
	s.args.flags = 0;
	same(run_output(&s, template_fd, NULL, 0, out, sizeof out), 0, "without INHERIT_FDS");
	ok(!strcmp(out, "0 1 2 \n"), "descriptors from 3 on are closed: %s", out);
	same(run_output(&s, template_fd, &dup, 1, out, sizeof out), 0, "with an action");
	ok(!strcmp(out, "0 1 2 \n"), "also what an action opened: %s", out);
	close(20);
	close(21);
	close(22);
}

static void opens(void)
{
	const struct spawn_template_open read_file = {.path = POINTER("/tmp/actions/file"),
						      .how = {.flags = O_RDONLY}};
	const struct spawn_template_open relative = {.path = POINTER("file")};
	const struct spawn_template_open cloexec = {.path = POINTER("/dev/null"),
						    .how = {.flags = O_RDONLY | O_CLOEXEC}};
	const struct spawn_template_open create = {
		.path = POINTER("/tmp/actions/new"),
		.how = {.flags = O_WRONLY | O_CREAT | O_EXCL, .mode = 0666}};
	const struct spawn_template_open beneath = {.path = POINTER("../actions/file"),
						    .how = {.resolve = 8 /* BENEATH */}};
	const struct spawn_template_action makes = {
		.type = OPEN, .newfd = 9, .arg = POINTER(&create)};
	const struct spawn_template_action leaves = {
		.type = OPEN, .fd = 30, .newfd = 9, .arg = POINTER(&beneath)};
	struct stat st;
	int fd;

	mkdir("/tmp/actions", 0755);
	fd = open("/tmp/actions/file", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (write(fd, "content\n", 8) != 8)
		bail("write");
	close(fd);
	fd = open("/tmp/actions", O_PATH | O_DIRECTORY | O_CLOEXEC);
	dup3(fd, 30, O_CLOEXEC);
	close(fd);
	GIVES("read", "9", "content\n", "OPEN",
	      {.type = OPEN, .newfd = 9, .arg = POINTER(&read_file)});
	GIVES("read", "0", "content\n", "OPEN over an open one",
	      {.type = OPEN, .newfd = 0, .arg = POINTER(&read_file)});
	GIVES("read", "9", "content\n", "OPEN in a directory",
	      {.type = OPEN, .fd = 30, .newfd = 9, .arg = POINTER(&relative)});
	GIVES("fds", NULL, "0 1 2 \n", "OPEN with O_CLOEXEC",
	      {.type = OPEN, .newfd = 9, .arg = POINTER(&cloexec)});
	GIVES("read", "9", "content\n", "FCHDIR, then OPEN relative to it",
	      {.type = FCHDIR, .fd = 30},
	      {.type = OPEN, .fd = AT_FDCWD, .newfd = 9, .arg = POINTER(&relative)});
	GIVES("cwd", NULL, "/tmp/actions\n", "FCHDIR", {.type = FCHDIR, .fd = 30});
	umask(027);
	same(try_actions(&makes, 1), 0, "OPEN with O_CREAT");
	ok(!stat("/tmp/actions/new", &st), "has made a file");
	same(st.st_mode & 07777, 0640, "with the mode and umask");
	same(try_actions(&makes, 1), 1, "OPEN with O_EXCL: fails the child, status 1");
	same(try_actions(&leaves, 1), 1, "OPEN with RESOLVE_BENEATH: fails the child");
	umask(022);
	unlink("/tmp/actions/new");
	close(30);
}

static void failures(void)
{
	struct spawn_template_open open = {.path = POINTER("/does/not/exist")};
	struct spawn_template_action a = {.type = OPEN, .newfd = 9, .arg = POINTER(&open)};

	same(try_actions(&a, 1), 127, "OPEN of what is not there: status 127");
	open.path = POINTER("");
	same(try_actions(&a, 1), 127, "OPEN of an empty path: status 127");
	/* cppcheck-suppress redundantAssignment; the kernel reads it */
	open.path = POINTER("/tmp/actions/file/x");
	same(try_actions(&a, 1), 1, "OPEN below a file: status 1");
	a.newfd = 1024 * 1024 * 512;
	open = null;
	same(try_actions(&a, 1), 1, "OPEN at too large a number: status 1");
	a.newfd = 9;
	open.path = POINTER("file");
	a.fd = 999;
	same(try_actions(&a, 1), 1, "OPEN at a closed descriptor: status 1");
	a = (struct spawn_template_action){.type = CLOSE, .fd = 999};
	same(try_actions(&a, 1), 1, "CLOSE of a closed descriptor: status 1");
	a = (struct spawn_template_action){.type = DUP2, .fd = 999, .newfd = 9};
	same(try_actions(&a, 1), 1, "DUP2 of a closed descriptor: status 1");
	a = (struct spawn_template_action){.type = DUP2, .fd = 999, .newfd = 999};
	same(try_actions(&a, 1), 1, "DUP2 of a closed descriptor to itself: status 1");
	a = (struct spawn_template_action){.type = DUP2, .fd = 0, .newfd = 1024 * 1024 * 512};
	same(try_actions(&a, 1), 1, "DUP2 to too large a number: status 1");
	a = (struct spawn_template_action){.type = FCHDIR, .fd = 999};
	same(try_actions(&a, 1), 1, "FCHDIR to a closed descriptor: status 1");
	a = (struct spawn_template_action){.type = FCHDIR, .fd = 0};
	same(try_actions(&a, 1), 1, "FCHDIR to a file: status 1");
}

int main(int argc, char **argv)
{
	be_program(argc, argv);
	template_fd = (int)create_by_path(self_path(), SPAWN_TEMPLATE_CREATE_CLOEXEC);
	if (template_fd < 0)
		bail("template");
	close_range(3, (unsigned)template_fd - 1, 0);
	malformed_numbers();
	malformed_open();
	malformed_sets(SIGMASK, "SIGMASK");
	malformed_sets(SIGDEFAULT, "SIGDEFAULT");
	descriptors();
	dup2(0, 20);
	closed_by_default();
	opens();
	failures();
	return done();
}
