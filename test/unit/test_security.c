#include "service/security.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scratch.h"
#include "service/apparmor.h"

static const struct {
	const char *pattern;
	const char *path;
	bool matches;
} cases[] = {
	{"/usr/bin/man", "/usr/bin/man", true},
	{"/usr/bin/man", "/usr/bin/mandb", false},
	{"/usr/bin/mandb", "/usr/bin/man", false},
	{"/usr/bin/*", "/usr/bin/man", true},
	{"/usr/bin/*", "/usr/bin/x/man", false},
	{"/usr/*/man", "/usr/bin/man", true},
	{"/usr/**", "/usr/bin/x/man", true},
	{"/usr/**/man", "/usr/bin/x/man", true},
	{"/usr/**/man", "/usr/bin/x/mandb", false},
	{"/usr/bin/m?n", "/usr/bin/man", true},
	{"/usr/bin?man", "/usr/bin/man", false},
	{"/usr/bin/[lm]an", "/usr/bin/man", true},
	{"/usr/bin/[a-l]an", "/usr/bin/man", false},
	{"/usr/bin/[^a-l]an", "/usr/bin/man", true},
	{"/usr/bin/[^m]an", "/usr/bin/man", false},
	{"/{,usr/}bin/man", "/usr/bin/man", true},
	{"/{,usr/}bin/man", "/bin/man", true},
	{"/{,usr/}bin/man", "/sbin/man", false},
	{"/usr/bin/{man,{ap,wh}ropos}", "/usr/bin/apropos", true},
	{"/usr/bin/{man,{ap,wh}ropos}", "/usr/bin/whropos", true},
	{"/usr/bin/{man,{ap,wh}ropos}", "/usr/bin/ropos", false},
	{"/usr/{s,}bin/*d", "/usr/sbin/cupsd", true},
	{"@{bin}/man", "/usr/bin/man", true},
	{"@{bin}/man", "/usr/bin/woman", false},
	{"/usr/bin/a\\*b", "/usr/bin/a*b", true},
	{"/usr/bin/a\\*b", "/usr/bin/axb", false},
	/* Not well-formed: better no image than a wrong one. */
	{"/usr/bin/{man", "/usr/bin/man", true},
	{"", "/usr/bin/man", false},
};

START_TEST(pattern)
{
	bool matches = apparmor_matches(cases[_i].pattern, cases[_i].path);

	ck_assert_msg(matches == cases[_i].matches, "%s, %s: %d", cases[_i].pattern, cases[_i].path,
		      matches);
}
END_TEST

/* A file of the system below the test's directory, which stands for the root. */
static void put(const char *path, const char *text)
{
	char full[4096];

	snprintf(full, sizeof full, "%s/%s", scratch_path("root"), path);
	for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	scratch_file(full, text, strlen(text), 0600);
}

static const char *refusal(const char *path)
{
	return security_refusal(scratch_path("root"), path);
}

#define PROGRAM "/bin/cat" /* /usr/bin/cat where /bin is a link */

/* Its path without links. */
static const char *real_program(void)
{
	static char path[4096];

	ck_assert_ptr_nonnull(realpath(PROGRAM, path));
	return path;
}

static void enable_apparmor(void)
{
	put("sys/module/apparmor/parameters/enabled", "Y\n");
}

START_TEST(nothing_there)
{
	ck_assert_ptr_null(refusal(PROGRAM));
}
END_TEST

START_TEST(selinux)
{
	put("sys/fs/selinux/enforce", "0");
	ck_assert_ptr_null(refusal(PROGRAM));
	put("sys/fs/selinux/enforce", "1");
	ck_assert_ptr_nonnull(strstr(refusal(PROGRAM), "SELinux"));
}
END_TEST

/* What is nowhere is not refused, nor is it started. */
START_TEST(nowhere)
{
	char root[8192];

	enable_apparmor();
	put("sys/kernel/security/apparmor/profiles", "/no/such/program (enforce)\n");
	ck_assert_ptr_null(refusal("/no/such/program"));
	memset(root, 'x', sizeof root);
	root[sizeof root - 1] = '\0';
	ck_assert(!security_selinux_enforces(root));
}
END_TEST

START_TEST(named_by_the_kernel)
{
	char line[4200];

	enable_apparmor();
	put("sys/kernel/security/apparmor/profiles", "/no/such/program (enforce)\nfirefox (x)\n");
	ck_assert_ptr_null(refusal(PROGRAM));
	snprintf(line, sizeof line, "firefox (enforce)\n%s (complain)\n", real_program());
	put("sys/kernel/security/apparmor/profiles", line);
	ck_assert_ptr_nonnull(strstr(refusal(PROGRAM), "AppArmor"));
	ck_assert_ptr_null(refusal("/bin/true"));
	put("sys/module/apparmor/parameters/enabled", "N\n");
	ck_assert_ptr_null(refusal(PROGRAM));
}
END_TEST

START_TEST(attached_in_the_kernel)
{
	enable_apparmor();
	put("sys/kernel/security/apparmor/profiles", "cat (enforce)\n");
	put("sys/kernel/security/apparmor/policy/profiles/other.1/attach", "<unknown>\n");
	ck_assert_ptr_null(refusal(PROGRAM));
	put("sys/kernel/security/apparmor/policy/profiles/cat.2/attach", "/{usr/,}bin/cat\n");
	ck_assert_ptr_nonnull(strstr(refusal(PROGRAM), "AppArmor"));
	ck_assert_ptr_null(refusal("/bin/true"));
}
END_TEST

/* Where the kernel's lists may not be read. */
START_TEST(in_the_sources)
{
	enable_apparmor();
	put("etc/apparmor.d/dogs",
	    "# /{usr/,}bin/cat {\nprofile dog /usr/bin/dog {\n  /{usr/,}bin/cat ix,\n}\n");
	ck_assert_ptr_null(refusal(PROGRAM));
	put("etc/apparmor.d/cats", "include <x>\nprofile cat @{bin}/cat flags=(complain) {\n}\n");
	ck_assert_ptr_nonnull(strstr(refusal(PROGRAM), "AppArmor"));
	ck_assert_ptr_null(refusal("/bin/true"));
	put("etc/apparmor.d/cats", "\"/{,usr/}bin/{cat,true}\" {\n}\n");
	ck_assert_ptr_nonnull(refusal(PROGRAM));
	ck_assert_ptr_nonnull(refusal("/bin/true"));
	/* The kernel's answer comes first. */
	put("sys/kernel/security/apparmor/profiles", "");
	ck_assert_ptr_null(refusal(PROGRAM));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("security");
	TCase *tcase = scratch_case(suite, "security", 10);

	tcase_add_loop_test(tcase, pattern, 0, sizeof cases / sizeof cases[0]);
	tcase_add_test(tcase, nothing_there);
	tcase_add_test(tcase, selinux);
	tcase_add_test(tcase, nowhere);
	tcase_add_test(tcase, named_by_the_kernel);
	tcase_add_test(tcase, attached_in_the_kernel);
	tcase_add_test(tcase, in_the_sources);
	return scratch_run(suite);
}
