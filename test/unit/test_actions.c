#include <errno.h>
#include <fcntl.h>

#include "scratch.h"
#include "shim/template/actions.h"
#include "spawn_fixture.h"

/* libc's private layout, seen from the test's side: to damage objects with. */
struct mirror {
	int allocated;
	int used;
	struct {
		unsigned tag;
		int words[7];
	} * actions;
};

static struct mirror *mirror(posix_spawn_file_actions_t *fa)
{
	return (struct mirror *)(void *)fa;
}

static posix_spawn_file_actions_t fa;
static struct action got[40];

static void setup(void)
{
	posix_spawn_file_actions_init(&fa);
}

static void teardown(void)
{
	posix_spawn_file_actions_destroy(&fa);
}

START_TEST(reads_nothing_from_null_or_empty)
{
	ck_assert_int_eq(file_actions_read(NULL, got, 40), 0);
	ck_assert_int_eq(file_actions_read(&fa, got, 0), 0);
}
END_TEST

START_TEST(reads_close)
{
	posix_spawn_file_actions_addclose(&fa, 7);
	ck_assert_int_eq(file_actions_read(&fa, got, 40), 1);
	ck_assert_int_eq(got[0].kind, ACTION_CLOSE);
	ck_assert_int_eq(got[0].fd, 7);
	ck_assert_int_eq(got[0].newfd, -1);
	ck_assert_ptr_null(got[0].path);
}
END_TEST

START_TEST(reads_dup2)
{
	posix_spawn_file_actions_adddup2(&fa, 7, 9);
	ck_assert_int_eq(file_actions_read(&fa, got, 40), 1);
	ck_assert_int_eq(got[0].kind, ACTION_DUP2);
	ck_assert_int_eq(got[0].fd, 7);
	ck_assert_int_eq(got[0].newfd, 9);
}
END_TEST

START_TEST(reads_open)
{
	posix_spawn_file_actions_addopen(&fa, 5, "some/file", O_WRONLY | O_CREAT, 0621);
	ck_assert_int_eq(file_actions_read(&fa, got, 40), 1);
	ck_assert_int_eq(got[0].kind, ACTION_OPEN);
	ck_assert_int_eq(got[0].fd, 5);
	ck_assert_int_eq(got[0].newfd, -1);
	ck_assert_str_eq(got[0].path, "some/file");
	ck_assert_int_eq(got[0].oflag, O_WRONLY | O_CREAT);
	ck_assert_uint_eq(got[0].mode, 0621);
}
END_TEST

START_TEST(reads_chdir_and_fchdir)
{
	posix_spawn_file_actions_addchdir_np(&fa, "/some/where");
	posix_spawn_file_actions_addfchdir_np(&fa, 8);
	ck_assert_int_eq(file_actions_read(&fa, got, 40), 2);
	ck_assert_int_eq(got[0].kind, ACTION_CHDIR);
	ck_assert_str_eq(got[0].path, "/some/where");
	ck_assert_int_eq(got[0].fd, -1);
	ck_assert_int_eq(got[1].kind, ACTION_FCHDIR);
	ck_assert_int_eq(got[1].fd, 8);
	ck_assert_ptr_null(got[1].path);
}
END_TEST

#if __GLIBC_PREREQ(2, 34)
START_TEST(reads_closefrom)
{
	posix_spawn_file_actions_addclosefrom_np(&fa, 11);
	ck_assert_int_eq(file_actions_read(&fa, got, 40), 1);
	ck_assert_int_eq(got[0].kind, ACTION_CLOSEFROM);
	ck_assert_int_eq(got[0].fd, 11);
}
END_TEST
#endif

#if __GLIBC_PREREQ(2, 35)
START_TEST(reads_tcsetpgrp)
{
	posix_spawn_file_actions_addtcsetpgrp_np(&fa, 3);
	ck_assert_int_eq(file_actions_read(&fa, got, 40), 1);
	ck_assert_int_eq(got[0].kind, ACTION_TCSETPGRP);
	ck_assert_int_eq(got[0].fd, 3);
}
END_TEST
#endif

START_TEST(keeps_the_order_of_many)
{
	for (int i = 0; i < 40; i++)
		posix_spawn_file_actions_adddup2(&fa, i, 40 - i);
	ck_assert_int_eq(file_actions_read(&fa, got, 40), 40);
	for (int i = 0; i < 40; i++) {
		ck_assert_int_eq(got[i].fd, i);
		ck_assert_int_eq(got[i].newfd, 40 - i);
	}
}
END_TEST

START_TEST(refuses_too_many)
{
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_addclose(&fa, i);
	got[2].fd = 99;
	ck_assert_int_eq(file_actions_read(&fa, got, 2), -E2BIG);
	ck_assert_int_eq(got[2].fd, 99);
	ck_assert_int_eq(file_actions_read(&fa, got, 3), 3);
}
END_TEST

