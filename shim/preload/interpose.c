/*
 * The functions that the preload replaces.  Each packs its arguments and hands them on; the names
 * and versions under which they are exported come from names.def.
 */
#include <stdarg.h>
#include <stdint.h>

#include "export.h"
#include "process.h"
#include "start.h"

#define ST_NAME ST_EXPORT
#define ST_FILE_NAME(name, version, kind, id, type, params)
#include "names.def"
#undef ST_NAME

int interpose_execve(const char *path, char *const argv[], char *const envp[])
{
	return start_exec(&(struct exec_call){
		.function = NEXT_execve, .file = path, .argv = argv, .envp = envp});
}

int interpose_execv(const char *path, char *const argv[])
{
	return start_exec(&(struct exec_call){.function = NEXT_execv, .file = path, .argv = argv});
}

int interpose_execvp(const char *file, char *const argv[])
{
	return start_exec(&(struct exec_call){.function = NEXT_execvp, .file = file, .argv = argv});
}

int interpose_execvpe(const char *file, char *const argv[], char *const envp[])
{
	return start_exec(&(struct exec_call){
		.function = NEXT_execvpe, .file = file, .argv = argv, .envp = envp});
}

int interpose_execveat(int dirfd, const char *path, char *const argv[], char *const envp[],
		       int flags)
{
	return start_exec(&(struct exec_call){.function = NEXT_execveat,
					      .file = path,
					      .dirfd = dirfd,
					      .flags = flags,
					      .argv = argv,
					      .envp = envp});
}

int interpose_fexecve(int fd, char *const argv[], char *const envp[])
{
	return start_exec(&(struct exec_call){
		.function = NEXT_fexecve, .dirfd = fd, .argv = argv, .envp = envp});
}

/* The number of arguments of an execl(), the first and the terminating null included. */
static size_t count_arguments(const char *first, va_list ap)
{
	size_t n = 1;

	if (first)
		for (n++; va_arg(ap, char *); n++)
			;
	return n;
}

/* The same arguments as an array on the caller's stack, which execl() of libc uses as well. */
#define COLLECT_ARGUMENTS(argv, first, ap) \
	size_t argv##_count; \
	va_start(ap, first); \
	argv##_count = count_arguments(first, ap); \
	va_end(ap); \
	char *argv[argv##_count]; \
	va_start(ap, first); \
	argv[0] = (char *)(uintptr_t)first; \
	for (size_t argv##_i = 1; argv##_i < argv##_count; argv##_i++) \
	argv[argv##_i] = va_arg(ap, char *)

int interpose_execl(const char *path, const char *arg, ...)
{
	va_list ap;

	COLLECT_ARGUMENTS(argv, arg, ap);
	va_end(ap);
	return interpose_execv(path, argv);
}

int interpose_execlp(const char *file, const char *arg, ...)
{
	va_list ap;

	COLLECT_ARGUMENTS(argv, arg, ap);
	va_end(ap);
	return interpose_execvp(file, argv);
}

int interpose_execle(const char *path, const char *arg, ...)
{
	char *const *envp;
	va_list ap;

	COLLECT_ARGUMENTS(argv, arg, ap);
	/* With a null first argument there is no other: the environment follows at once. */
	envp = va_arg(ap, char *const *);
	va_end(ap);
	return interpose_execve(path, argv, envp);
}

#define SPAWN(id, result_type) \
	int interpose_##id(result_type *result, const char *file, \
			   const posix_spawn_file_actions_t *file_actions, \
			   const posix_spawnattr_t *attr, char *const argv[], char *const envp[]) \
	{ \
		return start_spawn(&(struct spawn_call){.function = NEXT_##id, \
							.result = result, \
							.file = file, \
							.file_actions = file_actions, \
							.attr = attr, \
							.argv = argv, \
							.envp = envp}); \
	}

SPAWN(posix_spawn, pid_t)
SPAWN(posix_spawnp, pid_t)
SPAWN(posix_spawn_2_2_5, pid_t)
SPAWN(posix_spawnp_2_2_5, pid_t)
SPAWN(pidfd_spawn, int)
SPAWN(pidfd_spawnp, int)

int interpose_system(const char *command)
{
	return start_system(command);
}

FILE *interpose_popen(const char *command, const char *type)
{
	return start_popen(command, type);
}

long interpose_ptrace(int request, pid_t pid, void *addr, void *data)
{
	process_note_ptrace(request);
	return NEXT(ptrace)(request, pid, addr, data);
}
