/*
 * A library to preload whose constructor does one thing, given by a FIXTURE_ macro.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* What it found, kept so that nothing is optimised away. */
extern long image_fixture_result;
long image_fixture_result;
extern char image_fixture_bytes[48];
_Alignas(8) char image_fixture_bytes[48];

#ifdef FIXTURE_THREAD
static void *nothing(void *arg)
{
	return arg;
}
#endif

#ifdef FIXTURE_ATEXIT
static void say_end(void)
{
	image_fixture_result = write(STDOUT_FILENO, "end\n", 4);
}
#endif

#ifdef FIXTURE_ATFORK
static void say_child(void)
{
	image_fixture_result = write(STDOUT_FILENO, "child\n", 6);
}
#endif

#ifdef FIXTURE_BYTE
/* And whether there are random bytes later, and not the same in every process. */
__attribute__((destructor)) static void say_bytes(void)
{
	unsigned long bytes[2] = {0, 0};
	ssize_t got = getrandom(bytes, sizeof bytes, 0);

	dprintf(STDOUT_FILENO, "%ld %zd\n%lx%lx\n", image_fixture_result, got, bytes[0], bytes[1]);
}
#endif

#ifdef FIXTURE_THREAD_STATE
extern const ptrdiff_t __rseq_offset __attribute__((weak)); /* glibc 2.35 */

/* What a thread has of its own, and the kernel knows of it. */
__attribute__((destructor)) static void say_thread(void)
{
	char *self;
	const int *tid = NULL;
	char *robust = NULL;
	unsigned long size = 0;
	unsigned long canary;
	unsigned long guard;
	int cpu = 0;

	/* GCC before 11 has no __builtin_thread_pointer() here. */
	__asm__("mov %%fs:0, %0" : "=r"(self));
	/* cpu_id is the second word (linux/rseq.h). */
	if (&__rseq_offset)
		memcpy(&cpu, self + __rseq_offset + sizeof cpu, sizeof cpu);

	__asm__("mov %%fs:0x28, %0" : "=r"(canary));
	__asm__("mov %%fs:0x30, %0" : "=r"(guard));
	prctl(PR_GET_TID_ADDRESS, &tid);
	syscall(SYS_get_robust_list, 0, &robust, &size);
	dprintf(STDOUT_FILENO, "canary %d %lu, tid %d, list %ld of %lu, processor %d\n%lx %lx\n",
		canary != 0, canary & 0xff, tid ? *tid == syscall(SYS_gettid) : -1,
		robust ? (long)(robust - self) : 0, size, cpu >= 0, canary, guard);
}
#endif

#ifdef FIXTURE_MEMORY
enum { MANY = 200000, PAGES = 8 * 4096 };

static char *many;
static char *pages;

static int count_of(const char *at, int size, char c)
{
	int n = 0;

	for (int i = 0; i < size; i++)
		n += at[i] == c;
	return n;
}

/* What was got at start-up can be made larger, and be given back. */
__attribute__((destructor)) static void say_memory(void)
{
	char *more = realloc(many, 3 * MANY);
	int kept;
	int wiped;

	if (!more)
		abort();
	many = more;
	memset(more + MANY, 'y', 2 * MANY);
	kept = count_of(pages, PAGES, 'x');
	wiped = madvise(pages, PAGES, MADV_WIPEONFORK);
	madvise(pages, 4096, MADV_DONTNEED);
	dprintf(STDOUT_FILENO, "%d %d %d %d %d\n", count_of(more, 3 * MANY, 'x'),
		count_of(more, 3 * MANY, 'y'), kept, wiped, count_of(pages, PAGES, 0));
	free(more);
}
#endif

#ifdef FIXTURE_THREAD_STACK
__attribute__((destructor)) static void say_stack(void)
{
	pthread_attr_t attr;
	size_t size = 0;

	pthread_getattr_default_np(&attr);
	pthread_attr_getstacksize(&attr, &size);
	dprintf(STDOUT_FILENO, "%zu\n", size);
}
#endif

#ifdef FIXTURE_GARBAGE
__attribute__((destructor)) static void say_nothing(void)
{
	dprintf(STDOUT_FILENO, "\n");
}
#endif

#ifdef FIXTURE_TIMES
static struct {
	struct timespec real, monotonic, coarse;
	long microseconds;
	double fraction;
	/* The lower half of a word, the upper half of another. */
	unsigned seconds, others[2], milliseconds;
} times;

