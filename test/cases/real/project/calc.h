/* A calculator with variables: source text -> tokens -> instructions -> a stack machine. */
#ifndef CALC_H
#define CALC_H

#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_NUMBER,
	TOKEN_NAME,
	TOKEN_SIGN, /* one of + - * / % ( ) = ; */
	TOKEN_BAD,
};

struct token {
	enum token_kind kind;
	double number;
	char name[16];
	char sign;
};

struct lexer {
	const char *at;
	struct token now;
};

void lexer_start(struct lexer *lexer, const char *text);
void lexer_next(struct lexer *lexer);

enum operation {
	OP_PUSH,
	OP_LOAD,
	OP_STORE,
	OP_ADD,
	OP_SUB,
	OP_MUL,
	OP_DIV,
	OP_MOD,
	OP_NEG,
	OP_PRINT
};

struct instruction {
	enum operation operation;
	double number;
	unsigned slot;
};

enum { CODE_MAX = 4096, SLOTS = 64, STACK_MAX = 128 };

struct program {
	struct instruction code[CODE_MAX];
	size_t length;
	char names[SLOTS][16];
	unsigned slots;
};

/* 0, or the number of bytes that were understood, plus one. */
size_t compile(struct program *program, const char *text);

/* Prints the values of statements; 0, or 1 for a division by zero or a full stack. */
int run(const struct program *program);

#endif
