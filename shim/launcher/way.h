/*
 * The directories that lead to a file.
 */
#ifndef ST_LAUNCHER_WAY_H
#define ST_LAUNCHER_WAY_H

/*
 * Look at every directory that the kernel looks a name up in on its way to path
 * (path_resolution(7)), symbolic links included.  Null if only root and the effective user can put
 * another file in its place: all belong to one of them, and who else may write to one may not
 * rename what is in it (it is sticky).  Else a sentence, which also comes if that cannot be found
 * out.  What is not there may still be made, and is no refusal.
 */
const char *way_refusal(const char *path);

#endif
