/*
 * What gcov counts is written at exit(); processes that end by _exit() have counted too.  Linked
 * with --wrap=_exit into everything that is built for coverage, some of it more than once: weak.
 */
void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status) __attribute__((weak));

_Noreturn void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
