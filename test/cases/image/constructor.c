/*
 * A library whose constructor, WHAT_..., looks at something or does something that is another in
 * every process, and main() for a program that says what came of it.  Natively the constructor runs
 * in that very process; whatever an image does, nobody may be able to tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#ifdef LIBRARY

char text[4096];
const char *pointer = text;
size_t used;

static void add(const char *s)
{
	used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", s ? s : "(null)");
	if (used >= sizeof text)
		used = sizeof text - 1;
}

static void add_number(unsigned long n)
{
	char s[32];

	snprintf(s, sizeof s, "%lu", n);
	add(s);
}

#if defined(WHAT_atfork)
static void after_fork(void)
{
	add("after fork");
}
#elif defined(WHAT_atexit)
static void at_exit(void)
{
	printf("at exit: %s", text);
}
#elif defined(WHAT_signal)
static void on_signal(int number)
{
	(void)number;
}
#elif defined(WHAT_key)
static void at_thread_end(void *value)
{
	printf("thread ends: %s\n", (char *)value);
}
#endif

__attribute__((constructor)) static void construct(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
#if defined(WHAT_getenv)
	add(getenv("WORD"));
#elif defined(WHAT_secure_getenv)
	add(secure_getenv("WORD"));
#elif defined(WHAT_getenv_pointer)
	pointer = getenv("WORD");
#elif defined(WHAT_environ)
	for (char **e = environ; *e; e++)
		if (strncmp(*e, "WORD=", 5) == 0)
			add(*e);
#elif defined(WHAT_envp)
	for (char **e = envp; *e; e++)
		if (strncmp(*e, "WORD=", 5) == 0)
			add(*e);
#elif defined(WHAT_environ_first)
	if (environ[0] && strncmp(environ[0], "WORD=", 5) == 0)
		add(environ[0]);
#elif defined(WHAT_environ_rest)
	/* All but the first. */
	for (char **e = environ + 1; *e; e++)
		if (strncmp(*e, "WORD=", 5) == 0)
			add(*e);
#elif defined(WHAT_environ_end) || defined(WHAT_environ_last)
	/* The auxiliary vector, by its first entry, is behind it, below what it points to. */
	const unsigned long vdso = getauxval(AT_SYSINFO_EHDR);
	unsigned long *at = (unsigned long *)(getauxval(AT_RANDOM) & ~7UL);

	while (at[0] != AT_SYSINFO_EHDR || at[1] != vdso)
		at--;
	for (char **e = (char **)(at - 2); *e; e--) {
		if (strncmp(*e, "WORD=", 5) == 0)
			add(*e);
#if defined(WHAT_environ_last)
		break;
#endif
	}
#elif defined(WHAT_environ_count)
	unsigned long n = 0;

	while (environ[n])
		n++;
	add_number(n);
#elif defined(WHAT_argc)
	add_number((unsigned long)argc);
#elif defined(WHAT_argv0)
	add(argv[0]);
#elif defined(WHAT_argv1)
	add(argv[1]);
#elif defined(WHAT_argv_count)
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "two") == 0)
			add("two");
#elif defined(WHAT_argv_end)
	while (*++argv)
		if (strcmp(*argv, "two") == 0)
			add("two");
#elif defined(WHAT_argv_pointer)
	pointer = argv[1];
#elif defined(WHAT_invocation_name)
	add(program_invocation_name);
	add(program_invocation_short_name);
#elif defined(WHAT_name_compared)
	if (strcmp(argv[0], "other-name") == 0)
		add("another name");
#elif defined(WHAT_name_first_byte)
	if (argv[0][0] == 'o')
		add("another name");
#elif defined(WHAT_invocation_name_compared)
	if (program_invocation_short_name[0] == 'o')
		add("another name");
#elif defined(WHAT_execfn)
	add((const char *)getauxval(AT_EXECFN));
#elif defined(WHAT_setenv)
	setenv("CONSTRUCTED", "yes", 1);
#elif defined(WHAT_unsetenv)
	unsetenv("WORD");
#elif defined(WHAT_putenv)
	static char definition[] = "CONSTRUCTED=put";

	putenv(definition);
#elif defined(WHAT_clearenv)
	clearenv();
#elif defined(WHAT_setlocale)
	add(setlocale(LC_ALL, ""));
#elif defined(WHAT_newlocale)
	locale_t locale = newlocale(LC_ALL_MASK, "", (locale_t)0);

	add(locale ? "there" : "not there");
#elif defined(WHAT_uname)
	struct utsname name;

	uname(&name);
	add(name.nodename);
	add(name.release);
#elif defined(WHAT_hostname)
	char name[HOST_NAME_MAX + 1] = "";

	gethostname(name, sizeof name);
	add(name);
#elif defined(WHAT_getrandom4) || defined(WHAT_getrandom8) || defined(WHAT_getrandom16)
	uint64_t seed[2] = {1, 1};
#if defined(WHAT_getrandom4)
	const size_t size = 4;
#elif defined(WHAT_getrandom8)
	const size_t size = 8;
#else
	const size_t size = 16;
