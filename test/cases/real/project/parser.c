#include "calc.h"

#include <string.h>

struct parser {
	struct lexer lexer;
	struct program *program;
	int failed;
};

static int expression(struct parser *p);

static void emit(struct parser *p, enum operation operation, double number, unsigned slot)
{
	if (p->program->length == CODE_MAX) {
		p->failed = 1;
		return;
	}
	p->program->code[p->program->length++] =
		(struct instruction){.operation = operation, .number = number, .slot = slot};
}

static unsigned slot_of(struct parser *p, const char *name)
{
	struct program *program = p->program;
	unsigned slot = 0;

	while (slot < program->slots && strcmp(program->names[slot], name) != 0)
		slot++;
	if (slot == program->slots) {
		if (slot == SLOTS) {
			p->failed = 1;
			return 0;
		}
		strcpy(program->names[program->slots++], name);
	}
	return slot;
}

static int is_sign(const struct parser *p, char sign)
{
	return p->lexer.now.kind == TOKEN_SIGN && p->lexer.now.sign == sign;
}

static int accept(struct parser *p, char sign)
{
	if (!is_sign(p, sign))
		return 0;
	lexer_next(&p->lexer);
	return 1;
}

static int factor(struct parser *p)
{
	const struct token *now = &p->lexer.now;

	if (accept(p, '-')) {
		factor(p);
		emit(p, OP_NEG, 0, 0);
	} else if (accept(p, '(')) {
		expression(p);
		p->failed |= !accept(p, ')');
	} else if (now->kind == TOKEN_NUMBER) {
		emit(p, OP_PUSH, now->number, 0);
		lexer_next(&p->lexer);
	} else if (now->kind == TOKEN_NAME) {
		emit(p, OP_LOAD, 0, slot_of(p, now->name));
		lexer_next(&p->lexer);
	} else {
		p->failed = 1;
	}
	return !p->failed;
}

static int term(struct parser *p)
{
	factor(p);
	while (!p->failed) {
		if (accept(p, '*')) {
			factor(p);
			emit(p, OP_MUL, 0, 0);
		} else if (accept(p, '/')) {
			factor(p);
			emit(p, OP_DIV, 0, 0);
		} else if (accept(p, '%')) {
			factor(p);
			emit(p, OP_MOD, 0, 0);
		} else {
			break;
		}
	}
	return !p->failed;
}

static int expression(struct parser *p)
{
	term(p);
	while (!p->failed) {
		if (accept(p, '+')) {
			term(p);
			emit(p, OP_ADD, 0, 0);
		} else if (accept(p, '-')) {
			term(p);
			emit(p, OP_SUB, 0, 0);
		} else {
			break;
		}
	}
	return !p->failed;
}

static void statement(struct parser *p)
{
	struct lexer saved = p->lexer;

	if (p->lexer.now.kind == TOKEN_NAME) {
		unsigned slot = slot_of(p, p->lexer.now.name);

		lexer_next(&p->lexer);
		if (accept(p, '=')) {
			expression(p);
			emit(p, OP_STORE, 0, slot);
			return;
		}
		p->lexer = saved;
	}
	expression(p);
	emit(p, OP_PRINT, 0, 0);
}

size_t compile(struct program *program, const char *text)
{
	struct parser p = {.program = program};

	memset(program, 0, sizeof *program);
	lexer_start(&p.lexer, text);
	while (p.lexer.now.kind != TOKEN_END && !p.failed) {
		statement(&p);
		if (!accept(&p, ';') && p.lexer.now.kind != TOKEN_END)
			p.failed = 1;
	}
	return p.failed ? (size_t)(p.lexer.at - text) + 1 : 0;
}
