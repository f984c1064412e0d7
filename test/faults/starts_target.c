/*
 * starts_target WORD - what `starts` starts: says so, once, and ends with 7.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test/cases/image/tell.h"
#include "trace.h"

int main(int argc, char **argv)
{
	/* What libc does from here on is not what is tested. */
	syscall(SYS_getpgid, TRACE_MARK_OFF);
	tell((const void *)malloc);
	printf("ran %s\n", argc == 2 ? argv[1] : "wrongly");
	return 7;
}