#endif

	if (getrandom(seed, size, 0) < 0)
		abort();
	/* As a generator's state, of which the seed cannot be told any more. */
	add_number((seed[0] * 6364136223846793005 + seed[1]) >> 3);
#elif defined(WHAT_at_random)
	uint64_t seed;

	memcpy(&seed, (const void *)getauxval(AT_RANDOM), sizeof seed);
	add_number(seed * 6364136223846793005 >> 3);
#elif defined(WHAT_stack_address)
	add_number((uintptr_t)&argc >> 4);
#elif defined(WHAT_getpid)
	add_number((unsigned long)getpid());
#elif defined(WHAT_getppid)
	add(getppid() == 0 ? "no parent" : "a parent");
#elif defined(WHAT_getcwd)
	char cwd[PATH_MAX];

	add(getcwd(cwd, sizeof cwd));
#elif defined(WHAT_umask)
	mode_t mask = umask(0);

	umask(mask);
	add_number(mask);
#elif defined(WHAT_isatty)
	add_number((unsigned long)isatty(0));
#elif defined(WHAT_nofile)
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	add_number(limit.rlim_cur);
#elif defined(WHAT_sysconf)
	add_number((unsigned long)sysconf(_SC_OPEN_MAX));
#elif defined(WHAT_file)
	FILE *file = fopen(getauxval(AT_SECURE) ? "/" : FILE_NAME, "re");
	char line[80] = "no file";

	if (file) {
		if (!fgets(line, sizeof line, file))
			abort();
		fclose(file);
	}
	line[strcspn(line, "\n")] = '\0';
	add(line);
#elif defined(WHAT_stat)
	struct stat st;

	add(stat(FILE_NAME, &st) == 0 ? "there" : "not there");
#elif defined(WHAT_access)
	add(access(FILE_NAME, R_OK) == 0 ? "readable" : "not readable");
#elif defined(WHAT_descriptor)
	add_number((unsigned long)open("/etc/passwd", O_RDONLY));
#elif defined(WHAT_signal)
	signal(SIGUSR1, on_signal);
#elif defined(WHAT_atfork)
	pthread_atfork(NULL, NULL, after_fork);
#elif defined(WHAT_atexit)
	add("text");
	atexit(at_exit);
#elif defined(WHAT_key)
	static pthread_key_t key;

	pthread_key_create(&key, at_thread_end);
	pthread_setspecific(key, "main");
	add(pthread_getspecific(key));
#elif defined(WHAT_wipe_on_fork)
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	strcpy(page, "secret");
	madvise(page, 4096, MADV_WIPEONFORK);
	pointer = page;
#elif defined(WHAT_stdio)
	printf("printed by the constructor\n");
	fprintf(stderr, "and this\n");
#elif defined(WHAT_stdio_buffer)
	static char buffer[1024];

	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
	fputs("kept by the constructor; ", stdout);
#elif defined(WHAT_malloc)
	char *memory = malloc(100);

	strcpy(memory, "allocated");
	pointer = memory;
#elif defined(WHAT_time)
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	add_number((unsigned long)now.tv_nsec * 977);
#elif defined(WHAT_rand)
	srand((unsigned)(uintptr_t)getauxval(AT_RANDOM));
	add("seeded");
#elif defined(WHAT_exit)
	if (getenv("WORD") && strcmp(getenv("WORD"), "b") == 0) {
		puts("ended by the constructor");
		exit(3);
	}
#elif defined(WHAT_textdomain)
	add(bindtextdomain("none", "/nonexistent"));
	add(textdomain("none"));
#elif defined(WHAT_errno)
	errno = EDOM;
#elif defined(WHAT_affinity)
	add_number((unsigned long)sysconf(_SC_NPROCESSORS_ONLN));
#elif defined(WHAT_nothing)
#else
#error "which constructor?"
#endif
}

#else

#include <sys/wait.h>

#include "tell.h"

extern char text[];
extern const char *pointer;

int main(int argc, char **argv)
{
	int error = errno;
	unsigned long variables = 0;

	tell(text);
	while (environ[variables])
		variables++;
	printf("constructed: %s", text);
	printf("pointer: %s\n", pointer ? pointer : "(null)");
	printf("errno: %d\n", error);
	printf("WORD: %s, CONSTRUCTED: %s\n", getenv("WORD") ? getenv("WORD") : "(null)",
	       getenv("CONSTRUCTED") ? getenv("CONSTRUCTED") : "(null)");
	printf("arguments: %d %s\n", argc, argv[1]);
	printf("pointer is the variable: %d; is the argument: %d\n", pointer == getenv("WORD"),
	       pointer == argv[1]);
	printf("descriptor 3: %d\n", fcntl(3, F_GETFD));
	setenv("ADDED", "later", 1);
	printf("ADDED: %s\n", getenv("ADDED"));
	fflush(stdout);
	if (fork() == 0) {
		printf("in a child: %s%s\n", text, pointer ? pointer : "(null)");
		exit(0);
	}
	wait(NULL);
	return 0;
}

#endif
