/*
 * load STARTS CALLERS PAUSE DIRECTORY BASE - that many starts by that many parallel callers, some
 * of which are threads, of targets in DIRECTORY, one of which is replaced every PAUSE milliseconds
 * (about); and see that each start is right, that no caller has anything left of it, and that the
 * memory of callers and service, and the disk space of the session's images, do not grow.
 *
 * BASE has what the targets are made of.  The session is that of SPAWN_TEMPLATE_CACHE.
 */
#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "test/cases/lib/case.h"

enum { THREADS = 8, SAMPLE_MS = 250, SAMPLES_MAX = 1 << 20 };

/* What is measured while it runs. */
struct sample {
	long service; /* bytes resident */
	long descriptors;
	long disk; /* bytes in the session's directory */
	long files;
};

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
static long disk_bytes;
static long disk_files;

static int add_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)ftw;
	if (type == FTW_F) {
		disk_bytes += st->st_blocks * 512;
		disk_files++;
	}
	return 0;
}

/* The service of this session: its command line says so.  0 if there is none. */
static pid_t find_service(const char *session)
{
	const struct dirent *entry;
	DIR *proc = opendir("/proc");
	pid_t found = 0;

	while (proc && !found && (entry = readdir(proc))) {
		char path[300];
		char line[1024] = "";
		FILE *file;
		size_t n;

		snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
		file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "re")
									  : NULL;
		if (!file)
			continue;
		n = fread(line, 1, sizeof line - 1, file);
		fclose(file);
		if (n > 40 && strcmp(line, "spawn-template-service") == 0 &&
		    memmem(line, n, session, strlen(session) + 1))
			found = atoi(entry->d_name);
	}
	if (proc)
		closedir(proc);
	return found;
}

static long count_descriptors(pid_t pid)
{
	const struct dirent *entry;
	char path[64];
	long n = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return n;
}

static void take_sample(const char *session, pid_t service)
{
	struct sample *sample = &samples[sample_count];
	char path[64];
	FILE *file;
	long pages = 0;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)service);
	file = service ? fopen(path, "re") : NULL;
	if (file) {
		if (fscanf(file, "%*d %ld", &pages) != 1)
			pages = 0;
		fclose(file);
	}
	disk_bytes = disk_files = 0;
	nftw(session, add_file, 16, FTW_PHYS);
	*sample = (struct sample){pages * sysconf(_SC_PAGESIZE), count_descriptors(service),
				  disk_bytes, disk_files};
	if (sample_count + 1 < SAMPLES_MAX)
		sample_count++;
}

/* The largest value of a member among samples [from, to). */
static long largest(size_t offset, size_t from, size_t to)
{
	long most = 0;

	for (size_t i = from; i < to; i++) {
		long value = *(const long *)(const void *)((const char *)&samples[i] + offset);

		most = value > most ? value : most;
	}
	return most;
}

/* The last third of the time is to have no more than the first, but for a part and some slack. */
static int is_flat(const char *what, size_t offset, long slack)
{
	long first = largest(offset, 0, sample_count / 3 + 1);
	long last = largest(offset, sample_count - sample_count / 3, sample_count);

	fact("%s: at most %ld in the first third of the time, %ld in the last", what, first, last);
	return last <= first + first / 4 + slack;
}

static pid_t begin(struct load *load, void (*run)(struct load *, unsigned, unsigned), unsigned n,
		   unsigned threads)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			run(load, n, threads);
		_exit(0);
	}
	return pid;
}

static const char *base;

static void replace(struct load *load, unsigned pause_ms, unsigned unused)
{
	(void)unused;
	load_targets_replace(load, base, pause_ms);
}

/* Half of the callers are processes, half are threads; the number of processes. */
static unsigned begin_callers(struct load *load, unsigned callers, pid_t *pids)
{
	unsigned processes = 0;
	unsigned left = callers;

	while (left > 0) {
		unsigned threads = left > callers / 2 || left < THREADS ? 1 : THREADS;

		pids[processes] = begin(load, load_call, processes, threads);
		left -= threads;
		processes++;
	}
	return processes;
}

/* It is started after the command.  What it bakes in has the same command line, but later. */
static pid_t wait_for_service(const char *session)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	pid_t service = 0;

	for (int i = 0; !service && i < 1000; i++) {
		service = find_service(session);
		if (!service)
			nanosleep(&pause, NULL);
	}
	REQUIRE(service > 0);
	return service;
}

static void watch(const pid_t *pids, unsigned count, const char *session, pid_t service)
{
	const struct timespec pause = {.tv_nsec = SAMPLE_MS * 1000000L};
	unsigned running = count;

	while (running > 0) {
		int status;

		take_sample(session, service);
		for (unsigned i = 0; i < count; i++)
			if (waitpid(pids[i], &status, WNOHANG) == pids[i]) {
				REQUIRE(status == 0);
				running--;
			}
		if (running > 0)
			nanosleep(&pause, NULL);
	}
	REQUIRE(kill(service, 0) == 0);
}

static int conclude(const struct load *load, unsigned processes)
{
	unsigned replaced = 0;
	long growth = 0;
	long leaked = 0;
	int good = 1;

	for (unsigned i = 0; i < processes; i++) {
		long grown = load->memory[i].late - load->memory[i].early;

		growth = grown > growth ? grown : growth;
		leaked += load->memory[i].leaked;
	}
	for (unsigned i = 0; i < LOAD_TARGETS; i++)
		replaced += load->targets[i].done;
	fact("starts: %lu of %lu, %lu while nothing was replaced, %lu wrong", load->done,
	     load->wanted, load->passed, load->wrong);
	fact("targets replaced: %u times; %lu attempts met a file open for writing", replaced,
	     load->busy);
	fact("callers: %u processes, %ld leaks, memory grown by %ld bytes at most", processes,
	     leaked, growth);
	good &= is_flat("memory of the service", offsetof(struct sample, service), 1 << 20);
	good &= is_flat("descriptors of the service", offsetof(struct sample, descriptors), 8);
	good &= is_flat("disk of the session", offsetof(struct sample, disk), 8 << 20);
	good &= is_flat("files of the session", offsetof(struct sample, files), 16);
	return good && load->done == load->wanted && !load->wrong && !leaked && replaced > 0 &&
	       growth < 2 << 20;
}

int main(int argc, char **argv)
{
	const char *session = getenv("SPAWN_TEMPLATE_CACHE");
	struct load *load =
		mmap(NULL, sizeof *load, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[LOAD_CALLERS_MAX];
	unsigned processes;
	pid_t replacer;
	pid_t service;

	REQUIRE(argc == 6 && session && load != MAP_FAILED);
	load->wanted = strtoul(argv[1], NULL, 10);
	base = argv[5];
	service = wait_for_service(session);
	load_targets_make(load, argv[4], base);
	replacer = begin(load, replace, (unsigned)atoi(argv[3]), 1);
	processes = begin_callers(load, (unsigned)atoi(argv[2]), pids);
	watch(pids, processes, session, service);
	load->stop = true;
	REQUIRE(wait_for(replacer) == 0 && no_children());
	return conclude(load, processes) ? 0 : 1;
}
