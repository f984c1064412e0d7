#include "elfcache/reason.h"

#include <string.h>

#include "scratch.h"

START_TEST(every_reason_has_a_name_and_a_sentence)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *name = reason_name(i);
		const char *sentence = reason_sentence(i);

		ck_assert_msg(name && *name, "reason %u has no name", i);
		ck_assert_msg(sentence && *sentence, "reason %u has no sentence", i);
		ck_assert_str_ne(name, "unknown");
		ck_assert_str_ne(sentence, "unknown");
	}
}
END_TEST

START_TEST(names_are_kebab_case)
{
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *name = reason_name(i);
		size_t len = strlen(name);

		ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"), len);
		ck_assert_int_ne(name[0], '-');
		ck_assert_int_ne(name[len - 1], '-');
		ck_assert_ptr_null(strstr(name, "--"));
	}
}
END_TEST

START_TEST(names_and_sentences_are_unique)
{
	for (unsigned i = 0; i < REASON_COUNT; i++)
		for (unsigned j = 0; j < i; j++) {
			ck_assert_str_ne(reason_name(i), reason_name(j));
			ck_assert_str_ne(reason_sentence(i), reason_sentence(j));
		}
}
END_TEST

START_TEST(unknown_numbers_have_a_name_too)
{
	static const unsigned numbers[] = {REASON_COUNT, REASON_MAX, 1U << 31, ~0U};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		ck_assert_str_eq(reason_name(numbers[i]), "unknown");
		ck_assert_str_eq(reason_sentence(numbers[i]), "unknown");
	}
}
END_TEST

/* The numbers are in index files that another process wrote. */
START_TEST(the_first_numbers_are_fixed)
{
	ck_assert_int_eq(REASON_NONE, 0);
	ck_assert_str_eq(reason_name(0), "none");
	ck_assert_str_eq(reason_name(REASON_STATIC), "static");
	ck_assert_str_eq(reason_name(REASON_FAILED), "failed");
	ck_assert_str_eq(reason_name(REASON_COUNT - 1), "capabilities");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reason");
	TCase *tcase = scratch_case(suite, "names", 10);

	tcase_add_test(tcase, every_reason_has_a_name_and_a_sentence);
	tcase_add_test(tcase, names_are_kebab_case);
	tcase_add_test(tcase, names_and_sentences_are_unique);
	tcase_add_test(tcase, unknown_numbers_have_a_name_too);
	tcase_add_test(tcase, the_first_numbers_are_fixed);
	return scratch_run(suite);
}