/* Nanoseconds. */
static long long all_of(struct timespec t)
{
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

__attribute__((destructor)) static void say_times(void)
{
	dprintf(STDOUT_FILENO, "%lld %lld %lld %ld %u %u %.0f\n", all_of(times.real),
		all_of(times.monotonic), all_of(times.coarse), times.microseconds, times.seconds,
		times.milliseconds, times.fraction);
}
#endif

#ifdef FIXTURE_AFFINITY
__attribute__((destructor)) static void say_affinity(void)
{
	dprintf(STDOUT_FILENO, "%ld\n", image_fixture_result);
}
#endif

#ifdef FIXTURE_EXE
static char exe[PATH_MAX];

__attribute__((destructor)) static void say_exe(void)
{
	dprintf(STDOUT_FILENO, "%ld %s\n", image_fixture_result, exe);
}
#endif

#if defined FIXTURE_ACTION || defined FIXTURE_ACTION_OLD
static void say_caught(int sig)
{
	dprintf(STDOUT_FILENO, "caught %d\n", sig);
}

__attribute__((destructor)) static void raise_it(void)
{
	raise(SIGUSR1);
}

static int catch_it(struct sigaction *old)
{
	struct sigaction action = {.sa_handler = say_caught, .sa_flags = SA_RESTART};

	sigaddset(&action.sa_mask, SIGUSR2);
	return sigaction(SIGUSR1, &action, old);
}
#endif

/* As the kernel has them: libc hides two signals of its own. */
__attribute__((unused)) static unsigned long change_mask(int how, unsigned long set)
{
	unsigned long old = 0;

	syscall(SYS_rt_sigprocmask, how, &set, &old, sizeof old);
	return old;
}

/* Leaving nothing of what it was. */
__attribute__((unused)) static void signal_action(int sig, void (*handler)(int))
{
	const struct sigaction action = {.sa_handler = handler};

	sigaction(sig, &action, NULL);
}

/* MXCSR, and whether it has rounded anything yet. */
#if defined FIXTURE_ROUNDS
__attribute__((destructor)) static void say_rounded(void)
{
	dprintf(STDOUT_FILENO, "%x\n", __builtin_ia32_stmxcsr());
}
#endif

#if defined FIXTURE_UNBLOCKS || defined FIXTURE_RESTORES
__attribute__((destructor)) static void say_mask(void)
{
	dprintf(STDOUT_FILENO, "%lx\n", change_mask(SIG_BLOCK, 0));
}
#endif

#ifdef FIXTURE_CALLS
/* What calls answer. */
static unsigned long room[64];

static unsigned long argument(const char *word)
{
	char *end;
	unsigned long number = strtoul(word, &end, 0);

	if (strcmp(word, "@") == 0)
		return (unsigned long)room;
	if (strcmp(word, "''") == 0)
		return (unsigned long)"";
	return *end ? (unsigned long)word : number;
}

/* How often, the number, and what it is called with. */
static void make_call(unsigned long call[8])
{
	for (unsigned long i = 0; i < call[0]; i++)
		image_fixture_result = syscall((long)call[1], call[2], call[3], call[4], call[5],
					       call[6], call[7]);
}

/* System calls, with commas between them (image_help.h). */
static void make_calls(const char *value)
{
	static char words[1024];
	unsigned long call[8] = {0};
	char *rest = NULL;
	int n = 0;

	strncpy(words, value, sizeof words - 1);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (strcmp(word, ",") == 0) {
			make_call(call);
			memset(call, 0, sizeof call);
			n = 0;
		} else if (n < 8) {
			call[n++] = argument(word);
		}
	}
	make_call(call);
}
#endif

__attribute__((constructor)) static void act(int argc, char **argv)
{
	(void)argc;
	(void)argv;
#if defined FIXTURE_GETENV
	const char *value = getenv("IMAGE_FIXTURE");

	image_fixture_result = value ? value[0] : 0;
#elif defined FIXTURE_BUSY
	/* Some tenths of a second. */
	for (volatile long n = 0; n < 80000000; n++)
		image_fixture_result = n;
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
#elif defined FIXTURE_BYTE
	char byte;

	errno = 0;
	image_fixture_result = getrandom(&byte, 1, GRND_NONBLOCK) * 1000 + errno;
#elif defined FIXTURE_KEPT
	if (getrandom(&image_fixture_result, sizeof image_fixture_result, 0) < 0)
		abort();
#elif defined FIXTURE_ENTROPY
	if (getentropy(&image_fixture_result, sizeof image_fixture_result))
		abort();
#elif defined FIXTURE_EXE
	image_fixture_result = readlinkat(AT_FDCWD, "/proc/self/exe", exe, sizeof exe - 1);
#elif defined FIXTURE_WRITES
	image_fixture_result = open("/dev/null", O_WRONLY);
#elif defined FIXTURE_CLOCK
	image_fixture_result = (long)__builtin_ia32_rdtsc();
#elif defined FIXTURE_TIMES
	struct timeval day;

	clock_gettime(CLOCK_REALTIME, &times.real);
	clock_gettime(CLOCK_MONOTONIC, &times.monotonic);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &times.coarse);
	gettimeofday(&day, NULL);
	times.microseconds = day.tv_sec * 1000000 + day.tv_usec;
	times.fraction = (double)times.microseconds;
	times.milliseconds = (unsigned)(times.microseconds / 1000);
	times.seconds = (unsigned)time(NULL);
