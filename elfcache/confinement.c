#include "confinement.h"

#include "hash.h"
#include "mem.h"
#include "sys.h"

static const struct {
	char label[18];
	uint8_t base;
} status_lines[STATUS_LINES] = {
	[STATUS_TRACER] = {"TracerPid:\t", 10}, [STATUS_PERMITTED] = {"CapPrm:\t", 16},
	[STATUS_EFFECTIVE] = {"CapEff:\t", 16}, [STATUS_NO_NEW_PRIVS] = {"NoNewPrivs:\t", 10},
	[STATUS_SECCOMP] = {"Seccomp:\t", 10},  [STATUS_FILTERS] = {"Seccomp_filters:\t", 10},
};

static uint64_t number(const char *s, unsigned base)
{
	uint64_t n = 0;

	for (;; s++) {
		if (*s >= '0' && *s <= '9')
			n = n * base + (uint64_t)(*s - '0');
		else if (base == 16 && *s >= 'a' && *s <= 'f')
			n = n * base + (uint64_t)(*s - 'a') + 10;
		else
			return n;
	}
}

static void take_line(const char *line, uint64_t lines[STATUS_LINES])
{
	for (unsigned i = 0; i < STATUS_LINES; i++) {
		const char *value = mem_after_prefix(line, status_lines[i].label);

		if (value)
			lines[i] = number(value, status_lines[i].base);
	}
}

/* Line by line: that of the groups may be longer than any buffer. */
bool status_read(uint64_t lines[STATUS_LINES])
{
	int fd = sys_openat(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC, 0);
	char text[512];
	char line[48];
	size_t len = 0;
	ssize_t n;

	mem_zero(lines, STATUS_LINES * sizeof lines[0]);
	if (fd < 0)
		return false;
	while ((n = sys_read(fd, text, sizeof text)) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] != '\n') {
				if (len < sizeof line - 1)
					line[len++] = text[i];
				continue;
			}
			line[len] = '\0';
			take_line(line, lines);
			len = 0;
		}
	sys_close(fd);
	return n == 0;
}

/* Never 0. */
static uint64_t add(uint64_t hash, uint64_t word)
{
	return hash_fold(hash, word) | 1;
}

uint64_t confinement_hash(void)
{
	static const char places[][20] = {"/proc/self/ns/mnt", "/proc/self/ns/user",
					  "/proc/self/ns/pid", "/"};
	uint64_t lines[STATUS_LINES];
	uint64_t hash = 0;
	struct stat st;

	if (!status_read(lines))
		return 0;
	for (unsigned i = STATUS_PERMITTED; i < STATUS_LINES; i++)
		hash = add(hash, lines[i]);
	for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (sys_fstatat(AT_FDCWD, places[i], &st, 0))
			return 0;
		hash = add(add(hash, st.st_dev), st.st_ino);
	}
	return hash;
}
