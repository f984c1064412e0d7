/* Every rule of translate.c, literally. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "scratch.h"
#include "shim/template/translate.h"
#include "spawn_fixture.h"

enum { LIMIT = 1024, KERNEL_O_LARGEFILE = 0100000, CALLER_MASK = 0x5a00 };

static struct translate_context context;
static struct spawn_attributes attr;
static struct translation out;
static int open_from; /* descriptors open_from..open_to are open */
static int open_to;
static bool quiet;
static const char *asked; /* the path that was asked about last */
static int times_asked;

static bool is_open(int fd)
{
	return fd >= open_from && fd <= open_to;
}

static bool opens_quietly(const char *path)
{
	asked = path;
	times_asked++;
	return quiet;
}

static void setup(void)
{
	context = (struct translate_context){
		.caller_sigmask = CALLER_MASK,
		.descriptor_limit = LIMIT,
		.is_open = is_open,
		.opens_quietly = opens_quietly,
	};
	attr = (struct spawn_attributes){0};
	open_from = 0;
	open_to = 2;
	quiet = true;
	asked = NULL;
	times_asked = 0;
}

static enum reason run(const struct action *in, size_t n)
{
	return translate(in, n, &attr, &context, &out);
}

/* One action, which must give n kernel actions before the signal mask. */
static void accept_as(struct action in, size_t n)
{
	ck_assert_int_eq(run(&in, 1), REASON_NONE);
	ck_assert_uint_eq(out.count, n + 1);
	ck_assert_uint_eq(out.actions[n].type, SPAWN_TEMPLATE_ACTION_SIGMASK);
}

static void refuse(struct action in)
{
	ck_assert_int_eq(run(&in, 1), REASON_FILE_ACTIONS);
}

static void expect(size_t i, unsigned type, int fd, int newfd)
{
	ck_assert_uint_lt(i, out.count);
	ck_assert_uint_eq(out.actions[i].type, type);
	ck_assert_int_eq(out.actions[i].fd, fd);
	ck_assert_int_eq(out.actions[i].newfd, newfd);
	ck_assert_uint_eq(out.actions[i].flags, 0);
	if (type != SPAWN_TEMPLATE_ACTION_OPEN)
		ck_assert_uint_eq(out.actions[i].arg, 0);
}

static void expect_open(size_t i, int newfd, const char *path, int flags, mode_t mode)
{
	const struct spawn_template_open *open;

	expect(i, SPAWN_TEMPLATE_ACTION_OPEN, AT_FDCWD, newfd);
	open = (const void *)(uintptr_t)out.actions[i].arg;
	ck_assert_str_eq((const char *)(uintptr_t)open->path, path);
	ck_assert_uint_eq(open->how.flags, (unsigned)flags);
	ck_assert_uint_eq(open->how.mode, mode);
	ck_assert_uint_eq(open->how.resolve, 0);
}

static void expect_set(size_t i, unsigned type, uint64_t bits)
{
	const struct spawn_template_sigset *set;

	ck_assert_uint_lt(i, out.count);
	ck_assert_uint_eq(out.actions[i].type, type);
	ck_assert_int_eq(out.actions[i].fd, 0);
	ck_assert_int_eq(out.actions[i].newfd, 0);
	ck_assert_uint_eq(out.actions[i].flags, 0);
	set = (const void *)(uintptr_t)out.actions[i].arg;
	ck_assert_uint_eq(set->sigsetsize, 8);
	ck_assert_uint_eq(*(const uint64_t *)(uintptr_t)set->sigset, bits);
}

START_TEST(nothing_still_gives_the_mask_back)
{
	ck_assert_int_eq(run(NULL, 0), REASON_NONE);
	ck_assert_uint_eq(out.count, 1);
	expect_set(0, SPAWN_TEMPLATE_ACTION_SIGMASK, CALLER_MASK);
}
END_TEST

START_TEST(close_is_a_range_of_one)
{
	accept_as((struct action){.kind = ACTION_CLOSE, .fd = 5, .newfd = -1}, 1);
	expect(0, SPAWN_TEMPLATE_ACTION_CLOSE_RANGE, 5, 5);
	accept_as((struct action){.kind = ACTION_CLOSE, .fd = 0, .newfd = -1}, 1);
	accept_as((struct action){.kind = ACTION_CLOSE, .fd = LIMIT - 1, .newfd = -1}, 1);
	refuse((struct action){.kind = ACTION_CLOSE, .fd = LIMIT, .newfd = -1});
	refuse((struct action){.kind = ACTION_CLOSE, .fd = -1, .newfd = -1});
}
END_TEST

