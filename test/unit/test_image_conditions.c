/*
 * Each of the conditions that are in an image's table, by itself: the image is changed, as if it
 * had been baked when one thing, and nothing else, was another, and then it is not used.  What
 * cannot differ alone, such as a file's size, is seen to count as well.
 */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"
#include "shim/template/image/read.h"

#define FIXTURE(name) FIXTURE_DIR "/libimage_fixture_" name ".so"

static char *plain[] = {"PATH=/usr/bin:/bin", NULL};

static struct image_view view;

static void open_image(void)
{
	int fd = open(scratch_path("image"), O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(image_read(fd, &view), 0);
	close(fd);
}

static const void *in_table(uint32_t offset)
{
	return (const char *)view.table + offset;
}

static void change_byte(const void *at, unsigned char bits)
{
	off_t offset = (const unsigned char *)at - view.data;
	int fd = open(scratch_path("image"), O_RDWR | O_CLOEXEC);
	unsigned char byte;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
	byte ^= bits;
	ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
	ck_assert_int_eq(close(fd), 0);
}

/* By a bit, in the image only; then it is as it was. */
static bool depends_on(const void *at, char *const envp[])
{
	int changed;

	change_byte(at, 1);
	changed = image_is_resumed(envp, NULL);
	change_byte(at, 1);
	ck_assert_int_eq(image_is_resumed(envp, NULL), 1);
	return !changed;
}

START_TEST(each_field)
{
	static const size_t fields[] = {
		offsetof(struct identity, dev),        offsetof(struct identity, ino),
		offsetof(struct identity, size),       offsetof(struct identity, mtime_sec),
		offsetof(struct identity, ctime_sec),  offsetof(struct identity, mtime_nsec),
		offsetof(struct identity, ctime_nsec), offsetof(struct identity, mode),
		offsetof(struct identity, uid),        offsetof(struct identity, gid),
	};
	unsigned with_maps = 0;
	unsigned without = 0;

	image_prepare(plain);
	open_image();
	for (uint32_t i = 0; i < view.table->files.count; i++) {
		const struct image_file *file = image_file(&view, i);

		/* Of one that is mapped it is no question. */
		ck_assert(file->maps || depends_on(&file->absent, plain));
		if (file->absent)
			continue;
		for (size_t j = 0; j < sizeof fields / sizeof fields[0]; j++)
			ck_assert_msg(depends_on((const char *)&file->id + fields[j], plain),
				      "%s, byte %zu of its identity", image_file_path(&view, file),
				      fields[j]);
		*(file->maps ? &with_maps : &without) += 1;
	}
	ck_assert_uint_gt(with_maps, 0);
	ck_assert_uint_gt(without, 0);
	image_read_end(&view);
}
END_TEST

START_TEST(each_user)
{
	image_prepare(plain);
	open_image();
	ck_assert(depends_on(&view.table->uid, plain));
	ck_assert(depends_on(&view.table->gid, plain));
	image_read_end(&view);
}
END_TEST

/* It is that of whoever has it made. */
START_TEST(user)
{
	char why[128];
	int fd;

	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(".", 0777), 0);
		ck_assert_int_eq(setresgid(65533, 65533, 65533), 0);
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	}
	ck_assert_msg(!image_bake("image", "/usr/bin/readlink", plain, why), "%s", why);
	fd = open("image", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(image_read(fd, &view), 0);
	ck_assert_uint_eq(view.table->uid, geteuid());
	ck_assert_uint_ne(view.table->uid, 0);
	ck_assert_uint_eq(view.table->gid, getegid());
	ck_assert_uint_ne(view.table->gid, 0);
	close(fd);
	image_read_end(&view);
}
END_TEST

/* Either limit of each.  That of stacks libc has a use for as well, which resume knows. */
static const struct {
	int resource;
	char *variable;
} limits[] = {
	{RLIMIT_NOFILE, IMAGE_CALL(1, SYS_prlimit64, "0 7 0 @")},
	{RLIMIT_STACK, IMAGE_CALL(1, SYS_prlimit64, "0 3 0 @")},
};

