/* Template descriptors: who gets one, what becomes of it. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_fixture.h"
#include "shim/template/kernel_parts.h"

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* The start is refused for good: the next one does not ask anything. */
static void expect_verdict(enum reason reason)
{
	unsigned calls;

	ck_assert_int_eq(start("--exit", "0"), reason);
	ck_assert(changed);
	ck_assert_uint_eq(entry.template_verdict, reason);
	ck_assert_int_eq(entry.template_fd, -1);
	calls = kernel_stub.create_calls;
	ck_assert_int_eq(start("--exit", "0"), reason);
	ck_assert(!changed);
	ck_assert_uint_eq(kernel_stub.create_calls, calls);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 0);
}

static void change_mode(mode_t mode)
{
	fixture_modify_begin();
	ck_assert_int_eq(chmod(program, mode), 0);
	fixture_modify_end();
	entry = fixture_entry(program);
}

START_TEST(a_file_that_others_may_write_is_not_pinned)
{
	static const mode_t modes[] = {0775, 0757, 0777};

	NEEDS_PROGRAM();
	change_mode(modes[_i]);
	expect_verdict(REASON_WRITABLE);
}
END_TEST

START_TEST(a_file_of_this_user_is_not_pinned)
{
	NEEDS_PROGRAM();
	if (geteuid() == 0) {
		/* Root's, but not where the system is. */
		snprintf(program, PATH_MAX, "/tmp/spawn-template-unit-tool-XXXXXX");
		close(mkstemp(program));
		chmod(program, 0755);
	} else {
		scratch_file(fixture_scratch("own"), ELFMAG, SELFMAG, 0555);
		snprintf(program, PATH_MAX, "%s", fixture_scratch("own"));
	}
	entry = fixture_entry(program);
	entry.kind = EXE_GLIBC;
	expect_verdict(REASON_WRITABLE);
	unlink(program);
}
END_TEST

/* Which its user owns, too. */
START_TEST(an_image_is_pinned)
{
	const struct kernel_start image = {.path = program, .entry = &entry, .is_image = true};

	NEEDS_PROGRAM();
	change_mode(0777);
	ck_assert_int_eq(kernel_template_get(&engine, &image, getpid(), &changed), REASON_NONE);
	ck_assert(changed);
	ck_assert(is_open(entry.template_fd));
	ck_assert_uint_eq(entry.template_verdict, 0);
	kernel_engine_drop(&entry);
	ck_assert(!is_open(entry.template_fd));
}
END_TEST

START_TEST(a_setid_program_is_not_pinned)
{
	NEEDS_PROGRAM();
	change_mode(_i ? 04755 : 02755);
	expect_verdict(REASON_SETID);
}
END_TEST

START_TEST(other_kinds_have_no_template)
{
	static const struct {
		enum exe_kind kind;
		enum reason reason;
	} kinds[] = {
		{EXE_SCRIPT, REASON_SCRIPT},   {EXE_OTHER, REASON_NOT_ELF},
		{EXE_ELF32, REASON_ELF32},     {EXE_FOREIGN_ARCH, REASON_FOREIGN_ARCH},
		{EXE_KINDS, REASON_NO_ENGINE},
	};

	NEEDS_PROGRAM();
	entry.kind = (uint16_t)kinds[_i].kind;
	expect_verdict(kinds[_i].reason);
}
END_TEST

START_TEST(every_elf_of_this_machine_may_have_one)
{
	static const enum exe_kind kinds[] = {
		EXE_GLIBC, EXE_STATIC, EXE_FOREIGN_LIBC, EXE_SANITIZER, EXE_UNREADABLE,
	};

	NEEDS_PROGRAM();
	entry.kind = (uint16_t)kinds[_i];
	expect_start();
}
END_TEST

START_TEST(a_program_that_cannot_be_read_may_have_one)
{
	NEEDS_PROGRAM();
	change_mode(0711);
	expect_start();
}
END_TEST

/* As root in earnest, where everything is writable: by place. */
START_TEST(root_pins_what_belongs_to_the_system)
{
	char link[] = "/tmp/spawn-template-unit-link-XXXXXX";

	if (geteuid() != 0) {
		fprintf(stderr, "not run: not root\n");
		return;
	}
	choose_program(_i ? "/usr/bin/../bin/true" : "/bin/true");
	expect_start();
	kernel_engine_drop(&entry);

	close(mkstemp(link));
	unlink(link);
	ck_assert_int_eq(symlink("/bin/true", link), 0);
	choose_program(link);
	ck_assert_int_eq(start("--exit", "0"), REASON_NONE);
	expect_exit(0);
	unlink(link);
}
END_TEST

