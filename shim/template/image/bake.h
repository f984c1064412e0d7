/*
 * Baking: running a program up to its entry point and keeping what it is then.
 */
#ifndef ST_IMAGE_BAKE_H
#define ST_IMAGE_BAKE_H

enum { BAKE_WHY_MAX = 128 };

/*
 * Bake the program `path` in the environment envp and write its image to fd, an empty regular file.
 * Returns 0; -ENOTSUP with a sentence in why if the program is not eligible; or another negative
 * error number, likewise with a sentence.
 */
int bake(int fd, const char *path, char *const envp[], char why[BAKE_WHY_MAX]);

#endif