START_TEST(each_limit)
{
	char *envp[] = {"LD_PRELOAD=" FIXTURE("calls"), limits[_i].variable, NULL};
	const struct image_limit *limit;
	struct rlimit ours;

	image_prepare(envp);
	open_image();
	ck_assert_uint_eq(view.table->limits.count, 1);
	limit = in_table(view.table->limits.at);
	ck_assert_int_eq(getrlimit(limits[_i].resource, &ours), 0);
	ck_assert_uint_eq(limit->resource, limits[_i].resource);
	ck_assert_uint_eq(limit->soft, ours.rlim_cur);
	ck_assert_uint_eq(limit->hard, ours.rlim_max);
	ck_assert(depends_on(&limit->soft, envp));
	ck_assert(depends_on(&limit->hard, envp));
	image_read_end(&view);
}
END_TEST

START_TEST(each_processor)
{
	char *envp[] = {"LD_PRELOAD=" FIXTURE("affinity"), NULL};
	const struct image_affinity *affinity;

	image_prepare(envp);
	open_image();
	ck_assert_uint_eq(view.table->affinities.count, 1);
	affinity = in_table(view.table->affinities.at);
	ck_assert(depends_on(&affinity->result, envp));
	for (size_t i = 0; i < sizeof affinity->set / sizeof affinity->set[0]; i++)
		ck_assert(depends_on(&affinity->set[i], envp));
	image_read_end(&view);
}
END_TEST

/* There is no entry 63 of the auxiliary vector to set a word from. */
START_TEST(each_entry)
{
	const struct image_fix *fixes;
	unsigned count = 0;

	image_prepare(plain);
	open_image();
	fixes = in_table(view.table->fixes.at);
	for (uint32_t i = 0; i < view.table->fixes.count; i++) {
		const unsigned char bits = (unsigned char)(fixes[i].arg ^ 63);

		if (fixes[i].kind != FIX_AUX)
			continue;
		change_byte(&fixes[i].arg, bits);
		ck_assert_int_eq(image_is_resumed(plain, NULL), 0);
		change_byte(&fixes[i].arg, bits);
		count++;
	}
	ck_assert_uint_gt(count, 0);
	ck_assert_int_eq(image_is_resumed(plain, NULL), 1);
	image_read_end(&view);
}
END_TEST

static uint64_t peek(pid_t pid, uint64_t at)
{
	return (uint64_t)ptrace(PTRACE_PEEKDATA, pid, at, NULL);
}

/* Before its first instruction: from a kernel that has no such entry. */
static void hide_entry(pid_t pid, uint64_t type)
{
	struct user_regs_struct regs;
	uint64_t at;

	ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
	at = regs.rsp + sizeof at;
	for (int ends = 0; ends < 2; at += sizeof at)
		ends += !peek(pid, at);
	while (peek(pid, at) != type) {
		ck_assert_uint_ne(peek(pid, at), AT_NULL);
		at += 2 * sizeof at;
	}
	ck_assert_int_eq(ptrace(PTRACE_POKEDATA, pid, at, AT_IGNORE), 0);
}

START_TEST(entry_is_missing)
{
	static const uint64_t types[] = {AT_RANDOM, AT_SYSINFO_EHDR, AT_SECURE, AT_EUID,
					 AT_UID,    AT_GID,          AT_EGID};
	char *argv[] = {"readlink", "-v", "/proc/self/exe", NULL};
	char output[4096] = "";
	int status;
	pid_t pid;
	int fd;

	image_prepare(plain);
	fd = open("output", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	pid = fork();
	if (pid == 0) {
		if (dup2(fd, STDOUT_FILENO) < 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(126);
		execve(scratch_path("image"), argv, plain);
		_exit(126);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSTOPPED(status));
	hide_entry(pid, types[_i]);
	ck_assert_int_eq(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_gt(pread(fd, output, sizeof output - 1, 0), 0);
	close(fd);
	output[strcspn(output, "\n")] = '\0';
	ck_assert_str_eq(output, scratch_path("readlink"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_conditions");
	TCase *tc = scratch_case(suite, "conditions", 60);

	tcase_add_test(tc, each_field);
	tcase_add_test(tc, each_user);
	tcase_add_test(tc, user);
	tcase_add_loop_test(tc, each_limit, 0, 2);
	tcase_add_test(tc, each_processor);
	tcase_add_test(tc, each_entry);
	tcase_add_loop_test(tc, entry_is_missing, 0, 7);
	return scratch_run(suite);
}
