#include "elfcache/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "scratch.h"

static struct identity of(const char *path)
{
	struct identity id;

	memset(&id, 0xaa, sizeof id);
	ck_assert_int_eq(identity_of(AT_FDCWD, path, 0, &id), 0);
	return id;
}

static void same(const struct identity *a, const struct identity *b)
{
	ck_assert(identity_equal(a, b));
	ck_assert(identity_equal(b, a));
	ck_assert_mem_eq(a, b, sizeof *a);
	ck_assert_uint_eq(identity_hash(a), identity_hash(b));
}

static void different(const struct identity *a, const struct identity *b)
{
	ck_assert(!identity_equal(a, b));
	ck_assert(!identity_equal(b, a));
	ck_assert_uint_ne(identity_hash(a), identity_hash(b));
}

/* The clock behind ctime moves in ticks of some milliseconds. */
static void wait_for_clock(void)
{
	ck_assert_int_eq(usleep(20000), 0);
}

START_TEST(fields_are_those_of_stat)
{
	struct identity id;
	struct identity filled;
	struct stat st;

	scratch_file("f", "content", 7, 0640);
	ck_assert_int_eq(stat("f", &st), 0);
	id = of("f");
	ck_assert_uint_eq(id.dev, st.st_dev);
	ck_assert_uint_eq(id.ino, st.st_ino);
	ck_assert_uint_eq(id.size, 7);
	ck_assert_uint_eq(id.mode, S_IFREG | 0640);
	ck_assert_uint_eq(id.uid, geteuid());
	ck_assert_uint_eq(id.gid, st.st_gid);
	ck_assert_int_eq(id.mtime_sec, st.st_mtim.tv_sec);
	ck_assert_uint_eq(id.mtime_nsec, st.st_mtim.tv_nsec);
	ck_assert_int_eq(id.ctime_sec, st.st_ctim.tv_sec);
	ck_assert_uint_eq(id.ctime_nsec, st.st_ctim.tv_nsec);
	ck_assert_uint_eq(id.reserved, 0);
	memset(&filled, 0x55, sizeof filled);
	identity_from_stat(&filled, &st);
	same(&id, &filled);
}
END_TEST

/* Each field, with its lowest and its highest bit that can be told apart. */
START_TEST(every_field_matters)
{
	struct identity a = {.dev = 1, .ino = 2, .size = 3, .mtime_sec = 4, .ctime_sec = 5};

#define CHANGE(field, bits) \
	do { \
		struct identity b = a; \
\
		same(&a, &b); \
		b.field ^= (bits); \
		different(&a, &b); \
	} while (0)

	CHANGE(dev, 1);
	CHANGE(dev, 1ULL << 63);
	CHANGE(ino, 1);
	CHANGE(ino, 1ULL << 63);
	CHANGE(size, 1);
	CHANGE(size, 1ULL << 63);
	CHANGE(mtime_sec, 1);
	CHANGE(mtime_sec, INT64_MIN);
	CHANGE(ctime_sec, 1);
	CHANGE(ctime_sec, INT64_MIN);
	CHANGE(mtime_nsec, 1);
	CHANGE(mtime_nsec, 1U << 29);
	CHANGE(ctime_nsec, 1);
	CHANGE(ctime_nsec, 1U << 29);
	CHANGE(mode, 1);
	CHANGE(mode, S_ISUID);
	CHANGE(uid, 1);
	CHANGE(uid, 1U << 31);
	CHANGE(gid, 1);
	CHANGE(gid, 1U << 21);
#undef CHANGE
}
END_TEST

START_TEST(same_content_written_again_differs)
{
	struct identity before;
	struct identity after;
	int fd;

	scratch_file("f", "content", 7, 0755);
	before = of("f");
	wait_for_clock();
	fd = open("f", O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "content", 7, 0), 7);
	ck_assert_int_eq(close(fd), 0);
	after = of("f");
	different(&before, &after);
}
END_TEST