#elif defined FIXTURE_HOUR
	image_fixture_result = time(NULL) / 3600;
#elif defined FIXTURE_ELAPSED
	struct timespec begin;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	clock_gettime(CLOCK_MONOTONIC, &end);
	image_fixture_result =
		(end.tv_sec - begin.tv_sec) * 1000000000 + end.tv_nsec - begin.tv_nsec;
#elif defined FIXTURE_BOOTTIME
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	image_fixture_result = now.tv_nsec;
#elif defined FIXTURE_CPUTIME
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	image_fixture_result = now.tv_nsec > 1000000000;
#elif defined FIXTURE_CPUCLOCK
	struct timespec now;

	/* As clock_getcpuclockid(3) names that of the process. */
	image_fixture_result = clock_gettime((clockid_t)-6, &now);
#elif defined FIXTURE_OFFSET
	struct timespec real;
	struct timespec monotonic;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	image_fixture_result = real.tv_sec - monotonic.tv_sec;
#elif defined FIXTURE_TIMEZONE
	struct timeval day;
	struct timezone zone;

	image_fixture_result = gettimeofday(&day, &zone) + zone.tz_minuteswest;
#elif defined FIXTURE_PARITY
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	image_fixture_result = now.tv_nsec % 2;
#elif defined FIXTURE_WAITS
	const time_t begin = time(NULL);

	while (time(NULL) == begin)
		;
#elif defined FIXTURE_AFFINITY
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		image_fixture_result = CPU_COUNT(&set) * 1000 + CPU_ISSET(1, &set);
#elif defined FIXTURE_SEED
	/* As a generator of random numbers might seed itself. */
	image_fixture_result = *(const long *)getauxval(AT_RANDOM);
#elif defined FIXTURE_SEED_HALF
	image_fixture_result = ((const unsigned *)getauxval(AT_RANDOM))[1];
#elif defined FIXTURE_PACKED
	/* Whole, in one word. */
	memcpy(image_fixture_bytes + 2, &argv, sizeof argv);
#elif defined FIXTURE_SPLIT
	memcpy(image_fixture_bytes + 4, &argv, sizeof argv);
#elif defined FIXTURE_GARBAGE
	long canary;

	__asm__("mov %%fs:0x28, %0" : "=r"(canary));
	memcpy(image_fixture_bytes + 2, (char *)&canary + 4, 4);
	memcpy(image_fixture_bytes + 12, &canary, 4);
	memcpy(image_fixture_bytes + 22, &argv, 2);
	/* What was called from here is over. */
	argv = __builtin_frame_address(0);
	memcpy(image_fixture_bytes + 34, &argv, 6);
#elif defined FIXTURE_ACTION
	image_fixture_result = catch_it(NULL);
#elif defined FIXTURE_ACTION_OLD
	struct sigaction old;

	image_fixture_result = catch_it(&old);
#elif defined FIXTURE_UNBLOCKS
	/* As libpthread.so before glibc 2.34. */
	change_mask(SIG_UNBLOCK, 3UL << 31);
#elif defined FIXTURE_UNBLOCKS_TRAP
	change_mask(SIG_UNBLOCK, 1UL << (SIGTRAP - 1));
#elif defined FIXTURE_RESTORES
	change_mask(SIG_SETMASK, change_mask(SIG_BLOCK, ~0UL));
#elif defined FIXTURE_BLOCKS
	change_mask(SIG_BLOCK, 1UL << (SIGUSR2 - 1));
#elif defined FIXTURE_EMPTIES
	change_mask(SIG_SETMASK, 0);
#elif defined FIXTURE_UNBLOCKS_OTHERS
	change_mask(SIG_UNBLOCK, 1UL << (SIGUSR2 - 1));
#elif defined FIXTURE_BLOCKS_MORE
	/* What is not blocked at the beginning of either run. */
	if (change_mask(SIG_BLOCK, 0))
		change_mask(SIG_BLOCK, 1UL << (SIGSEGV - 1));
#elif defined FIXTURE_ACTS_MORE
	if (change_mask(SIG_BLOCK, 0))
		signal_action(SIGUSR2, SIG_IGN);