START_TEST(dup2_is_dup2)
{
	accept_as((struct action){.kind = ACTION_DUP2, .fd = 5, .newfd = 1}, 1);
	expect(0, SPAWN_TEMPLATE_ACTION_DUP2, 5, 1);
	accept_as((struct action){.kind = ACTION_DUP2, .fd = LIMIT - 1, .newfd = LIMIT - 2}, 1);
	refuse((struct action){.kind = ACTION_DUP2, .fd = LIMIT, .newfd = 1});
	refuse((struct action){.kind = ACTION_DUP2, .fd = 1, .newfd = LIMIT});
	refuse((struct action){.kind = ACTION_DUP2, .fd = -1, .newfd = 1});
	refuse((struct action){.kind = ACTION_DUP2, .fd = 1, .newfd = -1});
}
END_TEST

START_TEST(dup2_to_itself_goes_there_and_back)
{
	accept_as((struct action){.kind = ACTION_DUP2, .fd = 5, .newfd = 5}, 3);
	expect(0, SPAWN_TEMPLATE_ACTION_DUP2, 5, LIMIT - 1);
	expect(1, SPAWN_TEMPLATE_ACTION_DUP2, LIMIT - 1, 5);
	expect(2, SPAWN_TEMPLATE_ACTION_CLOSE, LIMIT - 1, 0);
	refuse((struct action){.kind = ACTION_DUP2, .fd = LIMIT, .newfd = LIMIT});
}
END_TEST

START_TEST(open_closes_first)
{
	accept_as((struct action){.kind = ACTION_OPEN,
				  .fd = 3,
				  .newfd = -1,
				  .path = "/dev/null",
				  .oflag = O_RDWR,
				  .mode = 0777},
		  2);
	expect(0, SPAWN_TEMPLATE_ACTION_CLOSE_RANGE, 3, 3);
	expect_open(1, 3, "/dev/null", O_RDWR | KERNEL_O_LARGEFILE, 0);
	ck_assert_str_eq(asked, "/dev/null");
}
END_TEST

static struct action open_with(int oflag, mode_t mode)
{
	return (struct action){.kind = ACTION_OPEN,
			       .fd = 3,
			       .newfd = -1,
			       .path = "f",
			       .oflag = oflag,
			       .mode = mode};
}

START_TEST(open_takes_the_mode_only_to_create)
{
	accept_as(open_with(O_WRONLY | O_CREAT | O_TRUNC, 0640), 2);
	expect_open(1, 3, "f", O_WRONLY | O_CREAT | O_TRUNC | KERNEL_O_LARGEFILE, 0640);
	accept_as(open_with(O_WRONLY | O_CREAT, 0177777), 2);
	expect_open(1, 3, "f", O_WRONLY | O_CREAT | KERNEL_O_LARGEFILE, 07777);
	accept_as(open_with(O_RDWR | O_TMPFILE, 0600), 2);
	expect_open(1, 3, "f", O_RDWR | O_TMPFILE | KERNEL_O_LARGEFILE, 0600);
	accept_as(open_with(O_RDONLY | O_DIRECTORY, 0600), 2);
	expect_open(1, 3, "f", O_RDONLY | O_DIRECTORY | KERNEL_O_LARGEFILE, 0);
}
END_TEST

START_TEST(open_keeps_only_what_o_path_keeps)
{
	accept_as(open_with(O_PATH | O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW, 0600), 2);
	expect_open(1, 3, "f", O_PATH | O_NOFOLLOW, 0);
	accept_as(open_with(O_PATH | O_DIRECTORY, 0), 2);
	expect_open(1, 3, "f", O_PATH | O_DIRECTORY, 0);
}
END_TEST

START_TEST(open_accepts_every_flag_of_open)
{
	static const int flags[] = {
		O_APPEND, O_NOCTTY, O_NONBLOCK, O_DSYNC,   O_SYNC,    O_ASYNC,
		O_DIRECT, O_EXCL,   O_NOFOLLOW, O_NOATIME, O_ACCMODE, KERNEL_O_LARGEFILE,
	};

	accept_as(open_with(flags[_i], 0), 2);
	expect_open(1, 3, "f", flags[_i] | KERNEL_O_LARGEFILE, 0);
}
END_TEST

