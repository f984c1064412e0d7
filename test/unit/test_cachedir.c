#include "elfcache/cachedir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"

static const char *const variables[] = {"XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "HOME"};
static const char *const behind[] = {"/spawn-template", "/spawn-template",
				     "/.cache/spawn-template"};

enum value { UNSET, EMPTY, RELATIVE, ABSOLUTE, ROOT, TOO_LONG, VALUES };

/* "NAME=value" for a kind of value; null for none. */
static char *setting(const char *name, enum value value)
{
	static const char *const texts[VALUES] = {
		[EMPTY] = "", [RELATIVE] = "run/user", [ABSOLUTE] = "/run/user/1", [ROOT] = "/"};
	char *text = NULL;

	if (value == UNSET)
		return NULL;
	if (value == TOO_LONG) {
		text = malloc(PATH_MAX + 100);
		ck_assert_ptr_nonnull(text);
		memset(text, 'x', PATH_MAX + 99);
		text[PATH_MAX + 99] = '\0';
		/* The NUL that snprintf() writes is where the value begins. */
		snprintf(text, PATH_MAX, "%s=", name);
		text[strlen(name) + 1] = '/';
		return text;
	}
	ck_assert_int_gt(asprintf(&text, "%s=%s", name, texts[value]), 0);
	return text;
}

static void check_candidate(unsigned n, char *const envp[], enum value value)
{
	char expected[64];
	char buf[256];
	int len = cachedir_candidate(n, envp, 7, buf, sizeof buf);

	switch (value) {
	case ABSOLUTE:
	case ROOT:
		snprintf(expected, sizeof expected, "%s%s", value == ROOT ? "/" : "/run/user/1",
			 behind[n]);
		ck_assert_int_eq(len, (int)strlen(expected));
		ck_assert_str_eq(buf, expected);
		break;
	case TOO_LONG:
		ck_assert_int_eq(len, -ENAMETOOLONG);
		break;
	case UNSET:
	case EMPTY:
	case RELATIVE:
	case VALUES:
		ck_assert_int_eq(len, -ENOENT);
		break;
	}
}

/* Every value of every variable with every value of the others: none disturbs another. */
START_TEST(candidates_of_all_combinations)
{
	for (unsigned i = 0; i < VALUES * VALUES * VALUES; i++) {
		const enum value values[3] = {i % VALUES, i / VALUES % VALUES, i / VALUES / VALUES};
		char *envp[8] = {strdup("A=b")};
		size_t count = 1;

		for (size_t v = 0; v < 3; v++) {
			envp[count] = setting(variables[v], values[v]);
			count += envp[count] != NULL;
		}
		envp[count++] = strdup("XDG_RUNTIME_DIR=/second/one/does/not/count");
		if (values[0] == UNSET) {
			free(envp[--count]);
			envp[count] = NULL;
		}
		for (unsigned n = 0; n < 3; n++)
			check_candidate(n, envp, values[n]);
		while (count)
			free(envp[--count]);
	}
}
END_TEST

START_TEST(the_last_candidate_has_the_user_id_in_its_name)
{
	static const struct {
		uid_t uid;
		const char *path;
	} cases[] = {
		{0, "/var/tmp/spawn-template-0"},
		{9, "/var/tmp/spawn-template-9"},
		{1000, "/var/tmp/spawn-template-1000"},
		{4294967294, "/var/tmp/spawn-template-4294967294"},
		{4294967295, "/var/tmp/spawn-template-4294967295"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char buf[64];

		ck_assert_int_eq(cachedir_candidate(3, NULL, cases[i].uid, buf, sizeof buf),
				 (int)strlen(cases[i].path));
		ck_assert_str_eq(buf, cases[i].path);
	}
}
END_TEST

START_TEST(there_are_four_candidates)
{
	char home[] = "HOME=/h";
	char *envp[] = {home, NULL};
	char buf[64];

	ck_assert_int_eq(CACHEDIR_CANDIDATES, 4);
	ck_assert_int_gt(cachedir_candidate(3, envp, 0, buf, sizeof buf), 0);
	ck_assert_int_eq(cachedir_candidate(4, envp, 0, buf, sizeof buf), -ENOENT);
	ck_assert_int_eq(cachedir_candidate(UINT_MAX, envp, 0, buf, sizeof buf), -ENOENT);
	for (unsigned n = 0; n < 3; n++)
		ck_assert_int_eq(cachedir_candidate(n, NULL, 0, buf, sizeof buf), -ENOENT);
}
END_TEST

/* Every size of buffer: nothing is written behind it, and it is enough exactly when it is. */
START_TEST(buffers_are_not_overrun)
{
	char home[] = "HOME=/home/somebody";
	char *envp[] = {home, NULL};

	for (unsigned n = 2; n < 4; n++) {
		char whole[128];
		int len = cachedir_candidate(n, envp, 4294967295, whole, sizeof whole);

		ck_assert_int_gt(len, 0);
		for (size_t size = 0; size < (size_t)len + 3; size++) {
			char buf[128];
			int got;

			memset(buf, '#', sizeof buf);
			got = cachedir_candidate(n, envp, 4294967295, buf, size);
			ck_assert_int_eq(got, size > (size_t)len ? len : -ENAMETOOLONG);
			if (got > 0)
				ck_assert_str_eq(buf, whole);
			for (size_t i = size; i < sizeof buf; i++)
				ck_assert_int_eq(buf[i], '#');
		}
	}
}
END_TEST

START_TEST(variables_are_found_by_their_whole_name)
{
	char longer[] = "XDG_CACHE_HOMEX=/trap";
	char shorter[] = "XDG_CACHE_HOM=/trap";
	char without[] = "XDG_CACHE_HOME";
	char other_case[] = "xdg_cache_home=/trap";
	char nothing[] = "";
	char inside[] = "A=XDG_CACHE_HOME=/trap";
	char real[] = "XDG_CACHE_HOME=/real=1";
	char second[] = "XDG_CACHE_HOME=/second";
	char *envp[] = {longer, shorter, without, other_case, nothing, inside, real, second, NULL};
	char *traps[] = {longer, shorter, without, other_case, nothing, inside, NULL};
	char *empty[] = {NULL};
	char buf[64];

	ck_assert_ptr_eq(cachedir_variable(envp, "XDG_CACHE_HOME="),
			 real + strlen("XDG_CACHE_HOME="));
	ck_assert_int_gt(cachedir_candidate(1, envp, 0, buf, sizeof buf), 0);
	ck_assert_str_eq(buf, "/real=1/spawn-template");
	ck_assert_ptr_null(cachedir_variable(traps, "XDG_CACHE_HOME="));
	ck_assert_int_eq(cachedir_candidate(1, traps, 0, buf, sizeof buf), -ENOENT);
	ck_assert_ptr_null(cachedir_variable(empty, "XDG_CACHE_HOME="));
	ck_assert_ptr_null(cachedir_variable(NULL, "XDG_CACHE_HOME="));
}
END_TEST

START_TEST(a_private_directory_is_opened)
{
	static const mode_t modes[] = {0700, 0755, 0711, 0500, 0744};
	unsigned before = scratch_descriptors();

	ck_assert_int_eq(mkdir("d", 0700), 0);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		int fd;

		ck_assert_int_eq(chmod("d", modes[i]), 0);
		fd = cachedir_open(scratch_path("d"), geteuid());
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		ck_assert_int_ne(fcntl(fd, F_GETFL) & O_PATH, 0);
		ck_assert_int_eq(close(fd), 0);
	}
	ck_assert_uint_eq(scratch_descriptors(), before);
}
END_TEST

static void refuse(const char *path, uid_t uid, int err)
{
	unsigned before = scratch_descriptors();

	errno = 4711;
	ck_assert_int_eq(cachedir_open(path, uid), -err);
	ck_assert_int_eq(errno, 4711);
	ck_assert_uint_eq(scratch_descriptors(), before);
}

START_TEST(a_directory_that_others_can_write_is_refused)
{
	static const mode_t modes[] = {0720, 0702, 0770, 0777, 01777, 02770};

	ck_assert_int_eq(mkdir("d", 0700), 0);
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		ck_assert_int_eq(chmod("d", modes[i]), 0);
		refuse(scratch_path("d"), geteuid(), EPERM);
	}
}
END_TEST

