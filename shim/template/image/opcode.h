/*
 * What a tracer has to know of an instruction before it lets a process run just that one.
 */
#ifndef ST_IMAGE_OPCODE_H
#define ST_IMAGE_OPCODE_H

#include <stdbool.h>
#include <stddef.h>

enum { OPCODE_MAX = 15 }; /* bytes of an x86-64 instruction, with its prefixes */

/*
 * True if the instruction that begins at code is one that enters the kernel (syscall, sysenter, int
 * and its like), or if that cannot be told from these bytes: a system call made in a single step is
 * not reported (ptrace(2)).  Intel SDM volume 2, chapter 2 and appendix A.
 */
bool opcode_enters_kernel(const unsigned char code[], size_t size);

#endif
