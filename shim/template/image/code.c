/*
 * Hazards, and what answers each:
 *  1. The file is replaced or changed while it is copied.  It must be the same before and after.
 *  2. Whoever copies is killed.  A copy gets its name when it is whole; what was left unfinished is
 *     removed when the same file is copied again.
 *  3. Several copy at once, as `bake` does in several terminals.  The directory of the copy is
 *     locked meanwhile.
 *  4. It is mapped and executed by processes that have other rights: it can be read by its owner
 *     alone, as images are, and holds nothing that its owner could not read.
 */
#include "code.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/user.h>
#include <unistd.h>

#include "../../../elfcache/image_name.h"
#include "unfinished.h"
#include "whole.h"

enum { LINK_MAX = 256 };

uint64_t code_store_bytes(int images)
{
	int fd = openat(images, "../" IMAGE_CODE_DIRECTORY,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *keys = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *key;
	uint64_t bytes = 0;

	if (!keys) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((key = readdir(keys))) {
		int keyfd =
			openat(fd, key->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		DIR *files = keyfd < 0 || key->d_name[0] == '.' ? NULL : fdopendir(keyfd);
		const struct dirent *file;
		struct stat st;

		while (files && (file = readdir(files)))
			if (fstatat(keyfd, file->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			    S_ISREG(st.st_mode))
				bytes += (uint64_t)st.st_blocks * 512;
		if (files)
			closedir(files);
		else if (keyfd >= 0)
			close(keyfd);
	}
	closedir(keys);
	return bytes;
}

void code_store_open(struct code_store *s, int images, uint64_t limit)
{
	static const char name[] = "../" IMAGE_CODE_DIRECTORY;
	char link[32];
	ssize_t length;

	*s = (struct code_store){.dirfd = -1, .limit = limit};
	if (!limit || (mkdirat(images, name, 0700) && errno != EEXIST))
		return;
	s->dirfd = openat(images, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dirfd < 0)
		return;
	snprintf(link, sizeof link, "/proc/self/fd/%d", s->dirfd);
	length = readlink(link, s->path, sizeof s->path - 1);
	if (length <= 0 || s->path[0] != '/' || length == sizeof s->path - 1)
		code_store_close(s);
	else
		s->path[length] = '\0';
}

void code_store_close(struct code_store *s)
{
	if (s->dirfd >= 0)
		close(s->dirfd);
	s->dirfd = -1;
}

/*
 * Program headers, in the page before the file.  Notes are left out, here and of the sections: by
 * the build id perf(1) finds a file with debugging information, whose offsets are not those of the
 * copy.
 */
static void describe_segments(const char *file, uint64_t size, uint64_t pad, char *page)
{
	Elf64_Ehdr *eh = (void *)page;
	Elf64_Phdr *ph = (void *)(page + sizeof *eh);
	const uint64_t from = eh->e_phoff;

	if (eh->e_phentsize != sizeof *ph || eh->e_phnum > (PAGE_SIZE - sizeof *eh) / sizeof *ph ||
	    from > size || size - from < eh->e_phnum * sizeof *ph) {
		eh->e_phnum = 0;
		return;
	}
	memcpy(ph, file + from, eh->e_phnum * sizeof *ph);
	for (size_t i = 0; i < eh->e_phnum; i++) {
		ph[i].p_offset += pad;
		if (ph[i].p_type == PT_NOTE)
			ph[i].p_type = PT_NULL;
	}
	eh->e_phoff = sizeof *eh;
}

/* True if it leads to other files: the build id, or the link to debugging information. */
static bool is_reference(const Elf64_Shdr *s)
{
	return s->sh_type == SHT_NOTE ||
	       (s->sh_type == SHT_PROGBITS && !(s->sh_flags & SHF_ALLOC) && s->sh_size <= LINK_MAX);
}

/* The section headers of a file, shifted; *count is 0, and nothing is allocated, without any. */
static Elf64_Shdr *shift_sections(int fd, const Elf64_Ehdr *eh, const struct identity *id,
				  uint64_t pad, size_t *count)
{
	const size_t size = eh->e_shnum * sizeof(Elf64_Shdr);
	Elf64_Shdr *list;

	*count = 0;
	if (!size || eh->e_shentsize != sizeof *list || eh->e_shoff > id->size ||
	    size > id->size - eh->e_shoff)
		return NULL;
	list = malloc(size);
	if (!list || whole_read(fd, list, size, eh->e_shoff)) {
		free(list);
		return NULL;
	}
	*count = eh->e_shnum;
	for (size_t i = 0; i < *count; i++)
		if (is_reference(&list[i]))
			list[i] = (Elf64_Shdr){.sh_type = SHT_NULL};
		else if (list[i].sh_type != SHT_NULL)
			list[i].sh_offset += pad;
	return list;
}

/* A copy in the making. */
struct job {
	int from;
	int to;
	const struct identity *id;
	uint64_t pad;
};

/* The headers in front of a shifted file and behind it; the first piece is in memory. */
static int describe(void *data, char *piece)
{
	const struct job *j = data;
	const uint64_t behind = (j->pad + j->id->size + 7) & ~UINT64_C(7);
	const uint64_t room = LARGE_PAGE - j->pad;
	const uint64_t here = j->id->size < room ? j->id->size : room;
	Elf64_Ehdr *eh = (void *)piece;
	Elf64_Shdr *sections;
	size_t count;
	int err;

	if (here < sizeof *eh)
		return -ENOEXEC;
	memcpy(eh, piece + j->pad, sizeof *eh);
	describe_segments(piece + j->pad, here, j->pad, piece);
	sections = shift_sections(j->from, eh, j->id, j->pad, &count);
	eh->e_shoff = count ? behind : 0;
	eh->e_shnum = (Elf64_Half)count;
	err = count ? whole_write(j->to, sections, count * sizeof *sections, behind) : 0;
	free(sections);
	return err;
}

static bool is_same(int fd, const struct identity *id)
{
	struct identity now;

	return identity_of(fd, "", AT_EMPTY_PATH, &now) == 0 && identity_equal(&now, id);
}

static int copy_file(int to, const struct identity *id, const char *path, uint64_t pad)
{
	const int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct job j = {.from = from, .to = to, .id = id, .pad = pad};
	int err;

	if (from < 0)
		return -errno;
	err = is_same(from, id) ? 0 : -ESTALE;
	if (!err)
		err = large_copy(from, to, id->size, pad, describe, &j);
	if (!err && !is_same(from, id))
		err = -ESTALE;
	close(from);
	if (!err)
		large_collapse(to, pad + id->size);
	return err;
}

/* Make the copy `name` in the directory keyfd. */
static int make(int keyfd, const char *name, const struct identity *id, const char *path,
		uint64_t pad)
{
	int fd = unfinished_create(keyfd, 0600);

	return fd < 0 ? fd : unfinished_end(keyfd, fd, name, 0400, copy_file(fd, id, path, pad));
}

static bool has_room(const struct code_store *s, const struct identity *id)
{
	uint64_t bytes = code_store_bytes(s->dirfd);

	return bytes <= s->limit && id->size + 2 * LARGE_PAGE <= s->limit - bytes;
}

int code_copy(const struct code_store *s, const struct identity *id, const char *path, uint64_t pad,
	      struct code_copy *copy)
{
	const char *name = image_base_name(path);
	char key[IMAGE_KEY_SIZE];
	char shifted[PATH_MAX + 32];
	int keyfd;
	int err;

	if (s->dirfd < 0)
		return -ENOENT;
	snprintf(shifted, sizeof shifted, "%s+%llx", path, (unsigned long long)pad);
	image_key(id, shifted, key);
	if (snprintf(copy->path, sizeof copy->path, "%s/%s/%s", s->path, key, name) >=
	    (int)sizeof copy->path)
		return -ENAMETOOLONG;
	keyfd = unfinished_directory(s->dirfd, key, true);
	if (keyfd < 0)
		return keyfd;
	flock(keyfd, LOCK_EX);
	err = identity_of(keyfd, name, AT_SYMLINK_NOFOLLOW, &copy->id);
	if (err == -ENOENT)
		err = has_room(s, id) ? make(keyfd, name, id, path, pad) : -ENOSPC;
	if (!err)
		err = identity_of(keyfd, name, AT_SYMLINK_NOFOLLOW, &copy->id);
	if (!err && (!S_ISREG(copy->id.mode) || copy->id.size < pad + id->size))
		err = -EINVAL;
	close(keyfd);
	if (err)
		unlinkat(s->dirfd, key, AT_REMOVEDIR);
	return err;
}

uint64_t code_pad(const struct image_map *maps, size_t count)
{
	const struct image_map *code = NULL;
	uint64_t constant = 0;

	for (size_t i = 0; i < count; i++) {
		if (!(maps[i].prot & PROT_WRITE))
			constant += maps[i].size;
		if (!code && (maps[i].prot & PROT_EXEC))
			code = &maps[i];
	}
	/* Mostly data, or so small that it makes little difference. */
	if (!code || constant < CODE_MIN || code->size < constant / CODE_PART_MIN)
		return UINT64_MAX;
	return constant < CODE_PAGE_MIN ? 0 : (code->at - code->offset) & (LARGE_PAGE - 1);
}

uint64_t code_place(uint64_t end, const struct code_object *o, uint64_t *lowest)
{
	/* Whole pages that it may have to be moved up by. */
	uint64_t room = o->align > PAGE_SIZE ? o->align - PAGE_SIZE : 0;
	uint64_t at = end - room - o->size;
	bool is_large = o->constant >= CODE_PAGE_MIN && o->constant <= o->size;

	/* Large pages end where the code and constants do: what is behind is written to. */
	if (is_large)
		at = ((at + o->constant) & ~(LARGE_PAGE - 1)) - o->constant;
	if (room)
		at += (o->from - at) & (o->align - 1);
	*lowest = at;
	if (!is_large)
		return at;
	*lowest =
		LARGE_PAGE - (at & (LARGE_PAGE - 1)) >= CODE_PAGE_MIN ? at & ~(LARGE_PAGE - 1) : at;
	return at;
}

bool code_fills_page(const struct image_map *map, uint64_t pad)
{
	uint64_t first = LARGE_PAGE - pad;

	return map->offset == 0 && pad != 0 && pad == (map->at & (LARGE_PAGE - 1)) &&
	       first >= CODE_PAGE_MIN && map->size >= first;
}