START_TEST(root_pins_nothing_that_only_looks_like_it)
{
	char path[PATH_MAX];

	if (geteuid() != 0) {
		fprintf(stderr, "not run: not root\n");
		return;
	}
	snprintf(program, PATH_MAX, "/tmp/spawn-template-unit-tool-XXXXXX");
	close(mkstemp(program));
	chmod(program, 0755);
	snprintf(path, sizeof path, "/usr/..%s", program);
	choose_program(path);
	entry.kind = EXE_GLIBC;
	expect_verdict(REASON_WRITABLE);
	unlink(path);
}
END_TEST

/* In a mount namespace of this test's own. */
START_TEST(root_does_not_pin_what_is_local)
{
	static const struct {
		const char *directory;
		enum reason reason;
	} places[] = {{"/usr/local", REASON_WRITABLE}, {"/usr/share", REASON_NONE}};

	if (geteuid() != 0 || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", places[_i].directory, "tmpfs", 0, "mode=0755")) {
		fprintf(stderr, "not run: not root, or cannot mount\n");
		return;
	}
	snprintf(program, PATH_MAX, "%s/tool", places[_i].directory);
	scratch_file(program, "x", 1, 0755);
	choose_program(program);
	ck_assert_int_eq(kernel_file_verdict(program, EXE_GLIBC, &entry.id), places[_i].reason);
	ck_assert_int_eq(chown(program, 1, 0), 0);
	choose_program(program);
	ck_assert_int_eq(kernel_file_verdict(program, EXE_GLIBC, &entry.id), REASON_WRITABLE);
}
END_TEST

/* In /usr, which has /bin/true as well. */
static int start_without_proc(void)
{
	if (chroot("/usr"))
		return 1;
	entry = fixture_entry(program);
	return start("--exit", "0") == REASON_REFUSED && !entry.template_verdict &&
			       kernel_stub.create_calls == 2
		       ? 42
		       : 2;
}

START_TEST(without_proc_no_template_is_made)
{
	pid_t pid;

	if (geteuid() != 0) {
		fprintf(stderr, "not run: not root\n");
		return;
	}
	choose_program("/bin/true");
	ck_assert(kernel_engine_available(&engine));
	pid = fork();
	if (pid == 0)
		_exit(start_without_proc());
	ck_assert(fixture_exited(pid, 42));
}
END_TEST

/*
 * The file changes.
 */

static void replace(void)
{
	fixture_replace("tool");
}

static void touch(void)
{
	fixture_modify_begin();
	ck_assert_int_eq(utimensat(AT_FDCWD, program, NULL, 0), 0);
	fixture_modify_end();
}

static void change_and_change_back(void)
{
	fixture_modify_begin();
	ck_assert_int_eq(chmod(program, 0555), 0);
	ck_assert_int_eq(chmod(program, 0755), 0);
	fixture_modify_end();
}

static void make_longer(void)
{
	int fd;

	fixture_modify_begin();
	fd = open(program, O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
	fixture_modify_end();
}

static void take_away(void)
{
	fixture_modify_begin();
	ck_assert_int_eq(unlink(program), 0);
	fixture_modify_end();
}

static void (*const changes[])(void) = {replace, touch, change_and_change_back, make_longer,
					take_away};

/* Clocks of file systems are coarse: a change within one tick would go unseen by anybody. */
static void next_tick(void)
{
	usleep(20 * 1000);
}

START_TEST(a_changed_file_has_no_template_any_more)
{
	struct cached old;

	NEEDS_PROGRAM();
	expect_start();
	old = entry;
	next_tick();
	changes[_i]();
	ck_assert_int_eq(start("--exit", "0"), REASON_STALE);
	ck_assert(changed);
	ck_assert_int_eq(entry.template_fd, -1);
	ck_assert(!is_open(old.template_fd));
	expect_no_child();
	if (changes[_i] == take_away)
		return;
	entry = fixture_entry(program);
	ck_assert(!identity_equal(&entry.id, &old.id));
	expect_start();
	ck_assert_int_gt(entry.template_fd, old.template_fd);
}
END_TEST

START_TEST(a_change_just_before_the_start_is_seen)
{
	NEEDS_PROGRAM();
	next_tick();
	kernel_stub.before_spawn = changes[_i];
	ck_assert_int_eq(start("--exit", "0"), REASON_STALE);
	ck_assert_int_eq(entry.template_fd, -1);
	expect_no_child();
}
END_TEST

START_TEST(a_change_before_the_template_is_made_is_seen)
{
	unsigned descriptors = scratch_descriptors();

	NEEDS_PROGRAM();
	next_tick();
	kernel_stub.before_create = changes[_i];
	ck_assert_int_eq(start("--exit", "0"), REASON_STALE);
	ck_assert_int_eq(entry.template_fd, -1);
	ck_assert_uint_eq(scratch_descriptors(), descriptors);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 0);
}
END_TEST

