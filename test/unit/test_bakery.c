/*
 * What is baked for whom.
 */
#include "service/bakery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_help.h"
#include "scratch.h"

enum { STRANGER = 65534 };

static char *environment[] = {"PATH=/usr/bin:/bin", NULL};

/* A program of ours in the test's directory, or in one there. */
static const char *make_program(const char *name)
{
	const char *path = scratch_path(name);

	image_copy_file("/bin/true", path);
	ck_assert_int_eq(chmod(path, 0755), 0);
	return path;
}

static struct identity identity_now(const char *path)
{
	struct identity id;

	ck_assert_int_eq(identity_of(AT_FDCWD, path, 0, &id), 0);
	return id;
}

/* The error with which it is refused, and what the sentence must have in it. */
static void expect(const char *path, const struct identity *id, int err, const char *sentence)
{
	struct bakery_result result;

	bakery_try(id, path, environment, &result);
	ck_assert_msg(result.err == err && strstr(result.why, sentence), "%d: %s", result.err,
		      result.why);
}

START_TEST(ours)
{
	const char *path = make_program("program");
	struct identity id = identity_now(path);

	expect(path, &id, 0, "");
}
END_TEST

START_TEST(replaced)
{
	const char *path = make_program("program");
	struct identity id = identity_now(path);

	id.ino++;
	expect(path, &id, -ESTALE, "it has changed");
	id = identity_now(path);
	ck_assert_int_eq(unlink(path), 0);
	expect(path, &id, -ENOENT, "");
}
END_TEST

/* Also if the index has it that the program is root's. */
START_TEST(strangers)
{
	const char *path = make_program("program");
	struct identity id;

	if (geteuid())
		return;
	ck_assert_int_eq(chown(path, STRANGER, STRANGER), 0);
	id = identity_now(path);
	expect(path, &id, -ENOTSUP, "belongs to another user");
	id.uid = 0;
	expect(path, &id, -ESTALE, "it has changed");
}
END_TEST

/* Where another user may put a program of theirs in its place. */
START_TEST(in_strangers_directory)
{
	const char *script = scratch_path("script");
	const char *path;
	struct identity id;
	char text[4200];

	if (geteuid())
		return;
	ck_assert_int_eq(mkdir(scratch_path("theirs"), 0755), 0);
	ck_assert_int_eq(chown(scratch_path("theirs"), STRANGER, STRANGER), 0);
	path = make_program("theirs/program");
	id = identity_now(path);
	expect(path, &id, -ENOTSUP, "belongs to somebody else");

	snprintf(text, sizeof text, "#!%s\n", path);
	scratch_file(script, text, strlen(text), 0755);
	id = identity_now(script);
	expect(script, &id, -ENOTSUP, "belongs to somebody else");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bakery");
	TCase *tc = scratch_case(suite, "bakery", 60);

	tcase_add_test(tc, ours);
	tcase_add_test(tc, replaced);
	tcase_add_test(tc, strangers);
	tcase_add_test(tc, in_strangers_directory);
	return scratch_run(suite);
}
