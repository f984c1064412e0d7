#include "shim/launcher/service/offenders.h"

#include "scratch.h"

static struct offenders offenders;

static unsigned note(uint64_t inode, uint64_t path_hash)
{
	const struct identity id = {.ino = inode, .size = 1};

	return offenders_note(&offenders, &id, path_hash);
}

START_TEST(each_is_counted_by_itself)
{
	ck_assert_uint_eq(note(1, 1), 1);
	ck_assert_uint_eq(note(1, 1), 2);
	ck_assert_uint_eq(note(2, 1), 1);
	ck_assert_uint_eq(note(1, 2), 1);
	ck_assert_uint_eq(note(1, 1), 3);
	ck_assert_uint_eq(note(2, 1), 2);
}
END_TEST

START_TEST(the_last_ones_are_remembered)
{
	for (uint64_t n = 0; n < 10 * OFFENDERS_MAX; n++)
		ck_assert_uint_eq(note(n, 7), 1);
	for (uint64_t n = 9 * OFFENDERS_MAX; n < 10 * OFFENDERS_MAX; n++)
		ck_assert_uint_eq(note(n, 7), 2);
	ck_assert_uint_eq(note(9 * OFFENDERS_MAX - 1, 7), 1);
	/* Which took the place of the oldest. */
	ck_assert_uint_eq(note(9 * OFFENDERS_MAX, 7), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("offenders");
	TCase *tcase = scratch_case(suite, "offenders", 10);

	tcase_add_test(tcase, each_is_counted_by_itself);
	tcase_add_test(tcase, the_last_ones_are_remembered);
	return scratch_run(suite);
}
