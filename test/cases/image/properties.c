/*
 * properties PLUGIN ... - print what a program can rely on from its first instruction on.
 */
#include "property.h"

#include <assert.h>
#include <ctype.h>
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <langinfo.h>
#include <link.h>
#include <locale.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <wchar.h>

#include "../../old_libc.h"
#include "tell.h"

extern char **environ;
extern char end[];

static __thread int of_program = 41;
static __thread char zeroed[5000];

static bool in_mapping(const char *name, const void *p)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	bool found = false;

	REQUIRE(maps != NULL);
	while (fgets(line, sizeof line, maps)) {
		unsigned long from;
		unsigned long to;

		if (sscanf(line, "%lx-%lx", &from, &to) == 2 && (uintptr_t)p >= from &&
		    (uintptr_t)p < to)
			found = strstr(line, name) != NULL;
	}
	fclose(maps);
	return found;
}

static void say_thread_local(const char *where)
{
	fact("%s: thread-local %d %d %d %s %s, zeroed %d %d, aligned %d", where, of_program,
	     *library_static_word(), *library_dynamic_word(), library_block(),
	     library_aligned_block(), zeroed[0], zeroed[4999],
	     (uintptr_t)library_aligned_block() % 64 == 0);
}

static void *in_thread(void *place)
{
	say_thread_local("in a thread");
	of_program++;
	*library_static_word() += 10;
	*library_dynamic_word() += 10;
	library_block()[99999] = 'x';
	*(int **)place = &of_program;
	return library_static_word();
}

static void thread_local_variables(void)
{
	for (int i = 0; i < 3; i++) {
		int *place = NULL;
		pthread_t thread;
		void *word;

		REQUIRE(pthread_create(&thread, NULL, in_thread, &place) == 0);
		REQUIRE(pthread_join(thread, &word) == 0);
		fact("another in the thread: %d %d", place != &of_program,
		     word != library_static_word());
	}
	say_thread_local("afterwards");
}

static void program_break(void)
{
	char *before = sbrk(0);
	char *first = malloc(1000);
	char *after = sbrk(0);
	char *own;
	struct mallinfo2 info = mallinfo2();

	fact("break: page aligned %d %d, behind the program %d", (uintptr_t)before % 4096 == 0,
	     (uintptr_t)after % 4096 == 0, before > end);
	library_heap();
	fact("malloc: in the heap %d, as the kernel says %d, arena %zu, mapped %zu",
	     first < after && first > end, in_mapping("[heap]", first), (size_t)info.arena,
	     (size_t)info.hblks);
	for (size_t size = 1; size < 1 << 17; size = size * 3 / 2 + 1) {
		char *p = malloc(size);

		REQUIRE(p != NULL);
		memset(p, 0x5a, size);
		if (!in_mapping("[heap]", p))
			fact("malloc(%zu) is not in the heap", size);
	}
	own = sbrk(10000);
	fact("sbrk: at the old break %d, moves it %ld", own != (char *)-1 && own >= after,
	     (long)((char *)sbrk(0) - own));
	memset(own, 1, 10000);
	fact("sbrk back: %d", sbrk(-10000) == own + 10000);
	fact("brk(0): %d", brk(0) == -1 ? errno : 0);
	first = malloc(1 << 20);
	fact("a large block: in the heap %d", in_mapping("[heap]", first));
	free(first);
	fact("trim: %d", malloc_trim(0));
	info = mallinfo2();
	fact("arena %zu", (size_t)info.arena);
}

static void stack(void)
{
	pthread_attr_t attributes;
	struct rlimit limit;
	void *bottom;
	size_t size;
	size_t guard;
	int here;

	REQUIRE(pthread_getattr_np(pthread_self(), &attributes) == 0);
	REQUIRE(pthread_attr_getstack(&attributes, &bottom, &size) == 0);
	REQUIRE(pthread_attr_getguardsize(&attributes, &guard) == 0);
	REQUIRE(getrlimit(RLIMIT_STACK, &limit) == 0);
	/* libc's end is that of the page with argc in it; environ may begin on the next. */
	fact("stack: here %d, environment %d, less than the limit by %d, guard %zu",
	     (char *)&here > (char *)bottom && (char *)&here < (char *)bottom + size,
	     (char *)environ < (char *)bottom + size + 4096, limit.rlim_cur - size < 3 << 20,
	     guard);
	pthread_attr_destroy(&attributes);
	REQUIRE(pthread_attr_init(&attributes) == 0);
	REQUIRE(pthread_attr_getstacksize(&attributes, &size) == 0);
	fact("stack of threads: %zu", size);
	fact("[stack]: %d", in_mapping("[stack]", &here));
}

