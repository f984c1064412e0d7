/*
 * The directories that lead to a file.
 */
#ifndef ST_LAUNCHER_WAY_H
#define ST_LAUNCHER_WAY_H

/*
 * Look at every directory and symbolic link on the way to path.  Null if only root and the
 * effective user can put another file in its place: all belong to one of them, and who else may
 * write to a directory may not rename what is in it (it is sticky).  Else a sentence, which also
 * comes if that cannot be found out.  What is not there may still be made, and is no refusal.
 */
const char *way_refusal(const char *path);

#endif
