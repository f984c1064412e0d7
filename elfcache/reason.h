/*
 * Why a start went to libc.  One list is the source of the numbers in the index, of the names in
 * the statistics, and of the sentences that inspect and --verbose print.
 */
#ifndef ST_ELFCACHE_REASON_H
#define ST_ELFCACHE_REASON_H

/*   identifier         name            sentence */
#define ST_REASONS(X) \
	X(NONE, "none", "accelerated") \
	X(OFF, "off", "switched off by SPAWN_TEMPLATE=off or --engine=off") \
	X(NO_ENGINE, "no-engine", "no engine on this machine can start it") \
	X(EXEC, "exec", "started by exec: a process cannot be replaced through a kernel template") \
	X(SHELL, "shell", "system() or popen(): libc starts the shell by itself") \
	X(DESCRIPTOR, "descriptor", "named by a file descriptor") \
	X(UNRESOLVED, "unresolved", "which file will run is known only after the file actions") \
	X(SCRIPT, "script", "a #! script: its interpreter is started by the kernel") \
	X(NOT_ELF, "not-elf", "neither ELF nor a #! script") \
	X(STATIC, "static", "statically linked") \
	X(ELF32, "elf32", "a 32-bit program") \
	X(FOREIGN_ARCH, "foreign-arch", "a program for another machine") \
	X(FOREIGN_LIBC, "foreign-libc", "linked with another libc than glibc") \
	X(SANITIZER, "sanitizer", "needs a sanitizer runtime, which must be loaded first") \
	X(SETID, "setid", "set-user-id or set-group-id") \
	X(UNREADABLE, "unreadable", "cannot be read") \
	X(WRITABLE, "writable", "writable by its user: a kernel template would make that fail") \
	X(FILE_ACTIONS, "file-actions", "a file action that the engine does not have") \
	X(ATTRIBUTES, "attributes", "a spawn attribute that the engine does not have") \
	X(SIGCHLD, "sigchld", "the caller ignores SIGCHLD: a failed start could not be told") \
	X(DESCRIPTOR_LIMIT, "descriptor-limit", "no room for template descriptors") \
	X(STALE, "stale", "the file was replaced or changed") \
	X(REFUSED, "refused", "the kernel refused the template") \
	X(FAILED, "failed", "the engine's start failed; libc started it or told why not") \
	X(NO_IMAGE, "no-image", "not started often enough for an image, or it is not ready yet") \
	X(INELIGIBLE, "ineligible", "its start-up does what no image can repeat") \
	X(ENVIRONMENT, "environment", "LD_*, MALLOC_* or GLIBC_TUNABLES are not the session's") \
	X(RELATIVE, "relative", "named by a relative path") \
	X(LIMITS, "limits", "the caller has a limit of memory") \
	X(TRACED, "traced", "the caller is being traced") \
	X(CAPABILITIES, "capabilities", "the caller has capabilities, and its user is not root")

enum reason {
#define X(id, name, sentence) REASON_##id,
	ST_REASONS(X)
#undef X
		REASON_COUNT
};

/* Room in the index, so that a new reason does not change its layout. */
#define REASON_MAX 64
_Static_assert(REASON_COUNT <= REASON_MAX, "the index has room for every reason");

/* Static strings; "unknown" for a number that is not on the list.  Not part of the preload. */
const char *reason_name(unsigned reason);
const char *reason_sentence(unsigned reason);

#endif