START_TEST(refuses_what_it_does_not_know)
{
	posix_spawn_file_actions_addclose(&fa, 3);
	posix_spawn_file_actions_addclose(&fa, 4);
	mirror(&fa)->actions[1].tag = 7;
	ck_assert_int_eq(file_actions_read(&fa, got, 40), -ENOTSUP);
	mirror(&fa)->actions[1].tag = 0;
	mirror(&fa)->used = -1;
	ck_assert_int_eq(file_actions_read(&fa, got, 40), -ENOTSUP);
	mirror(&fa)->used = 2;
}
END_TEST

/*
 * The probe, against this libc and against libcs that are not as expected.
 */

static struct file_actions_builders libc;
static int inits;
static int destroys;

static int counting_init(posix_spawn_file_actions_t *o)
{
	inits++;
	return posix_spawn_file_actions_init(o);
}

static int counting_destroy(posix_spawn_file_actions_t *o)
{
	destroys++;
	return posix_spawn_file_actions_destroy(o);
}

static void probe_setup(void)
{
	libc = *fixture_builders();
	libc.init = counting_init;
	libc.destroy = counting_destroy;
	inits = 0;
	destroys = 0;
}

static void probe_teardown(void)
{
	ck_assert_int_eq(inits, destroys);
}

START_TEST(probe_knows_this_libc)
{
	ck_assert(file_actions_probe(&libc));
	ck_assert_int_eq(inits, 1);
}
END_TEST

START_TEST(probe_accepts_a_libc_that_lacks_the_newer_kinds)
{
	libc.addtcsetpgrp_np = NULL;
	ck_assert(file_actions_probe(&libc));
	libc.addclosefrom_np = NULL;
	ck_assert(file_actions_probe(&libc));
	libc.addfchdir_np = NULL;
	ck_assert(file_actions_probe(&libc));
	libc.addchdir_np = NULL;
	ck_assert(file_actions_probe(&libc));
}
END_TEST

START_TEST(probe_needs_the_standard_functions)
{
	struct file_actions_builders all = libc;

	libc.init = NULL;
	ck_assert(!file_actions_probe(&libc));
	libc = all;
	libc.destroy = NULL;
	ck_assert(!file_actions_probe(&libc));
	libc = all;
	libc.addclose = NULL;
	ck_assert(!file_actions_probe(&libc));
	libc = all;
	libc.adddup2 = NULL;
	ck_assert(!file_actions_probe(&libc));
	libc = all;
	libc.addopen = NULL;
	ck_assert(!file_actions_probe(&libc));
}
END_TEST

static int failing_init(posix_spawn_file_actions_t *o)
{
	(void)o;
	return ENOMEM;
}

START_TEST(probe_survives_a_failing_init)
{
	libc.init = failing_init;
	ck_assert(!file_actions_probe(&libc));
}
END_TEST

static int failing_addclose(posix_spawn_file_actions_t *o, int fd)
{
	(void)o;
	(void)fd;
	return ENOMEM;
}

static int uncounted_addclose(posix_spawn_file_actions_t *o, int fd)
{
	int err = posix_spawn_file_actions_addclose(o, fd);

	mirror(o)->used--;
	return err;
}

static int double_addclose(posix_spawn_file_actions_t *o, int fd)
{
	int err = posix_spawn_file_actions_addclose(o, fd);

	return err ? err : posix_spawn_file_actions_addclose(o, fd);
}

static int untagged_addclose(posix_spawn_file_actions_t *o, int fd)
{
	int err = posix_spawn_file_actions_addclose(o, fd);

	mirror(o)->actions[mirror(o)->used - 1].tag = 17;
	return err;
}

/* Right as long as libc's first array is large enough. */
static int late_addclose(posix_spawn_file_actions_t *o, int fd)
{
	int err = posix_spawn_file_actions_addclose(o, fd);

	if (mirror(o)->used > 8)
		mirror(o)->actions[mirror(o)->used - 1].words[1]++;
	return err;
}

START_TEST(probe_refuses_another_addclose)
{
	static int (*const others[])(posix_spawn_file_actions_t *, int) = {
		failing_addclose,  uncounted_addclose, double_addclose,
		untagged_addclose, late_addclose,
	};

	libc.addclose = others[_i];
	ck_assert(!file_actions_probe(&libc));
}
END_TEST

static int swapped_adddup2(posix_spawn_file_actions_t *o, int fd, int newfd)
{
	return posix_spawn_file_actions_adddup2(o, newfd, fd);
}

START_TEST(probe_refuses_another_dup2)
{
	libc.adddup2 = swapped_adddup2;
	ck_assert(!file_actions_probe(&libc));
}
END_TEST

static int swapped_addopen(posix_spawn_file_actions_t *o, int fd, const char *path, int oflag,
			   mode_t mode)
{
	return posix_spawn_file_actions_addopen(o, fd, path, (int)mode, (mode_t)oflag);
}

