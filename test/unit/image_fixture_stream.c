/*
 * A library to preload whose constructor looks at standard input, and keeps of it what is named in
 * IMAGE_FIXTURE; its destructor says what that was.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What libLLVM 19 keeps of standard error. */
static struct {
	int fd;
	bool is_sought;
	bool is_file;
	long position;
} kept;

static long value;
static const void *address;
static long values[20];
static struct {
	_Alignas(4096) long value;
	char rest[4096 - sizeof(long)];
} page;

static void keep_libllvms(long position, bool is_file)
{
	kept.fd = STDIN_FILENO;
	kept.is_sought = position >= 0;
	kept.is_file = is_file;
	kept.position = position < 0 ? 0 : position;
}

static void keep_many(const char *what, bool is_file)
{
	for (int i = 0; i < (strcmp(what, "many") == 0 ? 20 : 15); i++)
		values[i] = is_file;
}

static void block(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void keep_protected(bool is_file)
{
	page.value = is_file;
	if (mprotect(&page, sizeof page, PROT_READ))
		abort();
}

/* What is done rather than kept. */
static void act(const char *what, bool is_file)
{
	if (strcmp(what, "file") == 0)
		value = is_file && access("/etc/passwd", F_OK) == 0 ? 2 : 1;
	else if (strcmp(what, "variable") == 0)
		value = is_file && getenv("IMAGE_FIXTURE_OTHER") ? 2 : 1;
	else if (strcmp(what, "many") == 0 || strcmp(what, "15") == 0)
		keep_many(what, is_file);
	else if (strcmp(what, "protected") == 0)
		keep_protected(is_file);
	else if (strcmp(what, "blocks") == 0 && is_file)
		block();
	else if (strcmp(what, "exits") == 0 && is_file)
		_exit(3);
}

__attribute__((constructor)) static void look(int argc, char **argv)
{
	const char *what = getenv("IMAGE_FIXTURE");
	const long position = lseek(STDIN_FILENO, 0, SEEK_CUR);
	struct stat st;

	if (!what || fstat(STDIN_FILENO, &st))
		return;

	const bool is_file = S_ISREG(st.st_mode);
	const bool is_device = S_ISCHR(st.st_mode) && position == 0;
	const struct {
		const char *what;
		long value;
	} numbers[] = {
		{"position", position},
		{"half", (int)position},
		{"begin", position == 0},
		{"end", position == st.st_size},
		{"begin_of_content", position == 0 && st.st_size > 0},
		{"beyond", position > st.st_size},
		{"size", is_file ? st.st_size : 0},
		{"inode", is_file ? (long)st.st_ino : 0},
		{"argc", is_file ? argc : 0},
		{"argc_or_1", is_file ? argc : 1},
		{"device_argc", is_device ? argc : 0},
		{"device_mode", is_device ? (long)st.st_mode : 0},
		{"owner", st.st_uid == getauxval(AT_EUID)},
		{"group", st.st_gid == getauxval(AT_EGID)},
		{"fifo", S_ISFIFO(st.st_mode)},
		{"terminal", S_ISCHR(st.st_mode)},
		{"socket", S_ISSOCK(st.st_mode)},
	};
	const struct {
		const char *what;
		const void *address;
	} addresses[] = {
		{"argv", is_file ? argv : NULL},
		{"no_argv", is_file ? NULL : argv},
		{"vdso", is_file ? (const void *)getauxval(AT_SYSINFO_EHDR) : NULL},
	};

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (strcmp(what, numbers[i].what) == 0)
			value = numbers[i].value;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		if (strcmp(what, addresses[i].what) == 0)
			address = addresses[i].address;
	if (strcmp(what, "libllvms") == 0)
		keep_libllvms(position, is_file);
	act(what, is_file);
}

__attribute__((destructor)) static void say(void)
{
	long sum = value + page.value;

	for (int i = 0; i < 20; i++)
		sum += (i + 1) * values[i];
	dprintf(STDOUT_FILENO, "%d %d %d %ld %ld %d, errno %d\n", kept.fd, kept.is_sought,
		kept.is_file, kept.position, sum, address != NULL, errno);
}
