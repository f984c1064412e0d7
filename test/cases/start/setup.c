#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "../lib/case.h"
#include "start.h"

static void on_signal(int sig)
{
	(void)sig;
}

static void place(int fd, int at, int flags)
{
	REQUIRE(fd != -1);
	if (fd == at)
		return;
	REQUIRE(dup3(fd, at, flags) == at);
	REQUIRE(close(fd) == 0);
}

static void setup_descriptors(void)
{
	int pair[2];

	make_file("read", "0123456789", 0600);
	make_file("append", "xx", 0600);
	place(open("read", O_RDONLY), 5, 0);
	REQUIRE(lseek(5, 3, SEEK_SET) == 3);
	place(open("read", O_RDONLY), 6, O_CLOEXEC);
	place(open("append", O_WRONLY | O_APPEND), 7, 0);
	REQUIRE(pipe2(pair, O_NONBLOCK) == 0);
	place(pair[0], 20, 0);
	place(pair[1], 21, 0);
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	place(pair[0], 22, 0);
	place(pair[1], 23, O_CLOEXEC);
	place(memfd_create("memory", 0), 24, 0);
	place(eventfd(3, 0), 25, 0);
	place(open(".", O_PATH | O_DIRECTORY), 26, 0);
	place(open("read", O_RDONLY), 199, 0);
}

static void setup_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
	sigset_t set;

	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGRTMIN + 5, SIG_IGN);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGRTMIN + 6, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	sigaddset(&set, SIGALRM);
	REQUIRE(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	REQUIRE(sigaltstack(&stack, NULL) == 0);
	raise(SIGUSR1);
	raise(SIGRTMIN + 3);
}

static void set_limit(__rlimit_resource_t resource, rlim_t soft)
{
	struct rlimit limit;

	REQUIRE(getrlimit(resource, &limit) == 0);
	if (limit.rlim_max < soft)
		return;
	limit.rlim_cur = soft;
	REQUIRE(setrlimit(resource, &limit) == 0);
}

static void setup_scheduling(void)
{
	const struct sched_param param = {0};
	cpu_set_t cpus;

	sched_getaffinity(0, sizeof cpus, &cpus);
	for (size_t cpu = CPU_SETSIZE; cpu-- > 0 && CPU_COUNT(&cpus) > 1;)
		CPU_CLR(cpu, &cpus);
	sched_setaffinity(0, sizeof cpus, &cpus);
	sched_setscheduler(0, SCHED_BATCH, &param);
	setpriority(PRIO_PROCESS, 0, 3);
	syscall(SYS_ioprio_set, 1, 0, 3 << 13);
	prctl(PR_SET_TIMERSLACK, 77777);
}

/* A filter that allows everything: only its presence matters. */
static void setup_seccomp(void)
{
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, allow};

	REQUIRE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	if (write(fd, text, strlen(text)) == -1)
		fact("cannot write %s: %s", path, error_name(errno));
	close(fd);
}

void setup_rich(void)
{
	setup_descriptors();
	setup_signals();
	set_limit(RLIMIT_CORE, 8192);
	set_limit(RLIMIT_NOFILE, 200);
	set_limit(RLIMIT_FSIZE, 1 << 30);
	set_limit(RLIMIT_STACK, 6 << 20);
	set_limit(RLIMIT_CPU, 3000);
	setup_scheduling();
	write_file("/proc/self/oom_score_adj", "17");
	write_file("/proc/self/coredump_filter", "0x7f");
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	prctl(PR_SET_NAME, "other name");
	personality(ADDR_NO_RANDOMIZE);
	setup_seccomp();
	umask(027);
	REQUIRE(mkdir("sub", 0700) == 0);
	REQUIRE(chdir("sub") == 0);
	setenv("STARTER", "../starter", 1);
}

void setup_rich_child(void)
{
	const struct itimerval later = {.it_interval = {7, 0}, .it_value = {1000, 0}};

	raise(SIGUSR1);
	kill(getpid(), SIGRTMIN + 3);
	setitimer(ITIMER_REAL, &later, NULL);
	setitimer(ITIMER_VIRTUAL, &later, NULL);
	prctl(PR_SET_PDEATHSIG, SIGURG);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}
