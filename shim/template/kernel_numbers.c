#include "kernel_calls.h"

/*
 * The first number without a call in Linux 6.10.  Asking whether one before it is ours would be to
 * make that call: fork(2), of which both sides go on, or exit_group(2).
 */
enum { NUMBER_MIN = 463, NUMBER_MAX = 4095 };

/* A decimal number from NUMBER_MIN to NUMBER_MAX, without sign, space or leading zero; 0 if it is
 * none. */
static int parse_number(const char **text)
{
	const char *p = *text;
	int n = 0;

	if (*p == '0')
		return 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (*p - '0');
		if (n > NUMBER_MAX)
			return 0;
	}
	*text = p;
	return n < NUMBER_MIN ? 0 : n;
}

bool kernel_numbers_parse(const char *text, struct kernel_numbers *numbers)
{
	struct kernel_numbers parsed;

	if (!text)
		return false;
	parsed.create = parse_number(&text);
	if (!parsed.create || *text++ != ',')
		return false;
	parsed.spawn = parse_number(&text);
	if (!parsed.spawn || *text != '\0' || parsed.spawn == parsed.create)
		return false;
	*numbers = parsed;
	return true;
}
