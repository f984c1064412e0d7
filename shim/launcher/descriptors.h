/*
 * The command's own descriptors, kept apart from those that it was given for COMMAND.
 */
#ifndef ST_LAUNCHER_DESCRIPTORS_H
#define ST_LAUNCHER_DESCRIPTORS_H

#include <stdbool.h>

/*
 * Put something harmless on each of 0, 1 and 2 that is closed, so that no file of ours is opened
 * there and then written to in place of stderr.  It has FD_CLOEXEC: COMMAND finds the descriptor
 * closed, as it was.  To be called before anything is opened.
 */
void descriptors_reserve(void);

/*
 * Let go of the pipes and sockets that COMMAND has been given by now: whoever reads the other end
 * waits for the last writer to close it, and that must be COMMAND and not we.  Files stay, since
 * closing one would end POSIX record locks that our caller may have left to this process, and so
 * does everything with FD_CLOEXEC, which is ours.  keep_stderr: something will be printed yet.
 */
void descriptors_release(bool keep_stderr);

#endif
