/*
 * What kind of executable a file is, as far as a preloaded library must know before it is started.
 *
 * This is the preload's own look: a few pread(2) calls into a buffer on the stack, no allocation,
 * no library.  elffile.h reads everything there is to know with libelf, for the command.
 */
#ifndef ST_ELFCACHE_EXE_H
#define ST_ELFCACHE_EXE_H

#include <stdbool.h>
#include <stdint.h>

enum exe_kind {
	EXE_UNREADABLE = 0, /* may be executable, but not readable by us */
	EXE_OTHER,          /* neither ELF nor a #! script: ENOEXEC, or binfmt_misc */
	EXE_SCRIPT,         /* begins with #! */
	EXE_GLIBC,          /* dynamic ELF64 x86-64 with glibc's program interpreter */
	EXE_STATIC,         /* ELF64 x86-64 without a program interpreter, static-pie included */
	EXE_ELF32,          /* ELF32: i386 or x32 */
	EXE_FOREIGN_ARCH,   /* ELF64 of another machine */
	EXE_FOREIGN_LIBC,   /* dynamic ELF64 x86-64 with another interpreter: musl, bionic, ... */
	EXE_SANITIZER, /* EXE_GLIBC that needs a sanitizer runtime which must be loaded first */
	EXE_KINDS
};

/* BINPRM_BUF_SIZE of Linux 5.1 and later: the kernel looks no further into a #! line. */
enum { EXE_INTERPRETER_MAX = 256 };

struct exe {
	enum exe_kind kind;
	uint16_t machine; /* e_machine, 0 if not ELF */
	uint16_t type;    /* e_type, 0 if not ELF */
	/* The #! interpreter or PT_INTERP, "" if there is none or it does not fit. */
	char interpreter[EXE_INTERPRETER_MAX];
	/* What else is on a #! line, as the kernel makes one argument of it; "" if nothing is. */
	char argument[EXE_INTERPRETER_MAX];
	bool has_whole_line; /* the #! line ends where the kernel looks, and holds no NUL */
};

/*
 * Look at the regular file path (relative to dirfd, as openat(2)).  Returns 0, or a negative error
 * number if it cannot be opened or read, with kind EXE_UNREADABLE.  Malformed files are EXE_OTHER.
 * Safe in a vfork() child and in a signal handler; uses less than 2 KiB of stack and no descriptor
 * outlives the call.
 */
int exe_look(int dirfd, const char *path, struct exe *exe);

/*
 * The kind of the program that the kernel will load in the end: a script's interpreter, and that
 * one's if it is a script too, as often as the kernel follows (five times).
 */
enum exe_kind exe_loaded_kind(const struct exe *exe);

/*
 * True if LD_PRELOAD must not name a glibc x86-64 library in the environment of such a program,
 * since its loader would complain, refuse to start it, or break it.
 */
bool exe_rejects_preload(enum exe_kind kind);

/* A short lower-case name for reports: "glibc", "static", ... */
const char *exe_kind_name(enum exe_kind kind);

#endif