/* What a build tool that sets times back does: only ctime tells. */
START_TEST(restoring_mtime_does_not_help)
{
	struct identity before;
	struct identity after;
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
	int fd;

	scratch_file("f", "content", 7, 0755);
	before = of("f");
	wait_for_clock();
	fd = open("f", O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "CONTENT", 7, 0), 7);
	ck_assert_int_eq(close(fd), 0);
	times[1].tv_sec = before.mtime_sec;
	times[1].tv_nsec = before.mtime_nsec;
	ck_assert_int_eq(utimensat(AT_FDCWD, "f", times, 0), 0);
	after = of("f");
	ck_assert_int_eq(after.mtime_sec, before.mtime_sec);
	ck_assert_uint_eq(after.mtime_nsec, before.mtime_nsec);
	ck_assert_uint_eq(after.size, before.size);
	different(&before, &after);
	after.ctime_sec = before.ctime_sec;
	after.ctime_nsec = before.ctime_nsec;
	same(&before, &after);
}
END_TEST

START_TEST(chmod_and_chown_differ)
{
	struct identity before;
	struct identity after;

	scratch_file("f", "content", 7, 0755);
	before = of("f");
	ck_assert_int_eq(chmod("f", 04755), 0);
	after = of("f");
	ck_assert_uint_eq(after.mode, S_IFREG | 04755);
	different(&before, &after);
	if (geteuid() != 0)
		return;
	before = after;
	ck_assert_int_eq(chown("f", 1234, (gid_t)-1), 0);
	after = of("f");
	ck_assert_uint_eq(after.uid, 1234);
	different(&before, &after);
	before = after;
	ck_assert_int_eq(chown("f", (uid_t)-1, 4321), 0);
	after = of("f");
	ck_assert_uint_eq(after.gid, 4321);
	different(&before, &after);
}
END_TEST

START_TEST(a_replacement_differs)
{
	struct identity before;
	struct identity after;

	scratch_file("f", "content", 7, 0755);
	scratch_file("new", "content", 7, 0755);
	before = of("f");
	ck_assert_int_eq(rename("new", "f"), 0);
	after = of("f");
	ck_assert_uint_ne(after.ino, before.ino);
	different(&before, &after);
}
END_TEST

START_TEST(all_names_of_a_file_are_one_identity)
{
	struct identity a;
	struct identity b;

	scratch_file("f", "content", 7, 0755);
	ck_assert_int_eq(link("f", "hard"), 0);
	ck_assert_int_eq(symlink("f", "soft"), 0);
	a = of("f");
	b = of("hard");
	same(&a, &b);
	b = of("soft");
	same(&a, &b);
	b = of("./././f");
	same(&a, &b);
}
END_TEST

