/*
 * Baking and starting images in tests.
 */
#ifndef ST_TEST_UNIT_IMAGE_HELP_H
#define ST_TEST_UNIT_IMAGE_HELP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A variable by which the fixture `calls` makes a system call so often, and likewise after a comma:
 * @ stands for room for an answer, '' for the empty string, and what is no number is a string.
 */
#define IMAGE_CALL(times, number, arguments) "IMAGE_FIXTURE=" IMAGE_NEXT(times, number, arguments)
#define IMAGE_NEXT(times, number, arguments) #times " " IMAGE_STRING(number) " " arguments
#define IMAGE_STRING(x)                      #x

/* Bake `program` in the environment envp to the file `image`.  bake()'s result; why as there. */
int image_bake(const char *image, const char *program, char *const envp[], char why[128]);

/* What a program wrote and how it ended. */
struct run {
	char output[65536]; /* standard output and error together, terminated */
	size_t size;
	int status; /* waitpid's */
};

/* Execute `file` with these arguments and this environment; setup (may be null) runs before. */
void image_run(struct run *run, const char *file, char *const argv[], char *const envp[],
	       void (*setup)(void));

/*
 * How a start of `image`, baked from a copy or link of readlink(1), went: 1 if it was resumed, 0 if
 * it started the program natively.  Anything else fails the test.
 */
int image_was_resumed(const char *image, const char *program, char *const envp[],
		      void (*setup)(void));

/* A file of the same content. */
void image_copy_file(const char *from, const char *to);

/* In the test's directory, an image `image` of a copy `readlink` of readlink(1), made and usable in
   envp; and image_was_resumed() of it. */
void image_prepare(char *const envp[]);
int image_is_resumed(char *const envp[], void (*setup)(void));

#endif