START_TEST(open_refuses_what_differs)
{
	refuse(open_with(O_RDONLY | O_CLOEXEC, 0));
	refuse(open_with(O_RDONLY | (1 << 30), 0));
	refuse((struct action){.kind = ACTION_OPEN, .fd = LIMIT, .newfd = -1, .path = "f"});
	refuse((struct action){.kind = ACTION_OPEN, .fd = -1, .newfd = -1, .path = "f"});
}
END_TEST

START_TEST(open_refuses_what_shows_when_done_twice)
{
	refuse(open_with(O_WRONLY | O_CREAT | O_EXCL, 0666));
	refuse(open_with(O_WRONLY | O_CREAT, 0444));
	refuse(open_with(O_WRONLY | O_CREAT, 0));
	quiet = false;
	refuse(open_with(O_RDONLY, 0));
	accept_as(open_with(O_PATH, 0), 2);
}
END_TEST

START_TEST(a_path_is_looked_at_once)
{
	struct action in[4];
	char same[] = "f";

	for (size_t i = 0; i < 4; i++)
		in[i] = open_with(O_RDONLY, 0);
	in[1].path = same;
	ck_assert_int_eq(run(in, 3), REASON_NONE);
	ck_assert_int_eq(times_asked, 1);
	in[2].path = "other";
	ck_assert_int_eq(run(in, 4), REASON_NONE);
	ck_assert_int_eq(times_asked, 4);
	quiet = false;
	ck_assert_int_eq(run(in, 2), REASON_FILE_ACTIONS);
}
END_TEST

START_TEST(chdir_opens_and_goes)
{
	accept_as((struct action){.kind = ACTION_CHDIR, .fd = -1, .newfd = -1, .path = "dir"}, 3);
	expect_open(0, LIMIT - 1, "dir", O_PATH | O_DIRECTORY, 0);
	expect(1, SPAWN_TEMPLATE_ACTION_FCHDIR, LIMIT - 1, 0);
	expect(2, SPAWN_TEMPLATE_ACTION_CLOSE, LIMIT - 1, 0);
}
END_TEST

START_TEST(fchdir_is_fchdir)
{
	accept_as((struct action){.kind = ACTION_FCHDIR, .fd = 4, .newfd = -1}, 1);
	expect(0, SPAWN_TEMPLATE_ACTION_FCHDIR, 4, 0);
	refuse((struct action){.kind = ACTION_FCHDIR, .fd = -1, .newfd = -1});
	refuse((struct action){.kind = ACTION_FCHDIR, .fd = LIMIT, .newfd = -1});
}
END_TEST

START_TEST(closefrom_is_a_range_to_the_end)
{
	accept_as((struct action){.kind = ACTION_CLOSEFROM, .fd = 3, .newfd = -1}, 1);
	expect(0, SPAWN_TEMPLATE_ACTION_CLOSE_RANGE, 3, -1);
	accept_as((struct action){.kind = ACTION_CLOSEFROM, .fd = LIMIT + 5, .newfd = -1}, 1);
	refuse((struct action){.kind = ACTION_CLOSEFROM, .fd = -1, .newfd = -1});
}
END_TEST

START_TEST(tcsetpgrp_is_refused)
{
	refuse((struct action){.kind = ACTION_TCSETPGRP, .fd = 0, .newfd = -1});
	refuse((struct action){.kind = (enum action_kind)77, .fd = 0, .newfd = -1});
}
END_TEST

START_TEST(a_relative_path_after_a_change_of_directory_cannot_be_looked_at)
{
	struct action in[2] = {
		{.kind = _i ? ACTION_FCHDIR : ACTION_CHDIR, .fd = 3, .newfd = -1, .path = "/"},
		open_with(O_RDONLY, 0),
	};

	ck_assert_int_eq(run(in, 2), REASON_FILE_ACTIONS);
	ck_assert_ptr_null(asked);
	in[1].path = "/dev/null";
	ck_assert_int_eq(run(in, 2), REASON_NONE);
	in[1].path = "f";
	in[1].oflag = O_PATH;
	ck_assert_int_eq(run(in, 2), REASON_NONE);
}
END_TEST

