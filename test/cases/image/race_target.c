/*
 * Ends with the status that the library knows (-DLIBRARY -DSTATUS=...), or that it was compiled
 * with.
 */
#include "tell.h"

#ifdef LIBRARY

int status(void);

int status(void)
{
	return STATUS;
}

#else

#ifdef STATUS
static int status(void)
{
	return STATUS;
}
#else
extern int status(void);
#endif

int main(void)
{
	tell((const void *)malloc);
	return status();
}

#endif
