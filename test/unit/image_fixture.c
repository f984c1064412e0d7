/*
 * A library to preload whose constructor does one thing, given by a FIXTURE_ macro.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* What it found, kept so that nothing is optimised away. */
extern long image_fixture_result;
long image_fixture_result;

#ifdef FIXTURE_THREAD
static void *nothing(void *arg)
{
	return arg;
}
#endif

__attribute__((constructor)) static void act(void)
{
#if defined FIXTURE_GETENV
	const char *value = getenv("IMAGE_FIXTURE");

	image_fixture_result = value ? value[0] : 0;
#elif defined FIXTURE_GETPID
	image_fixture_result = getpid();
#elif defined FIXTURE_THREAD
	pthread_t thread;

	image_fixture_result = pthread_create(&thread, NULL, nothing, NULL);
	if (image_fixture_result == 0)
		pthread_join(thread, NULL);
#elif defined FIXTURE_RANDOM
	char seed[32];

	image_fixture_result = getrandom(seed, sizeof seed, 0) + seed[0];
#elif defined FIXTURE_WRITES
	image_fixture_result = open("/dev/null", O_WRONLY);
#elif defined FIXTURE_CLOCK
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	image_fixture_result = now.tv_nsec;
#elif defined FIXTURE_SHARED
	image_fixture_result = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				    -1, 0) == MAP_FAILED;
#endif
}
