/*
 * A library that has what the programs `weak` and `choice` look for.
 */
#define EXPORTED __attribute__((visibility("default")))

EXPORTED int image_fixture_late(void);
extern EXPORTED int image_fixture_choice;
EXPORTED int image_fixture_chosen(void);

int image_fixture_late(void)
{
	return 42;
}

int image_fixture_choice;

static int is_zero(void)
{
	return 0;
}

static int is_one(void)
{
	return 1;
}

__attribute__((used)) static int (*choose(void))(void)
{
	return image_fixture_choice ? is_one : is_zero;
}

__attribute__((ifunc("choose"))) int image_fixture_chosen(void);
