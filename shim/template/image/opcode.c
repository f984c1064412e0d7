#include "opcode.h"

/* In any number and order, also where they mean nothing.  REX, 0x40 to 0x4f, is one in 64-bit mode.
 */
static bool is_prefix(unsigned char c)
{
	switch (c) {
	case 0x26: /* segments */
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66: /* sizes */
	case 0x67:
	case 0xf0: /* lock, repne, rep */
	case 0xf2:
	case 0xf3:
		return true;
	default:
		return (c & 0xf0) == 0x40;
	}
}

bool opcode_enters_kernel(const unsigned char code[], size_t size)
{
	size_t i = 0;

	while (i < size && is_prefix(code[i]))
		i++;
	/* Two bytes decide. */
	if (size - i < 2)
		return true;
	if (code[i] == 0x0f)
		return code[i + 1] == 0x05 || code[i + 1] == 0x34; /* syscall, sysenter */
	return code[i] == 0xcd;                                    /* int n */
}