START_TEST(a_directory_of_another_owner_is_refused)
{
	ck_assert_int_eq(mkdir("d", 0700), 0);
	refuse(scratch_path("d"), geteuid() + 1, EPERM);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown("d", 12345, (gid_t)-1), 0);
	refuse(scratch_path("d"), 0, EPERM);
}
END_TEST

START_TEST(what_is_not_a_directory_is_refused)
{
	ck_assert_int_eq(mkdir("d", 0700), 0);
	ck_assert_int_eq(symlink("d", "link"), 0);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	scratch_file("file", "x", 1, 0600);
	refuse(scratch_path("link"), geteuid(), ENOTDIR);
	refuse(scratch_path("loop"), geteuid(), ENOTDIR);
	refuse(scratch_path("fifo"), geteuid(), ENOTDIR);
	refuse(scratch_path("file"), geteuid(), ENOTDIR);
	refuse(scratch_path("none"), geteuid(), ENOENT);
	refuse("", geteuid(), ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cachedir");
	TCase *where = scratch_case(suite, "where", 10);
	TCase *trust = scratch_case(suite, "trust", 10);

	tcase_add_test(where, candidates_of_all_combinations);
	tcase_add_test(where, the_last_candidate_has_the_user_id_in_its_name);
	tcase_add_test(where, there_are_four_candidates);
	tcase_add_test(where, buffers_are_not_overrun);
	tcase_add_test(where, variables_are_found_by_their_whole_name);
	tcase_add_test(trust, a_private_directory_is_opened);
	tcase_add_test(trust, a_directory_that_others_can_write_is_refused);
	tcase_add_test(trust, a_directory_of_another_owner_is_refused);
	tcase_add_test(trust, what_is_not_a_directory_is_refused);
	return scratch_run(suite);
}
