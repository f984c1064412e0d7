/*
 * What the programs have in common that time the starts of one program in several ways.
 *
 * A function returns null where it cannot do what it should, with errno set or not.
 */
#ifndef ST_BENCH_WAYS_H
#define ST_BENCH_WAYS_H

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *,
			   const posix_spawnattr_t *, char *const[], char *const[]);

/* This process's environment, whole or without what only a session has.  Allocated; the strings
   are the process's. */
static inline char **ways_environment(bool session)
{
	size_t count = 0;
	size_t n = 0;
	char **envp;

	while (environ[count])
		count++;
	envp = calloc(count + 1, sizeof *envp);
	for (size_t i = 0; envp && i < count; i++)
		if (session || (strncmp(environ[i], "LD_PRELOAD=", 11) != 0 &&
				strncmp(environ[i], "SPAWN_TEMPLATE", 14) != 0))
			envp[n++] = environ[i];
	return envp;
}

/* libc's posix_spawn(), whatever stands before it. */
static inline spawn_function *ways_libc_spawn(void)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
	void *symbol = libc ? dlsym(libc, "posix_spawn") : NULL;
	spawn_function *function = NULL;

	if (symbol)
		memcpy(&function, &symbol, sizeof function);
	if (libc)
		dlclose(libc); /* which stays, as long as we do */
	return function;
}

/* File actions: the standard streams on /dev/null.  0 or an error number. */
static inline int ways_open_null_streams(posix_spawn_file_actions_t *actions)
{
	int err = posix_spawn_file_actions_init(actions);

	for (int fd = 0; !err && fd < 3; fd++)
		err = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
	return err;
}

#endif
