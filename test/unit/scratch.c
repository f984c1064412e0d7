#include "scratch.h"
#include "../old_libc.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char root[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* In the test program itself, once for a case. */
static void make_root(void)
{
	snprintf(root, sizeof root, "/tmp/spawn-template-unit-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* In the process of each test. */
static void enter(void)
{
	char dir[80];

	snprintf(dir, sizeof dir, "%s/XXXXXX", root);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	umask(022);
}

TCase *scratch_case(Suite *suite, const char *name, double timeout)
{
	TCase *tcase = tcase_create(name);

	tcase_add_unchecked_fixture(tcase, make_root, remove_root);
	tcase_add_checked_fixture(tcase, enter, NULL);
	tcase_set_timeout(tcase, timeout);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int scratch_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	/* What was left open for us, such as CTest's log, which grows while tests compare. */
	syscall(SYS_close_range, 3U, ~0U, 0U);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void scratch_file(const char *path, const void *data, size_t size, mode_t mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	SCRATCH_ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	SCRATCH_ASSERT(fchmod(fd, mode) == 0 && close(fd) == 0);
}

const char *scratch_path(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % 4];
	char cwd[PATH_MAX / 2];

	ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
	ck_assert_int_lt(snprintf(path, PATH_MAX, "%s/%s", cwd, name), PATH_MAX);
	return path;
}

unsigned scratch_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	SCRATCH_ASSERT(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

int scratch_forbid(unsigned call, int error, uint32_t bits, bool set)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[3])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, !set, set),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof code[0], code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

void scratch_forbid_descriptors(bool forbid)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	if (forbid) {
		int lowest = dup(STDIN_FILENO);

		ck_assert_int_ge(lowest, 0);
		close(lowest);
		limit.rlim_cur = (rlim_t)lowest;
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

uint64_t noise_next(struct noise *noise)
{
	noise->state ^= noise->state >> 12;
	noise->state ^= noise->state << 25;
	noise->state ^= noise->state >> 27;
	return noise->state * 0x2545f4914f6cdd1d;
}
