/*
 * The targets of `load`, and how they are replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "load_version.h"
#include "test/cases/lib/case.h"

enum { FILE_MAX = 1 << 20, IN_PLACE_ATTEMPTS = 200 };

struct file {
	char *data;
	size_t size;
	size_t version; /* where in it */
};

/* A file with a mark, as it was compiled. */
static struct file read_base(const char *base, const char *name)
{
	char path[LOAD_PATH_MAX];
	struct file file = {.data = malloc(FILE_MAX)};
	char *mark;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "%s/%s", base, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	REQUIRE(fd >= 0 && file.data);
	n = read(fd, file.data, FILE_MAX);
	close(fd);
	REQUIRE(n > 0 && n < FILE_MAX);
	file.size = (size_t)n;
	mark = memmem(file.data, file.size, LOAD_MARK, sizeof LOAD_MARK);
	file.version = mark ? (size_t)(mark - file.data) : 0;
	return file;
}

static struct load_version make_version(unsigned number)
{
	return (struct load_version){LOAD_MARK, number, ~number};
}

/* A new file that has its name when it is complete. */
static void put_file(const char *path, const void *data, size_t size)
{
	char other[LOAD_PATH_MAX + 8];
	int fd;

	snprintf(other, sizeof other, "%s.new", path);
	fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	REQUIRE(close(fd) == 0 && rename(other, path) == 0);
}

static void put_version(const char *path, const struct file *base, unsigned number)
{
	const struct load_version version = make_version(number);
	char *data = malloc(base->size);

	REQUIRE(data && base->version);
	memcpy(data, base->data, base->size);
	memcpy(data + base->version, &version, sizeof version);
	put_file(path, data, base->size);
	free(data);
}

static void put_script(const char *path, unsigned number)
{
	char text[128];
	int n = snprintf(text, sizeof text, "#!/bin/sh\necho \"$1 %u $2\"\nexit $(($2 %% 90))\n",
			 number);

	put_file(path, text, (size_t)n);
}

static void put(const struct load_target *target, const char *base, unsigned number)
{
	struct file file;

	if (target->kind == LOAD_SCRIPT) {
		put_script(target->replaced, number);
		return;
	}
	file = read_base(base, target->kind == LOAD_LIBRARY ? "libversion.so" : "target");
	put_version(target->replaced, &file, number);
	free(file.data);
}

/* As long as a program is running, its file cannot be opened for writing. */
static void write_in_place(struct load_target *target, const char *base)
{
	const struct timespec pause = {.tv_nsec = 200000};
	struct file file = read_base(base, "target");
	unsigned number = target->done + 1;
	struct load_version version = make_version(number);
	int fd = -1;

	for (int i = 0; fd < 0 && i < IN_PLACE_ATTEMPTS; i++) {
		fd = open(target->replaced, O_WRONLY | O_CLOEXEC);
		REQUIRE(fd >= 0 || errno == ETXTBSY);
		if (fd < 0)
			nanosleep(&pause, NULL);
	}
	if (fd >= 0) {
		target->begun = number;
		REQUIRE(pwrite(fd, &version, sizeof version, (off_t)file.version) ==
			sizeof version);
		target->done = number;
		close(fd);
	}
	free(file.data);
}

void load_targets_make(struct load *load, const char *directory, const char *base)
{
	static const enum load_kind kinds[LOAD_TARGETS] = {
		LOAD_STABLE,   LOAD_RENAMED,  LOAD_RENAMED, LOAD_RENAMED,
		LOAD_IN_PLACE, LOAD_IN_PLACE, LOAD_LIBRARY, LOAD_SCRIPT,
	};

	for (unsigned i = 0; i < LOAD_TARGETS; i++) {
		struct load_target *target = &load->targets[i];
		char place[LOAD_PATH_MAX - 32];

		target->kind = kinds[i];
		REQUIRE(snprintf(place, sizeof place, "%s/%u", directory, i) < (int)sizeof place);
		REQUIRE(mkdir(place, 0755) == 0);
		snprintf(target->name, sizeof target->name, "target%u", i);
		snprintf(target->path, sizeof target->path, "%s/target%u", place, i);
		if (target->kind == LOAD_LIBRARY)
			snprintf(target->replaced, sizeof target->replaced, "%s/libversion.so",
				 place);
		else
			memcpy(target->replaced, target->path, sizeof target->path);
		put(target, base, 0);
		if (target->kind == LOAD_LIBRARY) {
			struct file linked = read_base(base, "linked");

			put_file(target->path, linked.data, linked.size);
			free(linked.data);
		}
	}
}

/* Numbers below 65536 that need not be good, only many. */
static unsigned draw(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

void load_targets_replace(struct load *load, const char *base, unsigned pause_ms)
{
	unsigned seed = 1;

	while (!load->stop) {
		struct load_target *target = &load->targets[draw(&seed) % LOAD_TARGETS];
		unsigned ms = draw(&seed) % (2 * pause_ms + 1);
		const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

		if (target->kind == LOAD_IN_PLACE) {
			write_in_place(target, base);
		} else if (target->kind != LOAD_STABLE) {
			target->begun = target->begun + 1;
			put(target, base, target->begun);
			target->done = target->begun;
		}
		nanosleep(&pause, NULL);
	}
}
