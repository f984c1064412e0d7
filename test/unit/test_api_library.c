/* The library as it is installed: no numbers are built in, so everything is libc's. */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "spawn_template.h"

START_TEST(everything_works_without_the_calls)
{
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"exit 12"}, NULL};
	struct st_template *t;
	int status;
	pid_t pid;

	ck_assert_int_eq(st_template_open(&t, "/bin/sh"), 0);
	ck_assert_int_eq(st_template_spawn(t, &pid, NULL, NULL, argv, environ), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 12);
	ck_assert_str_eq(st_template_path(t), "/bin/sh");
	ck_assert_str_eq(st_template_engine(t), "libc");
	ck_assert_str_eq(st_template_reason(t), "no-engine");
	st_template_close(t);
}
END_TEST

START_TEST(the_calls_are_not_issued_unasked)
{
	const struct spawn_template_create_args args = {.execfd = -1};

	ck_assert_int_eq(spawn_template_create(&args, sizeof args), -1);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_eq(spawn_template_spawn(0, NULL, 0), -1);
	ck_assert_int_eq(errno, ENOSYS);
}
END_TEST

START_TEST(nothing_else_is_exported)
{
	static const char *const hidden[] = {"kernel_create", "translate", "cache_get",
					     "reason_name", "identity_of"};
	static const char *const exported[] = {"st_version", "st_template_open",
					       "spawn_template_create"};
	Dl_info info;
	void *library;

	ck_assert_int_ne(dladdr((void *)(uintptr_t)st_version, &info), 0);
	library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
	ck_assert_ptr_nonnull(library);
	for (size_t i = 0; i < sizeof exported / sizeof exported[0]; i++)
		ck_assert_ptr_nonnull(dlsym(library, exported[i]));
	for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
		ck_assert_ptr_null(dlsym(library, hidden[i]));
	dlclose(library);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("api_library");
	TCase *t = tcase_create("library");

	unsetenv("SPAWN_TEMPLATE");
	unsetenv("SPAWN_TEMPLATE_KERNEL_NR");
	tcase_add_test(t, everything_works_without_the_calls);
	tcase_add_test(t, the_calls_are_not_issued_unasked);
	tcase_add_test(t, nothing_else_is_exported);
	suite_add_tcase(s, t);
	return scratch_run(s);
}
