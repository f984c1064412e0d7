#include "calc.h"

#include <math.h>
#include <stdio.h>

static double apply(enum operation operation, double a, double b)
{
	switch (operation) {
	case OP_ADD:
		return a + b;
	case OP_SUB:
		return a - b;
	case OP_MUL:
		return a * b;
	case OP_DIV:
		return a / b;
	default:
		return fmod(a, b);
	}
}

int run(const struct program *program)
{
	double stack[STACK_MAX];
	double slots[SLOTS] = {0};
	size_t top = 0;

	for (size_t i = 0; i < program->length; i++) {
		const struct instruction *in = &program->code[i];

		if (top == STACK_MAX - 1)
			return 1;
		switch (in->operation) {
		case OP_PUSH:
			stack[top++] = in->number;
			break;
		case OP_LOAD:
			stack[top++] = slots[in->slot];
			break;
		case OP_STORE:
			slots[in->slot] = stack[--top];
			break;
		case OP_NEG:
			stack[top - 1] = -stack[top - 1];
			break;
		case OP_PRINT:
			printf("%.10g\n", stack[--top]);
			break;
		default:
			top--;
			if ((in->operation == OP_DIV || in->operation == OP_MOD) && stack[top] == 0)
				return 1;
			stack[top - 1] = apply(in->operation, stack[top - 1], stack[top]);
			break;
		}
	}
	return 0;
}
