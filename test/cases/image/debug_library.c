/*
 * A library so small that images store it.
 */
unsigned long debug_library_work(unsigned long count);

static volatile unsigned long sum;

static __attribute__((noinline)) unsigned long library_work(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		sum += i ^ (sum << 1);
	return sum;
}

unsigned long debug_library_work(unsigned long count)
{
	return library_work(count) + 1;
}
