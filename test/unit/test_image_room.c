#include "shim/template/image/room.h"

#include <check.h>
#include <stdlib.h>

#include "scratch.h"

#define MIB (UINT64_C(1) << 20)

START_TEST(is_bounded)
{
	ck_assert_uint_eq(room_limit(UINT64_C(1000) << 30, 0), 512 * MIB);
	ck_assert_uint_eq(room_limit(2048 * MIB, 0), 512 * MIB);
	ck_assert_uint_eq(room_limit(UINT64_MAX, UINT64_MAX), 512 * MIB);
}
END_TEST

START_TEST(is_a_quarter)
{
	ck_assert_uint_eq(room_limit(2000 * MIB, 0), 500 * MIB);
	ck_assert_uint_eq(room_limit(0, 0), 0);
	/* What is there already does not make the limit fall as it grows. */
	ck_assert_uint_eq(room_limit(1600 * MIB, 400 * MIB), 500 * MIB);
	ck_assert_uint_eq(room_limit(0, 400 * MIB), 100 * MIB);
}
END_TEST

START_TEST(code_has_half)
{
	ck_assert_uint_eq(room_for_code(512 * MIB), 256 * MIB);
	ck_assert_uint_eq(room_for_code(0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_room");
	TCase *tcase = scratch_case(suite, "room", 10);

	tcase_add_test(tcase, is_bounded);
	tcase_add_test(tcase, is_a_quarter);
	tcase_add_test(tcase, code_has_half);
	return scratch_run(suite);
}
