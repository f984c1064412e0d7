#include "maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PAGE_SIZE = 4096, PAGES_AT_ONCE = 512 };

#define PAGEMAP_PRESENT (UINT64_C(1) << 63)
#define PAGEMAP_SWAPPED (UINT64_C(1) << 62)
#define PAGEMAP_FILE    (UINT64_C(1) << 61)

/* A hexadecimal or decimal number and the character behind it, or *ok is false. */
static uint64_t number(const char **at, int base, char behind, bool *ok)
{
	char *end;
	uint64_t n = strtoull(*at, &end, base);

	*ok = *ok && end != *at && *end == behind;
	*at = *ok ? end + 1 : *at;
	return n;
}

/* START-END PROT OFFSET MAJOR:MINOR INODE, blanks, PATH: proc_pid_maps(5). */
static int parse_line(const char *line, struct mapping *m)
{
	const char *at = line;
	const char *prot;
	uint64_t major;
	bool ok = true;

	m->start = number(&at, 16, '-', &ok);
	m->end = number(&at, 16, ' ', &ok);
	prot = at;
	if (!ok || strlen(prot) < 5)
		return -EINVAL;
	m->prot = (prot[0] == 'r' ? PROT_READ : 0) | (prot[1] == 'w' ? PROT_WRITE : 0) |
		  (prot[2] == 'x' ? PROT_EXEC : 0);
	at += 5;
	m->offset = number(&at, 16, ' ', &ok);
	major = number(&at, 16, ':', &ok);
	m->dev = makedev((unsigned)major, (unsigned)number(&at, 16, ' ', &ok));
	m->ino = number(&at, 10, at[strspn(at, "0123456789")] == '\n' ? '\n' : ' ', &ok);
	if (!ok)
		return -EINVAL;
	at += strspn(at, " ");
	m->path = strndup(at, strcspn(at, "\n"));
	return m->path ? 0 : -ENOMEM;
}

int mappings_parse(FILE *f, struct mappings *m)
{
	char *line = NULL;
	size_t size = 0;
	size_t room = 0;
	int err = 0;

	*m = (struct mappings){0};
	while (!err && getline(&line, &size, f) > 0) {
		if (m->count == room) {
			struct mapping *more;

			room = room ? room * 2 : 64;
			more = reallocarray(m->list, room, sizeof *more);
			if (!more) {
				err = -ENOMEM;
				break;
			}
			m->list = more;
		}
		err = parse_line(line, &m->list[m->count]);
		if (!err)
			m->count++;
	}
	free(line);
	if (err)
		mappings_free(m);
	return err;
}

int mappings_read(pid_t pid, struct mappings *m)
{
	char name[32];
	FILE *f;
	int err;

	*m = (struct mappings){0};
	snprintf(name, sizeof name, "/proc/%d/maps", (int)pid);
	f = fopen(name, "re");
	if (!f)
		return -errno;
	err = mappings_parse(f, m);
	fclose(f);
	return err;
}

void mappings_free(struct mappings *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->list[i].path);
	free(m->list);
	*m = (struct mappings){0};
}

const struct mapping *mappings_at(const struct mappings *m, uint64_t at)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->list[i].start <= at && at < m->list[i].end)
			return &m->list[i];
	return NULL;
}

const struct mapping *mappings_named(const struct mappings *m, const char *path)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->list[i].path, path) == 0)
			return &m->list[i];
	return NULL;
}

static unsigned char state_of(uint64_t entry)
{
	if (!(entry & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)))
		return PAGE_ABSENT;
	return (entry & PAGEMAP_FILE) ? PAGE_FILE : PAGE_OWN;
}

static size_t at_most(size_t n, size_t bound)
{
	return n < bound ? n : bound;
}

int pages_read(pid_t pid, uint64_t start, uint64_t end, unsigned char *states)
{
	uint64_t entries[PAGES_AT_ONCE];
	uint64_t page = start / PAGE_SIZE;
	uint64_t last = end / PAGE_SIZE;
	char name[32];
	int err = 0;
	int fd;

	snprintf(name, sizeof name, "/proc/%d/pagemap", (int)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (page < last && !err) {
		size_t want = at_most(last - page, PAGES_AT_ONCE);
		ssize_t got = pread(fd, entries, want * sizeof entries[0],
				    (off_t)(page * sizeof entries[0]));

		if (got != (ssize_t)(want * sizeof entries[0])) {
			err = got < 0 ? -errno : -EIO;
			break;
		}
		for (size_t i = 0; i < want; i++)
			*states++ = state_of(entries[i]);
		page += want;
	}
	close(fd);
	return err;
}