START_TEST(flags_are_those_of_fstatat)
{
	struct identity file;
	struct identity id;
	int fd;

	scratch_file("f", "content", 7, 0755);
	ck_assert_int_eq(symlink("f", "soft"), 0);
	file = of("f");
	ck_assert_int_eq(identity_of(AT_FDCWD, "soft", AT_SYMLINK_NOFOLLOW, &id), 0);
	ck_assert_uint_eq(id.mode & S_IFMT, S_IFLNK);
	different(&file, &id);
	fd = open("f", O_PATH);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(identity_of(fd, "", AT_EMPTY_PATH, &id), 0);
	same(&file, &id);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(mkdir("d", 0755), 0);
	fd = open("d", O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(identity_of(fd, "../f", 0, &id), 0);
	same(&file, &id);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

static void fails(int dirfd, const char *path, int flags, int err)
{
	struct identity id;
	struct identity untouched;

	memset(&id, 0x5a, sizeof id);
	untouched = id;
	errno = 4711;
	ck_assert_int_eq(identity_of(dirfd, path, flags, &id), -err);
	ck_assert_int_eq(errno, 4711);
	ck_assert_mem_eq(&id, &untouched, sizeof id);
}

START_TEST(errors_change_nothing)
{
	static char name[300];

	memset(name, 'n', sizeof name - 1);
	scratch_file("f", "content", 7, 0755);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(symlink("nowhere", "dangling"), 0);
	fails(AT_FDCWD, "none", 0, ENOENT);
	fails(AT_FDCWD, "", 0, ENOENT);
	fails(AT_FDCWD, "dangling", 0, ENOENT);
	fails(AT_FDCWD, "f/x", 0, ENOTDIR);
	fails(AT_FDCWD, "loop", 0, ELOOP);
	fails(AT_FDCWD, name, 0, ENAMETOOLONG);
	fails(999, "f", 0, EBADF);
	fails(AT_FDCWD, "f", 0x40000000, EINVAL);
	fails(AT_FDCWD, (const char *)16, 0, EFAULT);
}
END_TEST

START_TEST(errno_is_untouched)
{
	struct identity id;

	errno = 4711;
	ck_assert_int_eq(identity_of(AT_FDCWD, ".", 0, &id), 0);
	ck_assert_int_eq(errno, 4711);
}
END_TEST

enum { BUCKETS = 512, PER_BUCKET = 200 };

/*
 * Files that were made one after the other: inode numbers and times in a row.  512 buckets of 200
 * expected each: chi-squared has a mean of 511 and a standard deviation of 32; 700 is six of these.
 */
static void check_distribution(uint64_t ino_step, int64_t time_step, unsigned shift)
{
	static uint32_t count[BUCKETS];
	struct identity id = {
		.dev = makedev(254, 1),
		.ino = 1000000,
		.size = 16384,
		.mtime_sec = 1700000000,
		.ctime_sec = 1700000000,
		.mode = S_IFREG | 0755,
	};
	double chi = 0;

	memset(count, 0, sizeof count);
	for (unsigned i = 0; i < BUCKETS * PER_BUCKET; i++) {
		count[(identity_hash(&id) >> shift) % BUCKETS]++;
		id.ino += ino_step;
		id.ctime_sec += time_step;
		id.mtime_sec += time_step;
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		double expected = (int)PER_BUCKET;
		double off = (double)count[i] - expected;

		chi += off * off / expected;
	}
	ck_assert_msg(chi < 700, "chi-squared is %.0f", chi);
	ck_assert_msg(chi > 350, "chi-squared is %.0f: too even to be mixed", chi);
}

START_TEST(hashes_are_spread)
{
	static const unsigned shifts[] = {0, 9, 32, 55};

	for (size_t i = 0; i < sizeof shifts / sizeof shifts[0]; i++) {
		check_distribution(1, 0, shifts[i]);
		check_distribution(8, 0, shifts[i]);
		check_distribution(4096, 0, shifts[i]);
		check_distribution(0, 1, shifts[i]);
		check_distribution(1, 1, shifts[i]);
	}
}
END_TEST

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

START_TEST(hashes_of_many_inodes_are_unique)
{
	enum { N = 100000 };
	static uint64_t hashes[N];
	struct identity id = {.dev = 5};

	for (uint64_t i = 0; i < N; i++) {
		id.ino = i;
		hashes[i] = identity_hash(&id);
	}
	qsort(hashes, N, sizeof hashes[0], compare);
	for (size_t i = 1; i < N; i++)
		ck_assert_uint_ne(hashes[i - 1], hashes[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("identity");
	TCase *files = scratch_case(suite, "files", 10);
	TCase *hash = scratch_case(suite, "hash", 20);

	tcase_add_test(files, fields_are_those_of_stat);
	tcase_add_test(files, every_field_matters);
	tcase_add_test(files, same_content_written_again_differs);
	tcase_add_test(files, restoring_mtime_does_not_help);
	tcase_add_test(files, chmod_and_chown_differ);
	tcase_add_test(files, a_replacement_differs);
	tcase_add_test(files, all_names_of_a_file_are_one_identity);
	tcase_add_test(files, flags_are_those_of_fstatat);
	tcase_add_test(files, errors_change_nothing);
	tcase_add_test(files, errno_is_untouched);
	tcase_add_test(hash, hashes_are_spread);
	tcase_add_test(hash, hashes_of_many_inodes_are_unique);
	return scratch_run(suite);
}