#elif defined FIXTURE_ACTS_OTHERWISE
	signal_action(SIGUSR2, change_mask(SIG_BLOCK, 0) ? SIG_IGN : SIG_DFL);
#elif defined FIXTURE_MASK
	image_fixture_result = (long)change_mask(SIG_BLOCK, 0);
#elif defined FIXTURE_VALUE
	image_fixture_result = (long)getenv("IMAGE_FIXTURE");
#elif defined FIXTURE_COUNT
	while (environ[image_fixture_result])
		image_fixture_result++;
#elif defined FIXTURE_OPEN
	image_fixture_result = open("/etc/passwd", O_RDONLY);
#elif defined FIXTURE_ATEXIT
	image_fixture_result = atexit(say_end);
#elif defined FIXTURE_ATFORK
	image_fixture_result = pthread_atfork(NULL, NULL, say_child);
#elif defined FIXTURE_CALLS
	make_calls(getenv("IMAGE_FIXTURE"));
#elif defined FIXTURE_FILES
	for (int i = 0; i < 300; i++) {
		char name[32];

		snprintf(name, sizeof name, "/nonexistent/%d", i);
		image_fixture_result += access(name, F_OK);
	}
#elif defined FIXTURE_STREAM_SOMETIMES
	/* What is blocked at the beginning of one run only. */
	struct stat st;

	if (change_mask(SIG_BLOCK, 0))
		image_fixture_result = fstat(STDIN_FILENO, &st);
#elif defined FIXTURE_GETENVS
	for (int i = 0; i < 50; i++) {
		char name[32];

		snprintf(name, sizeof name, "IMAGE_FIXTURE_%d", i);
		image_fixture_result += getenv(name) != NULL;
	}
#elif defined FIXTURE_SETENV
	image_fixture_result = setenv("IMAGE_FIXTURE_SET", "1", 1);
#elif defined FIXTURE_RANDOM_BLOCKING
	char byte;

	image_fixture_result = getrandom(&byte, 1, GRND_RANDOM);
#elif defined FIXTURE_TRAPS
	__builtin_trap();
#elif defined FIXTURE_JUMPS
	/* To the program, from here. */
	((void (*)(void))getauxval(AT_ENTRY))();
#elif defined FIXTURE_ROUNDS
	volatile double third = 3;

	third = 1 / third;
#elif defined FIXTURE_FLUSHES
	/* Of numbers near 0, as -ffast-math has it. */
	__builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
#elif defined FIXTURE_SINGLE
	unsigned short control = 0x7f;

	__asm__ volatile("fldcw %0" : : "m"(control));
#elif defined FIXTURE_MMX
	__asm__ volatile("pxor %%mm0, %%mm0" : : : "mm0");
#elif defined FIXTURE_SEGMENT
	__asm__ volatile("wrgsbase %0" : : "r"(image_fixture_bytes));
#elif defined FIXTURE_PATCHES
	/* A function that nobody calls here, so that it returns at once. */
	unsigned char *code = (unsigned char *)(void *)clearenv;
	unsigned char *page = code - (unsigned long)code % 4096;

	if (mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0)
		*code = 0xc3;
#elif defined FIXTURE_EDITS
	char *value = getenv("IMAGE_FIXTURE");

	if (value)
		*value = '2';
#elif defined FIXTURE_EDITS_NAME
	/* The path that it was executed by. */
	*(char *)getauxval(AT_EXECFN) = '.';
#elif defined FIXTURE_EDITS_RANDOM
	*(char *)getauxval(AT_RANDOM) ^= 1;
#elif defined FIXTURE_EDITS_VECTOR
	/* Neither the first nor the last one, which are watched. */
	static char other[] = "IMAGE_FIXTURE=2";

	environ[1] = other;
#elif defined FIXTURE_INT80
	/* i386's number of getpid(), x86-64's of writev(). */
	__asm__ volatile("int $0x80" : "=a"(image_fixture_result) : "a"(20) : "memory", "cc");
#elif defined FIXTURE_INT80_STAT
	/* i386's number of write(), x86-64's of stat(), which may be called: of 0 bytes, to
	 * nowhere. */
	__asm__ volatile("int $0x80"
			 : "=a"(image_fixture_result)
			 : "a"(4), "b"(-1), "c"(0), "d"(0)
			 : "memory", "cc");
#elif defined FIXTURE_MEMORY
	many = malloc(MANY);
	pages = mmap(NULL, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!many || pages == MAP_FAILED)
		abort();
	memset(many, 'x', MANY);
	memset(pages, 'x', PAGES);
#elif defined FIXTURE_SHARED
	image_fixture_result = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				    -1, 0) == MAP_FAILED;
#endif
}