/*
 * The kernel says no.
 */

START_TEST(a_refused_call_keeps_the_template)
{
	static const int errors[] = {EINVAL, E2BIG, EAGAIN, ENOMEM, EMFILE, EPERM, ENOSYS};
	int fd;

	NEEDS_PROGRAM();
	expect_start();
	fd = entry.template_fd;
	kernel_stub.spawn_error = errors[_i];
	ck_assert_int_eq(start("--exit", "0"), REASON_REFUSED);
	ck_assert(!changed);
	ck_assert_int_eq(entry.template_fd, fd);
	ck_assert_uint_eq(kernel_stub.spawn_calls, 2);
	expect_no_child();
	expect_start();
}
END_TEST

START_TEST(a_refused_template_may_be_had_later)
{
	static const struct {
		int err;
		enum reason reason;
	} errors[] = {
		{ETXTBSY, REASON_REFUSED},         {EACCES, REASON_REFUSED},
		{ENOMEM, REASON_REFUSED},          {EMFILE, REASON_DESCRIPTOR_LIMIT},
		{ENFILE, REASON_DESCRIPTOR_LIMIT}, {ENOENT, REASON_STALE},
	};

	NEEDS_PROGRAM();
	kernel_stub.create_error = errors[_i].err;
	ck_assert_int_eq(start("--exit", "0"), errors[_i].reason);
	ck_assert(!changed);
	ck_assert_uint_eq(entry.template_verdict, 0);
	expect_start();
}
END_TEST

START_TEST(what_the_kernel_does_not_take_for_elf_is_remembered)
{
	NEEDS_PROGRAM();
	kernel_stub.create_error = ENOEXEC;
	expect_verdict(REASON_NOT_ELF);
}
END_TEST

int main(int argc, char *argv[])
{
	Suite *s;
	TCase *root;
	TCase *t;
	int status;

	if (fixture_is_helper(argc, argv, &status))
		return status;
	s = suite_create("kernel_template");
	root = tcase_create("root");
	tcase_add_checked_fixture(root, kernel_fixture_setup, NULL);
	tcase_add_loop_test(root, root_pins_what_belongs_to_the_system, 0, 2);
	tcase_add_test(root, root_pins_nothing_that_only_looks_like_it);
	tcase_add_loop_test(root, root_does_not_pin_what_is_local, 0, 2);
	tcase_add_test(root, without_proc_no_template_is_made);
	suite_add_tcase(s, root);

	t = fixture_case(s, "templates", 60);
	tcase_add_checked_fixture(t, kernel_fixture_setup, NULL);
	tcase_add_loop_test(t, a_file_that_others_may_write_is_not_pinned, 0, 3);
	tcase_add_test(t, a_file_of_this_user_is_not_pinned);
	tcase_add_test(t, an_image_is_pinned);
	tcase_add_loop_test(t, a_setid_program_is_not_pinned, 0, 2);
	tcase_add_loop_test(t, other_kinds_have_no_template, 0, 5);
	tcase_add_loop_test(t, every_elf_of_this_machine_may_have_one, 0, 5);
	tcase_add_test(t, a_program_that_cannot_be_read_may_have_one);
	tcase_add_loop_test(t, a_changed_file_has_no_template_any_more, 0, 5);
	tcase_add_loop_test(t, a_change_just_before_the_start_is_seen, 0, 5);
	tcase_add_loop_test(t, a_change_before_the_template_is_made_is_seen, 0, 5);
	tcase_add_loop_test(t, a_refused_call_keeps_the_template, 0, 7);
	tcase_add_loop_test(t, a_refused_template_may_be_had_later, 0, 6);
	tcase_add_test(t, what_the_kernel_does_not_take_for_elf_is_remembered);
	return scratch_run(s);
}