/*
 * Spares.
 */

static void expect_spare(const struct action *in, size_t n, int spare)
{
	bool found = false;

	ck_assert_int_eq(run(in, n), REASON_NONE);
	for (size_t i = 0; i < out.count; i++)
		if (out.actions[i].type == SPAWN_TEMPLATE_ACTION_CLOSE) {
			ck_assert_int_eq(out.actions[i].fd, spare);
			found = true;
		}
	ck_assert(found);
}

START_TEST(a_spare_is_not_open_in_the_caller)
{
	const struct action in = {.kind = ACTION_CHDIR, .fd = -1, .newfd = -1, .path = "/"};

	open_from = 900;
	open_to = LIMIT - 1;
	expect_spare(&in, 1, 899);
	open_from = 0;
	ck_assert_int_eq(run(&in, 1), REASON_FILE_ACTIONS);
}
END_TEST

START_TEST(a_spare_is_named_by_no_action)
{
	const struct action in[] = {
		{.kind = ACTION_DUP2, .fd = 1, .newfd = LIMIT - 1},
		{.kind = ACTION_CLOSE, .fd = LIMIT - 2, .newfd = -1},
		{.kind = ACTION_CHDIR, .fd = -1, .newfd = -1, .path = "/"},
		{.kind = ACTION_OPEN, .fd = LIMIT - 4, .newfd = -1, .path = "/dev/null"},
		{.kind = ACTION_DUP2, .fd = LIMIT - 3, .newfd = 3},
	};

	expect_spare(in, 5, LIMIT - 5);
}
END_TEST

START_TEST(a_spare_is_below_the_limit_and_never_high)
{
	const struct action in = {.kind = ACTION_CHDIR, .fd = -1, .newfd = -1, .path = "/"};

	context.descriptor_limit = 10;
	expect_spare(&in, 1, 9);
	context.descriptor_limit = 1 << 20;
	expect_spare(&in, 1, 1023);
	context.descriptor_limit = 3;
	ck_assert_int_eq(run(&in, 1), REASON_FILE_ACTIONS);
	context.descriptor_limit = 0;
	ck_assert_int_eq(run(&in, 1), REASON_FILE_ACTIONS);
}
END_TEST

/*
 * Attributes.
 */

START_TEST(unknown_attributes_are_refused)
{
	static const int flags[] = {
		POSIX_SPAWN_RESETIDS,
		POSIX_SPAWN_SETPGROUP,
		POSIX_SPAWN_SETSCHEDPARAM,
		POSIX_SPAWN_SETSID,
		POSIX_SPAWN_SETSCHEDULER,
		0x100 /* POSIX_SPAWN_SETCGROUP */,
		0x200,
		0x4000,
		-0x8000,
	};

	attr.flags = (short)flags[_i];
	ck_assert_int_eq(run(NULL, 0), REASON_ATTRIBUTES);
	attr.flags |= POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	ck_assert_int_eq(run(NULL, 0), REASON_ATTRIBUTES);
}
END_TEST

START_TEST(resetids_is_done_where_nothing_is_to_be_done)
{
	context.ids_are_reset = true;
	attr.flags = POSIX_SPAWN_RESETIDS;
	ck_assert_int_eq(run(NULL, 0), REASON_NONE);
	ck_assert_uint_eq(out.count, 1);
	attr.flags = POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETSID;
	ck_assert_int_eq(run(NULL, 0), REASON_ATTRIBUTES);
}
END_TEST

START_TEST(usevfork_means_nothing)
{
	attr.flags = POSIX_SPAWN_USEVFORK;
	ck_assert_int_eq(run(NULL, 0), REASON_NONE);
	ck_assert_uint_eq(out.count, 1);
}
END_TEST

START_TEST(signals_come_first_and_last)
{
	const struct action in = {.kind = ACTION_CLOSE, .fd = 5, .newfd = -1};

	attr.flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigaddset(&attr.sigmask, SIGUSR2);
	sigaddset(&attr.sigdefault, SIGPIPE);
	sigaddset(&attr.sigdefault, SIGRTMAX);
	ck_assert_int_eq(run(&in, 1), REASON_NONE);
	ck_assert_uint_eq(out.count, 3);
	expect_set(0, SPAWN_TEMPLATE_ACTION_SIGDEFAULT, 1ULL << (SIGPIPE - 1) | 1ULL << 63);
	expect(1, SPAWN_TEMPLATE_ACTION_CLOSE_RANGE, 5, 5);
	expect_set(2, SPAWN_TEMPLATE_ACTION_SIGMASK, 1ULL << (SIGUSR2 - 1));
}
END_TEST

