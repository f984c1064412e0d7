/*
 * Start-up that looks at standard streams: libLLVM's does.  What has the same result for pipes,
 * terminals and sockets is kept, for these; and for what can be sought, if it is known what is
 * different then.
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

/* The fixture that keeps this of standard input. */
#define KEEPS(what) FIXTURE("stream"), "IMAGE_FIXTURE=" what

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
	unlink("fifo");
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

/* With so much in it, to be read or written from there on. */
static void a_file_at(const char *content, off_t position, int flags)
{
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC | flags, 0600);

	become(fd < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content) ||
			       lseek(fd, position, SEEK_SET) != position
		       ? -1
		       : fd);
}

static void an_empty_file(void)
{
	a_file_at("", 0, 0);
}

static void a_file_at_its_end(void)
{
	a_file_at("content", 7, 0);
}

static void inside_a_file(void)
{
	a_file_at("content", 3, 0);
}

static void at_the_beginning_of_a_file(void)
{
	a_file_at("content", 0, 0);
}

static void a_file_to_append_to(void)
{
	a_file_at("content", 0, O_APPEND);
}

static void beyond_a_file(void)
{
	a_file_at("content", (off_t)1 << 40, 0);
}

static void no_file(void)
{
	become(open("/dev/null", O_RDONLY));
}

static void zeros(void)
{
	become(open("/dev/zero", O_RDONLY));
}

/* A regular file, as the kernel has it, and beyond its end. */
static void inside_memory(void)
{
	int fd = open("/proc/self/mem", O_RDONLY);

	become(lseek(fd, 4096, SEEK_SET) != 4096 ? -1 : fd);
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

/* Of a console's characters.  Not everybody may look there: then it is something else that is not
   known. */
static void inside_a_device(void)
{
	int fd = open("/dev/vcs", O_RDONLY);

	if (fd < 0)
		fd = open(".", O_RDONLY | O_DIRECTORY);
	become(lseek(fd, 80, SEEK_SET) < 0 ? -1 : fd);
}

static void nothing(void)
{
	close(STDIN_FILENO);
}

static const struct {
	void (*setup)(void);
	int is_resumed;
} starts[] = {
	{a_pipe, 1},
	{a_fifo, 1},
	{a_terminal, 1},
	{a_socket, 1},
	{an_empty_file, 1},
	{a_file_at_its_end, 1},
	{inside_a_file, 1},
	{a_file_to_append_to, 1},
	{beyond_a_file, 0},
	{inside_memory, 0},
	{at_the_beginning_of_a_file, 1},
	{no_file, 1},
	{zeros, 1},
	{inside_a_device, 0},
	{a_directory, 0},
	{a_place, 0},
	{nothing, 0},
	{a_process, 0},
};

static void bake(char *const envp[])
{
	char why[128];
	int err;

	image_copy_file("/usr/bin/readlink", scratch_path("readlink"));
	err = image_bake(scratch_path("image"), scratch_path("readlink"), envp, why);
	if (!err)
		err = image_bake(scratch_path("true"), "/bin/true", envp, why);
	ck_assert_msg(!err, "%s", why);
}

/* Of true(1): when the destructor speaks, readlink(1) has closed standard output. */
static void same_output(char *const envp[], void (*setup)(void))
{
	char *argv[] = {"true", NULL};
	static struct run native;
	static struct run started;

	image_run(&native, "/bin/true", argv, envp, setup);
	image_run(&started, scratch_path("true"), argv, envp, setup);
	ck_assert_int_eq(native.status, started.status);
	ck_assert_str_eq(native.output, started.output);
	ck_assert(native.status != 0 || native.size > 0);
}

/* Either call is enough for that, and what it keeps is what it would keep natively. */
START_TEST(kinds)
{
	static char *const variables[][2] = {{KEEPS("libllvms")}, {KEEPS("position")}};
	char *envp[] = {variables[_i % 2][0], variables[_i % 2][1], NULL};

	bake(envp);
	ck_assert_int_eq(image_is_resumed(envp, starts[_i / 2].setup), starts[_i / 2].is_resumed);
	same_output(envp, starts[_i / 2].setup);
}
END_TEST

static void expect_kinds(unsigned streams, unsigned seekable)
{
	struct image_view view;
	int fd = open(scratch_path("image"), O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(image_read(fd, &view), 0);
	close(fd);
	ck_assert_uint_eq(view.table->streams, streams);
	ck_assert_uint_eq(view.table->stream_kinds, seekable);
	image_read_end(&view);
}

/* What is not the same, nor the position, for all streams of a kind, is not known of that kind. */
static const struct {
	char *variables[2];
	unsigned seekable;
} known[] = {
	{{KEEPS("libllvms")}, IMAGE_STREAM_FILE | IMAGE_STREAM_DEVICE},
	{{KEEPS("position")}, IMAGE_STREAM_FILE | IMAGE_STREAM_DEVICE},
	{{KEEPS("15")}, IMAGE_STREAM_FILE | IMAGE_STREAM_DEVICE},
	{{KEEPS("half")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("begin")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("end")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("begin_of_content")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("beyond")}, IMAGE_STREAM_FILE | IMAGE_STREAM_DEVICE},
	{{KEEPS("size")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("inode")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("argc")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("argc_or_1")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("argv")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("vdso")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("no_argv")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("file")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("blocks")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("variable")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("many")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("protected")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("exits")}, IMAGE_STREAM_DEVICE},
	{{KEEPS("device_argc")}, IMAGE_STREAM_FILE},
	{{KEEPS("device_mode")}, IMAGE_STREAM_FILE},
	/* More than one stream. */
	{{FIXTURE("calls"),
	  IMAGE_CALL(1, SYS_lseek, "0 0 1") " , " IMAGE_NEXT(1, SYS_lseek, "1 0 1")},
	 0},
};

START_TEST(difference_known)
{
	char *envp[] = {known[_i].variables[0], known[_i].variables[1], NULL};

	bake(envp);
	expect_kinds(known[_i].seekable ? 1 : 3, known[_i].seekable);
	ck_assert_int_eq(image_is_resumed(envp, a_pipe), 1);
	if (!known[_i].seekable)
		return;
	same_output(envp, an_empty_file);
	same_output(envp, at_the_beginning_of_a_file);
	same_output(envp, inside_a_file);
	same_output(envp, beyond_a_file);
	same_output(envp, no_file);
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

	bake(envp);
	expect_kinds(1U << _i, IMAGE_STREAM_FILE | IMAGE_STREAM_DEVICE);
	ck_assert_int_eq(image_is_resumed(envp, a_pipe), 1);
	ck_assert_int_eq(image_is_resumed(envp, a_directory), _i != STDIN_FILENO);
}
END_TEST

static char *const refused[][2] = {
	{KEEPS("fifo")},  {KEEPS("terminal")}, {KEEPS("socket")},
	{KEEPS("owner")}, {KEEPS("group")},    {FIXTURE("stream_sometimes"), "A="},
};

START_TEST(difference)
{
	char *envp[] = {refused[_i][0], refused[_i][1], NULL};
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
	tcase_add_loop_test(tc, difference_known, 0, sizeof known / sizeof known[0]);
	tcase_add_loop_test(tc, difference, 0, sizeof refused / sizeof refused[0]);
	return scratch_run(suite);
}