static int other_addopen(posix_spawn_file_actions_t *o, int fd, const char *path, int oflag,
			 mode_t mode)
{
	(void)path;
	return posix_spawn_file_actions_addopen(o, fd, "else", oflag, mode);
}

START_TEST(probe_refuses_another_open)
{
	libc.addopen = swapped_addopen;
	ck_assert(!file_actions_probe(&libc));
	libc.addopen = other_addopen;
	ck_assert(!file_actions_probe(&libc));
}
END_TEST

static int other_addfd(posix_spawn_file_actions_t *o, int fd)
{
	return posix_spawn_file_actions_addclose(o, fd);
}

static int other_addchdir(posix_spawn_file_actions_t *o, const char *path)
{
	(void)path;
	return posix_spawn_file_actions_addchdir_np(o, "else");
}

START_TEST(probe_refuses_another_meaning_of_the_newer_kinds)
{
	struct file_actions_builders all = libc;

	libc.addchdir_np = other_addchdir;
	ck_assert(!file_actions_probe(&libc));
	libc = all;
	libc.addfchdir_np = other_addfd;
	ck_assert(!file_actions_probe(&libc));
	libc = all;
	libc.addclosefrom_np = other_addfd;
	ck_assert(!file_actions_probe(&libc));
	libc = all;
	libc.addtcsetpgrp_np = other_addfd;
	ck_assert(!file_actions_probe(&libc));
}
END_TEST

START_TEST(attributes_of_null_are_defaults)
{
	struct spawn_attributes out = {.flags = 1, .pgroup = 2};

	spawn_attributes_read(fixture_getters(), NULL, &out);
	ck_assert_int_eq(out.flags, 0);
	ck_assert_int_eq(out.pgroup, 0);
	ck_assert(sigisemptyset(&out.sigmask));
	ck_assert(sigisemptyset(&out.sigdefault));
}
END_TEST

START_TEST(attributes_are_read)
{
	struct spawn_attributes out;
	posix_spawnattr_t attr;
	sigset_t mask;
	sigset_t defaults;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attr, 1234);
	posix_spawnattr_setsigmask(&attr, &mask);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	spawn_attributes_read(fixture_getters(), &attr, &out);
	posix_spawnattr_destroy(&attr);

	ck_assert_int_eq(out.flags, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	ck_assert_int_eq(out.pgroup, 1234);
	ck_assert_mem_eq(&out.sigmask, &mask, 8);
	ck_assert_mem_eq(&out.sigdefault, &defaults, 8);
}
END_TEST

START_TEST(changes_of_directory_are_found)
{
	struct action actions[3] = {
		{.kind = ACTION_CLOSE},
		{.kind = ACTION_OPEN},
		{.kind = ACTION_CHDIR},
	};

	ck_assert(!actions_change_directory(actions, 0));
	ck_assert(!actions_change_directory(actions, 2));
	ck_assert(actions_change_directory(actions, 3));
	actions[0].kind = ACTION_FCHDIR;
	ck_assert(actions_change_directory(actions, 1));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("actions");
	TCase *read = tcase_create("read");
	TCase *probe = tcase_create("probe");
	TCase *attributes = tcase_create("attributes");

	tcase_add_checked_fixture(read, setup, teardown);
	tcase_add_test(read, reads_nothing_from_null_or_empty);
	tcase_add_test(read, reads_close);
	tcase_add_test(read, reads_dup2);
	tcase_add_test(read, reads_open);
	tcase_add_test(read, reads_chdir_and_fchdir);
#if __GLIBC_PREREQ(2, 34)
	tcase_add_test(read, reads_closefrom);
#endif
#if __GLIBC_PREREQ(2, 35)
	tcase_add_test(read, reads_tcsetpgrp);
#endif
	tcase_add_test(read, keeps_the_order_of_many);
	tcase_add_test(read, refuses_too_many);
	tcase_add_test(read, refuses_what_it_does_not_know);
	suite_add_tcase(s, read);

	tcase_add_checked_fixture(probe, probe_setup, probe_teardown);
	tcase_add_test(probe, probe_knows_this_libc);
	tcase_add_test(probe, probe_accepts_a_libc_that_lacks_the_newer_kinds);
	tcase_add_test(probe, probe_needs_the_standard_functions);
	tcase_add_test(probe, probe_survives_a_failing_init);
	tcase_add_loop_test(probe, probe_refuses_another_addclose, 0, 5);
	tcase_add_test(probe, probe_refuses_another_dup2);
	tcase_add_test(probe, probe_refuses_another_open);
	tcase_add_test(probe, probe_refuses_another_meaning_of_the_newer_kinds);
	suite_add_tcase(s, probe);

	tcase_add_test(attributes, attributes_of_null_are_defaults);
	tcase_add_test(attributes, attributes_are_read);
	tcase_add_test(attributes, changes_of_directory_are_found);
	suite_add_tcase(s, attributes);

	return scratch_run(s);
}