START_TEST(sets_without_their_flag_mean_nothing)
{
	sigaddset(&attr.sigmask, SIGUSR2);
	sigaddset(&attr.sigdefault, SIGPIPE);
	ck_assert_int_eq(run(NULL, 0), REASON_NONE);
	ck_assert_uint_eq(out.count, 1);
	expect_set(0, SPAWN_TEMPLATE_ACTION_SIGMASK, CALLER_MASK);
}
END_TEST

START_TEST(an_empty_mask_is_a_mask_and_an_empty_set_of_defaults_nothing)
{
	attr.flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	ck_assert_int_eq(run(NULL, 0), REASON_NONE);
	ck_assert_uint_eq(out.count, 1);
	expect_set(0, SPAWN_TEMPLATE_ACTION_SIGMASK, 0);
}
END_TEST

START_TEST(signals_of_libc_are_never_masked)
{
	context.caller_sigmask = ~0ULL;
	ck_assert_int_eq(run(NULL, 0), REASON_NONE);
	expect_set(0, SPAWN_TEMPLATE_ACTION_SIGMASK, ~(3ULL << 31));
}
END_TEST

/*
 * Sizes.
 */

START_TEST(the_most_actions_fit)
{
	struct action in[ACTIONS_MAX + 1];

	for (size_t i = 0; i < ACTIONS_MAX + 1; i++)
		in[i] = (struct action){.kind = ACTION_CHDIR, .fd = -1, .newfd = -1, .path = "/"};
	attr.flags = POSIX_SPAWN_SETSIGDEF;
	sigaddset(&attr.sigdefault, SIGPIPE);
	ck_assert_int_eq(run(in, ACTIONS_MAX), REASON_NONE);
	ck_assert_uint_eq(out.count, TRANSLATED_MAX);
	ck_assert_int_eq(run(in, ACTIONS_MAX + 1), REASON_FILE_ACTIONS);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("translate");
	TCase *t = tcase_create("literal");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, nothing_still_gives_the_mask_back);
	tcase_add_test(t, close_is_a_range_of_one);
	tcase_add_test(t, dup2_is_dup2);
	tcase_add_test(t, dup2_to_itself_goes_there_and_back);
	tcase_add_test(t, open_closes_first);
	tcase_add_test(t, open_takes_the_mode_only_to_create);
	tcase_add_test(t, open_keeps_only_what_o_path_keeps);
	tcase_add_loop_test(t, open_accepts_every_flag_of_open, 0, 12);
	tcase_add_test(t, open_refuses_what_differs);
	tcase_add_test(t, open_refuses_what_shows_when_done_twice);
	tcase_add_test(t, a_path_is_looked_at_once);
	tcase_add_test(t, chdir_opens_and_goes);
	tcase_add_test(t, fchdir_is_fchdir);
	tcase_add_test(t, closefrom_is_a_range_to_the_end);
	tcase_add_test(t, tcsetpgrp_is_refused);
	tcase_add_loop_test(t, a_relative_path_after_a_change_of_directory_cannot_be_looked_at, 0,
			    2);
	tcase_add_test(t, a_spare_is_not_open_in_the_caller);
	tcase_add_test(t, a_spare_is_named_by_no_action);
	tcase_add_test(t, a_spare_is_below_the_limit_and_never_high);
	tcase_add_loop_test(t, unknown_attributes_are_refused, 0, 9);
	tcase_add_test(t, resetids_is_done_where_nothing_is_to_be_done);
	tcase_add_test(t, usevfork_means_nothing);
	tcase_add_test(t, signals_come_first_and_last);
	tcase_add_test(t, sets_without_their_flag_mean_nothing);
	tcase_add_test(t, an_empty_mask_is_a_mask_and_an_empty_set_of_defaults_nothing);
	tcase_add_test(t, signals_of_libc_are_never_masked);
	tcase_add_test(t, the_most_actions_fit);
	suite_add_tcase(s, t);
	return scratch_run(s);
}
