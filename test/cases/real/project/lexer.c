#include "calc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void lexer_start(struct lexer *lexer, const char *text)
{
	lexer->at = text;
	lexer_next(lexer);
}

static void take_name(struct lexer *lexer)
{
	size_t n = 0;

	while (isalnum((unsigned char)*lexer->at)) {
		if (n < sizeof lexer->now.name - 1)
			lexer->now.name[n++] = *lexer->at;
		lexer->at++;
	}
	lexer->now.name[n] = '\0';
	lexer->now.kind = TOKEN_NAME;
}

void lexer_next(struct lexer *lexer)
{
	char *end;

	while (isspace((unsigned char)*lexer->at))
		lexer->at++;
	lexer->now.kind = TOKEN_END;
	if (!*lexer->at)
		return;
	if (isdigit((unsigned char)*lexer->at)) {
		lexer->now.number = strtod(lexer->at, &end);
		lexer->now.kind = TOKEN_NUMBER;
		lexer->at = end;
	} else if (isalpha((unsigned char)*lexer->at)) {
		take_name(lexer);
	} else if (strchr("+-*/%()=;", *lexer->at)) {
		lexer->now.sign = *lexer->at++;
		lexer->now.kind = TOKEN_SIGN;
	} else {
		lexer->now.kind = TOKEN_BAD;
	}
}
