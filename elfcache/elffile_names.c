#include "elffile.h"

#include <elf.h>
#include <stdio.h>

/* Not in the headers of glibc 2.31: the psABIs. */
#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif
#ifndef PT_GNU_PROPERTY
#define PT_GNU_PROPERTY 0x6474e553
#endif

const char *elf_machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_NONE:
		return "none";
	case EM_SPARC:
		return "sparc";
	case EM_386:
		return "i386";
	case EM_68K:
		return "m68k";
	case EM_MIPS:
		return "mips";
	case EM_PARISC:
		return "hppa";
	case EM_PPC:
		return "powerpc";
	case EM_PPC64:
		return "powerpc64";
	case EM_S390:
		return "s390";
	case EM_ARM:
		return "arm";
	case EM_SH:
		return "sh";
	case EM_SPARCV9:
		return "sparc64";
	case EM_IA_64:
		return "ia64";
	case EM_X86_64:
		return "x86-64";
	case EM_AARCH64:
		return "aarch64";
	case EM_RISCV:
		return "riscv";
	case EM_BPF:
		return "bpf";
	case EM_LOONGARCH:
		return "loongarch";
	case EM_ALPHA:
		return "alpha";
	default:
		return "unknown";
	}
}

const char *elf_type_name(uint16_t type)
{
	switch (type) {
	case ET_NONE:
		return "NONE";
	case ET_REL:
		return "REL";
	case ET_EXEC:
		return "EXEC";
	case ET_DYN:
		return "DYN";
	case ET_CORE:
		return "CORE";
	default:
		return "unknown";
	}
}

const char *elf_segment_type_name(uint32_t type, char buf[16])
{
	switch (type) {
	case PT_NULL:
		return "NULL";
	case PT_LOAD:
		return "LOAD";
	case PT_DYNAMIC:
		return "DYNAMIC";
	case PT_INTERP:
		return "INTERP";
	case PT_NOTE:
		return "NOTE";
	case PT_SHLIB:
		return "SHLIB";
	case PT_PHDR:
		return "PHDR";
	case PT_TLS:
		return "TLS";
	case PT_GNU_EH_FRAME:
		return "GNU_EH_FRAME";
	case PT_GNU_STACK:
		return "GNU_STACK";
	case PT_GNU_RELRO:
		return "GNU_RELRO";
	case PT_GNU_PROPERTY:
		return "GNU_PROPERTY";
	default:
		snprintf(buf, 16, "0x%x", type);
		return buf;
	}
}

const char *elf_segment_flags_name(uint32_t flags, char buf[4])
{
	buf[0] = flags & PF_R ? 'r' : '-';
	buf[1] = flags & PF_W ? 'w' : '-';
	buf[2] = flags & PF_X ? 'x' : '-';
	buf[3] = '\0';
	return buf;
}
