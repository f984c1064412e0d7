/*
 * What the program that bakes does.  They return its exit status.
 */
#ifndef ST_SERVICE_SERVE_H
#define ST_SERVICE_SERVE_H

/* Bake what the session in `directory` asks for, in the environment envp, until it is over. */
int serve_session(const char *directory, char *const envp[]);

/* Bake the programs into `directory`, a directory of the boot's images with an index of its own;
   a line on stdout for each, or on stderr if it cannot be. */
int serve_boot(const char *directory, char *const envp[], char **programs);

/* Bake the program, one that writes what it reads, into `directory`, start it from there, and take
   its image away: a line on stdout that says what was found.  0 if all went well. */
int serve_trial(const char *directory, char *const envp[], const char *program);

#endif
