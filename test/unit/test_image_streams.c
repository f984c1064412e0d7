/*
 * Start-up that looks at standard streams: libLLVM's does.  What has the same result for pipes,
 * terminals and sockets is kept, for these.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"
#include "shim/template/image/read.h"

#define FIXTURE(name) "LD_PRELOAD=" FIXTURE_DIR "/libimage_fixture_" name ".so"

static void become(int fd)
{
	if (fd < 0 || dup2(fd, STDIN_FILENO) != STDIN_FILENO)
		_exit(125);
}

static void a_pipe(void)
{
	int fds[2];

	become(pipe(fds) ? -1 : fds[0]);
}

static void a_fifo(void)
{
	become(mkfifo("fifo", 0600) ? -1 : open("fifo", O_RDWR));
}

static void a_terminal(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	become(fd < 0 || grantpt(fd) || unlockpt(fd) ? -1 : open(ptsname(fd), O_RDWR | O_NOCTTY));
}

static void a_socket(void)
{
	int fds[2];

	become(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) ? -1 : fds[0]);
}

static void a_file(void)
{
	become(open("file", O_RDWR | O_CREAT, 0600));
}

static void no_file(void)
{
	become(open("/dev/null", O_RDONLY));
}

static void a_directory(void)
{
	become(open(".", O_RDONLY | O_DIRECTORY));
}

/* It can be opened only to say where it is. */
static void a_place(void)
{
	become(open(".", O_PATH | O_DIRECTORY));
}

/* Neither can that be sought, and the kernel says that it is a regular file. */
static void a_process(void)
{
	become((int)syscall(SYS_pidfd_open, getppid(), 0));
}

static void nothing(void)
{
	close(STDIN_FILENO);
}

static const struct {
	void (*setup)(void);
	int is_resumed;
} starts[] = {
	{a_pipe, 1},  {a_fifo, 1},      {a_terminal, 1}, {a_socket, 1}, {a_file, 0},
	{no_file, 0}, {a_directory, 0}, {a_place, 0},    {nothing, 0},  {a_process, 0},
};

static void bake(char *const envp[])
{
	char why[128];
	int err;

	image_copy_file("/usr/bin/readlink", scratch_path("readlink"));
	err = image_bake(scratch_path("image"), scratch_path("readlink"), envp, why);
	ck_assert_msg(!err, "%s", why);
}

/* Either call is enough for that. */
START_TEST(kinds)
{
	static char *const fixtures[] = {FIXTURE("stream"), FIXTURE("stream_sought")};

	char *envp[] = {fixtures[_i % 2], NULL};

	bake(envp);
	ck_assert_int_eq(image_is_resumed(envp, starts[_i / 2].setup), starts[_i / 2].is_resumed);
}
END_TEST

/* Of others it does not matter what they are. */
START_TEST(each)
{
	static char *const variables[] = {
		IMAGE_CALL(1, SYS_lseek, "0 0 1"),
		IMAGE_CALL(1, SYS_lseek, "1 0 1"),
		IMAGE_CALL(1, SYS_lseek, "2 0 1"),
	};
	char *envp[] = {FIXTURE("calls"), variables[_i], NULL};
	struct image_view view;
	int fd;

	bake(envp);
	fd = open(scratch_path("image"), O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(image_read(fd, &view), 0);
	close(fd);
	ck_assert_uint_eq(view.table->streams, 1U << _i);
	image_read_end(&view);
	ck_assert_int_eq(image_is_resumed(envp, a_pipe), 1);
	ck_assert_int_eq(image_is_resumed(envp, no_file), _i != STDIN_FILENO);
}
END_TEST

static char *const refused[] = {
	FIXTURE("stream_fifo"),
	FIXTURE("stream_terminal"),
	FIXTURE("stream_socket"),
	FIXTURE("stream_sometimes"),
};

START_TEST(difference)
{
	char *envp[] = {refused[_i], NULL};
	char why[128];

	ck_assert_int_eq(image_bake(scratch_path("image"), "/bin/true", envp, why), -ENOTSUP);
	ck_assert_msg(strstr(why, "another result") != NULL, "refused because: %s", why);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_streams");
	TCase *tc = scratch_case(suite, "streams", 60);

	tcase_add_loop_test(tc, kinds, 0, 2 * sizeof starts / sizeof starts[0]);
	tcase_add_loop_test(tc, each, 0, 3);
	tcase_add_loop_test(tc, difference, 0, sizeof refused / sizeof refused[0]);
	return scratch_run(suite);
}
