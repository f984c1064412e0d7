/*
 * The session's service: the process that bakes.  It is a program of its own, because of libelf,
 * and because what bakes should share nothing with what waits for COMMAND.
 */
#ifndef ST_LAUNCHER_SERVICE_H
#define ST_LAUNCHER_SERVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "session.h"

/* The modes of the helper program, its first argument; the second is a directory. */
#define SERVICE_SESSION "session" /* serve the session in DIRECTORY */
#define SERVICE_BOOT    "boot"    /* bake the programs that follow into DIRECTORY */
#define SERVICE_TRIAL   "trial"   /* bake the program that follows into DIRECTORY, and start it */

/* The descriptor on which it finds the environment to bake in: definitions, each with its NUL. */
enum { SERVICE_ENVIRONMENT = 3 };

/*
 * Start the service of a session whose programs get the environment envp.  detached: not as a child
 * of this process, and not to end with it but with the session (env).  Returns its process id, 0 if
 * detached or if it cannot be had; no image is made then, and that is all.
 */
pid_t service_start(struct session *session, char *const envp[], bool detached);

/* End a service that is our child, at once. */
void service_end(pid_t pid);

/*
 * Run the helper program in the mode SERVICE_BOOT and wait for it: its exit status, or EXIT_FOUND
 * after a line on stderr if it cannot be started.
 */
int service_bake(const char *directory, char *const envp[], char **programs);

/* Room for the line that SERVICE_TRIAL prints. */
enum { SERVICE_LINE_MAX = 512 };

/*
 * Run the helper program in the mode SERVICE_TRIAL and wait for it.  True if `program`, one that
 * writes what it reads, was baked and started; line says what was found.
 */
bool service_try(const char *directory, char *const envp[], const char *program,
		 char line[SERVICE_LINE_MAX]);

/*
 * Say in the index that there will be images, for programs with the environment envp.  To be called
 * before the first of them is started.
 */
void service_enable_images(struct index *index, char *const envp[]);

#endif