static void auxiliary_vector(char **argv)
{
	static const unsigned long equal[] = {
		AT_HWCAP, AT_HWCAP2, AT_PAGESZ, AT_CLKTCK, AT_PHENT,  AT_PHNUM,      AT_FLAGS,
		AT_UID,   AT_EUID,   AT_GID,    AT_EGID,   AT_SECURE, AT_MINSIGSTKSZ};
	const ElfW(Phdr) *phdr = (const void *)getauxval(AT_PHDR);
	const char *name = (const char *)getauxval(AT_EXECFN);
	const unsigned char *random = (const void *)getauxval(AT_RANDOM);
	Dl_info info = {0};
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof equal / sizeof equal[0]; i++)
		fact("auxiliary %lu: %lu", equal[i], getauxval(equal[i]));
	fact("platform: %s", (const char *)getauxval(AT_PLATFORM));
	fact("executed as: %s", name);
	fact("argv[0]: %s on the stack: %d", argv[0], in_mapping("[stack]", argv[0]));
	fact("program headers: first is PT_PHDR %d, of the program %d", phdr->p_type == PT_PHDR,
	     dladdr(phdr, &info) && strstr(info.dli_fname, "properties") != NULL);
	fact("loader: %d",
	     dladdr((void *)getauxval(AT_BASE), &info) && strstr(info.dli_fname, "ld-"));
	fact("entry: %d", dladdr((void *)getauxval(AT_ENTRY), &info) &&
				  strstr(info.dli_fname, "properties") != NULL);
	fact("vDSO: %d", in_mapping("[vdso]", (void *)getauxval(AT_SYSINFO_EHDR)));
	for (int i = 0; i < 16; i++)
		sum += random[i];
	fact("random: %d, on the stack %d", sum > 0, in_mapping("[stack]", random));
}

static void names(void)
{
	char name[17] = "";
	char comm[32] = "";
	int fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, comm, sizeof comm - 1);

	close(fd);
	REQUIRE(prctl(PR_GET_NAME, name) == 0 && n > 0);
	comm[n - 1] = '\0';
	fact("names: %s %s %s %s", name, comm, program_invocation_name,
	     program_invocation_short_name);
	pthread_getname_np(pthread_self(), name, sizeof name);
	fact("thread: %s", name);
}

static int assertion(void *unused)
{
	(void)unused;
	assert(of_program == 0);
	return 0;
}

static int errors(void *unused)
{
	(void)unused;
	errno = ENOENT;
	warn("by %s", "warn");
	error(0, EPERM, "by error");
	error_at_line(0, 0, "file", 3, "by error_at_line");
	fprintf(stderr, "by %s\n", program_invocation_name);
	optind = 1;
	char *argv[] = {program_invocation_name, strdup("-z"), NULL};
	fact("getopt: %d", getopt(2, argv, "a"));
	psignal(SIGHUP, "by psignal");
	return 3;
}

static void messages(void)
{
	fact("errors: %s", status_text(in_child(errors, NULL)));
	fact("assert: %s", status_text(in_child(assertion, NULL)));
}

static int forked(void *unused)
{
	(void)unused;
	library_forks("child");
	say_thread_local("child");
	fact("process: %d %d", getpid() == gettid(), getppid() > 1);
	return 0;
}

static void forks(void)
{
	char *wiped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	REQUIRE(wiped != MAP_FAILED && madvise(wiped, 4096, MADV_WIPEONFORK) == 0);
	*wiped = 1;
	fact("fork: %s", status_text(in_child(forked, NULL)));
	library_forks("parent");
	pid = fork();
	if (pid == 0)
		_exit(*wiped);
	fact("wiped: %s", status_text(wait_for(pid)));
}

static int print_object(struct dl_phdr_info *info, size_t size, void *data)
{
	int *n = data;

	if (strstr(info->dlpi_name, "spawn_template"))
		return 0;
	fact("object %d: '%s', %d headers, TLS module %zu, data %d, %d", ++*n,
	     strstr(info->dlpi_name, "vdso") ? "vdso" : info->dlpi_name, info->dlpi_phnum,
	     info->dlpi_tls_modid, info->dlpi_tls_data != NULL, size >= sizeof *info);
	return 0;
}

static void linking(const char *plugin)
{
	const char *(*seen)(void);
	int *(*of_thread)(void);
	void *program = dlopen(NULL, RTLD_NOW);
	void *handle;
	Dl_info info = {0};
	int objects = 0;

	dl_iterate_phdr(print_object, &objects);
	fact("dladdr: main in %s as %s",
	     dladdr((void *)(uintptr_t)linking, &info) ? info.dli_fname : "",
	     info.dli_sname ? info.dli_sname : "(nothing)");
	fact("dladdr: printf in %s as %s",
	     dladdr((void *)(uintptr_t)printf, &info) ? info.dli_fname : "", info.dli_sname);
	fact("dlsym: %d %d %d", dlsym(program, "library_order") == (void *)(uintptr_t)library_order,
	     dlsym(RTLD_DEFAULT, "printf") == (void *)(uintptr_t)printf,
	     dlsym(RTLD_NEXT, "malloc") != NULL);
	fact("dlopen of what there is: %d", dlopen("libc.so.6", RTLD_NOLOAD | RTLD_NOW) != NULL);
	fact("dlopen of what is not: %d %s", dlopen("libnone.so", RTLD_NOW) != NULL, dlerror());
	handle = dlopen(plugin, RTLD_NOW);
	REQUIRE(handle != NULL);
	seen = (const char *(*)(void))dlsym(handle, "plugin_seen");
	of_thread = (int *(*)(void))dlsym(handle, "plugin_of_thread");
	REQUIRE(seen && of_thread);
	fact("plugin: %s", seen());
	fact("plugin's thread-local: %d", *of_thread());
	fact("dlclose: %d", dlclose(handle));
	handle = dlopen("libm.so.6", RTLD_LAZY);
	fact("libm: %d", handle && dlsym(handle, "cos") != NULL);
	fact("chosen function: %d", library_chosen());
}

