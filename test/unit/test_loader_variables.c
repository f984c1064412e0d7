/*
 * Which variables of an environment belong to ld.so and malloc, and the hash over them.
 */
#include <string.h>

#include "elfcache/loader_variables.h"
#include "scratch.h"

static const struct {
	const char *definition;
	bool is;
} definitions[] = {
	{"LD_PRELOAD=/a.so", true},
	{"LD_LIBRARY_PATH=", true},
	{"LD_=", true},
	{"MALLOC_ARENA_MAX=1", true},
	{"MALLOC_PERTURB_=5", true},
	{"GLIBC_TUNABLES=glibc.malloc.check=1", true},
	{"LD=ld", false},
	{"LDFLAGS=-g", false},
	{"LANG=C", false},
	{"MALLOC=1", false},
	{"MAKEFLAGS=-j", false},
	{"GLIBC=1", false},
	{"xLD_PRELOAD=/a.so", false},
	{"PATH=LD_PRELOAD", false},
	{"L", false},
	{"LD", false},
	{"", false},
};

START_TEST(which)
{
	const char *definition = definitions[_i].definition;
	uint64_t sum = loader_variables_add(5, definition);

	ck_assert_msg(is_loader_variable(definition) == definitions[_i].is, "%s", definition);
	ck_assert_msg((sum != 5) == definitions[_i].is, "%s", definition);
}
END_TEST

/* Strings that are not literals, as execve() takes them. */
static uint64_t hash_of(const char *first, const char *second, const char *third)
{
	static char strings[3][64];
	char *envp[4] = {NULL};
	const char *given[] = {first, second, third};

	for (int i = 0; i < 3 && given[i]; i++)
		envp[i] = strcpy(strings[i], given[i]);
	return loader_variables_hash(envp);
}

START_TEST(only_they_count)
{
	char *empty[] = {NULL};
	uint64_t with = hash_of("PATH=/bin", "LD_PRELOAD=/a.so", "HOME=/");

	ck_assert_uint_eq(loader_variables_hash(NULL), 0);
	ck_assert_uint_eq(loader_variables_hash(empty), 0);
	ck_assert_uint_eq(hash_of("PATH=/bin", "HOME=/", NULL), 0);
	ck_assert_uint_ne(with, 0);
	ck_assert_uint_eq(hash_of("LD_PRELOAD=/a.so", NULL, NULL), with);
	ck_assert_uint_eq(hash_of("LD_PRELOAD=/a.so", "PATH=/", NULL), with);
}
END_TEST

START_TEST(every_change_counts)
{
	uint64_t hash = hash_of("LD_PRELOAD=/a.so", "MALLOC_ARENA_MAX=1", NULL);

	ck_assert_uint_ne(hash_of("LD_PRELOAD=/b.so", "MALLOC_ARENA_MAX=1", NULL), hash);
	ck_assert_uint_ne(hash_of("LD_PRELOAD=/a.so", "MALLOC_ARENA_MAX=2", NULL), hash);
	ck_assert_uint_ne(hash_of("LD_PRELOAD=", "MALLOC_ARENA_MAX=1", NULL), hash);
	ck_assert_uint_ne(hash_of("LD_PRELOAD=/a.so", NULL, NULL), hash);
	ck_assert_uint_ne(hash_of("LD_PRELOAD=/a.so", "MALLOC_ARENA_MAX=1", "LD_WARN=1"), hash);
	/* Twice the same is not once, nor never. */
	ck_assert_uint_ne(hash_of("LD_WARN=1", "LD_WARN=1", NULL),
			  hash_of("LD_WARN=1", NULL, NULL));
	ck_assert_uint_ne(hash_of("LD_WARN=1", "LD_WARN=1", NULL), 0);
}
END_TEST

START_TEST(order_does_not_count)
{
	ck_assert_uint_eq(hash_of("LD_PRELOAD=/a.so", "LD_WARN=1", "MALLOC_ARENA_MAX=1"),
			  hash_of("MALLOC_ARENA_MAX=1", "LD_PRELOAD=/a.so", "LD_WARN=1"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader_variables");
	TCase *tc = scratch_case(suite, "variables", 10);

	tcase_add_loop_test(tc, which, 0, sizeof definitions / sizeof definitions[0]);
	tcase_add_test(tc, only_they_count);
	tcase_add_test(tc, every_change_counts);
	tcase_add_test(tc, order_does_not_count);
	return scratch_run(suite);
}
