#include "exe.h"

/* Apart from exe.c: a table of strings is a relocation each, which the preload must not have. */
const char *exe_kind_name(enum exe_kind kind)
{
	static const char *const names[EXE_KINDS] = {
		[EXE_UNREADABLE] = "unreadable",
		[EXE_OTHER] = "other",
		[EXE_SCRIPT] = "script",
		[EXE_GLIBC] = "glibc",
		[EXE_STATIC] = "static",
		[EXE_ELF32] = "elf32",
		[EXE_FOREIGN_ARCH] = "foreign-arch",
		[EXE_FOREIGN_LIBC] = "foreign-libc",
		[EXE_SANITIZER] = "sanitizer",
	};

	return (unsigned)kind < EXE_KINDS ? names[kind] : "unknown";
}