static volatile sig_atomic_t signals;
static volatile bool on_other_stack;
static char other_stack[65536];
static sigjmp_buf jump;

static void on_signal(int number)
{
	char here;

	on_other_stack = &here >= other_stack && &here < other_stack + sizeof other_stack;
	signals++;
	if (number == SIGSEGV)
		siglongjmp(jump, 1);
}

static void signal_handling(void)
{
	const stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	int jumped;

	REQUIRE(sigaltstack(&stack, NULL) == 0);
	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
	raise(SIGUSR1);
	fact("signals: %d, on its stack: %d", (int)signals, on_other_stack);
	jumped = sigsetjmp(jump, 1);
	if (!jumped)
		*(volatile int *)8 = 1;
	fact("jumped: %d, signals: %d", jumped, (int)signals);
	pthread_kill(pthread_self(), SIGUSR1);
	fact("signals: %d", (int)signals);
}

static void *signal_main(void *main_thread)
{
	fact("to the main thread: %d", pthread_kill(*(pthread_t *)main_thread, SIGUSR1));
	return NULL;
}

/* What depends on the thread's number, and on its list of robust mutexes. */
static void thread_identity(void)
{
	pthread_t self = pthread_self();
	pthread_mutexattr_t attributes;
	pthread_mutex_t mutex;
	pthread_t thread;
	int count = signals;

	REQUIRE(pthread_create(&thread, NULL, signal_main, &self) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	fact("arrived: %d", (int)signals - count);
	REQUIRE(pthread_mutexattr_init(&attributes) == 0);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	REQUIRE(pthread_mutex_init(&mutex, &attributes) == 0);
	fact("mutex: %d %s", pthread_mutex_lock(&mutex), error_name(pthread_mutex_lock(&mutex)));
	fact("unlocked: %d %s", pthread_mutex_unlock(&mutex),
	     error_name(pthread_mutex_unlock(&mutex)));
	fact("scheduling: %d", pthread_getschedparam(self, &count, &(struct sched_param){0}));
	fact("processor: %d", sched_getcpu() >= 0);
}

static void library_state(void)
{
	unsigned char bytes[16] = {0};
	unsigned classes = 0;
	unsigned sum = 0;
	wchar_t wide[8] = {0};

	for (int c = 0; c < 256; c++)
		classes = classes * 31 +
			  (unsigned)(!!isalpha(c) + 2 * !!isspace(c) + 4 * !!isupper(c)) +
			  (unsigned)toupper(c);
	fact("ctype: %u, locale: %s, codeset: %s", classes, setlocale(LC_ALL, NULL),
	     nl_langinfo(CODESET));
	fact("another locale: %s", setlocale(LC_ALL, "C.UTF-8"));
	fact("wide: %zu %u", mbstowcs(wide, "\303\244b", 8), (unsigned)wide[0]);
	setlocale(LC_ALL, "C");
	REQUIRE(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		sum += bytes[i];
	fact("random bytes: %d", sum > 0);
	fact("first of random: %ld, of lrand48: %ld", random(), lrand48());
	fact("buffers: %d, %d", BUFSIZ, setvbuf(stdin, NULL, _IOLBF, 0));
	fact("processors: %d", sysconf(_SC_NPROCESSORS_ONLN) > 0);
	fact("environment: %s, %d", getenv("HOME") ? "HOME" : "none", clearenv());
	fact("order of constructors: %s", library_order());
	fact("times: %d %d", time(NULL) > 1000000000, clock() >= 0);
}

static void at_exit(void)
{
	fact("at exit, registered by main");
	say_thread_local("at exit");
}

int main(int argc, char **argv)
{
	REQUIRE(argc >= 2);
	setlinebuf(stdout);
	tell((const void *)main);
	say_thread_local("at first");
	program_break();
	stack();
	auxiliary_vector(argv);
	names();
	messages();
	thread_local_variables();
	forks();
	linking(argv[1]);
	signal_handling();
	thread_identity();
	library_state();
	atexit(at_exit);
	fputs("left in the buffer", stdout);
	return 5;
}
