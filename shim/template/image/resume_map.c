/*
 * The files that the image depends on: each looked at as ld.so does, and mapped.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../../elfcache/sys.h"
#include "resume_part.h"

/* All that a copy of code has in common with the one that is put in its place (renew.h). */
static bool same_copy(const struct identity *id, const struct stat *st)
{
	return st->st_dev == id->dev && (uint64_t)st->st_size == id->size &&
	       st->st_mode == id->mode && st->st_uid == id->uid && st->st_gid == id->gid &&
	       st->st_mtim.tv_sec == id->mtime_sec && st->st_mtim.tv_nsec == id->mtime_nsec;
}

static bool same_file(const struct identity *id, const struct stat *st)
{
	return st->st_ino == id->ino && st->st_ctim.tv_sec == id->ctime_sec &&
	       st->st_ctim.tv_nsec == id->ctime_nsec && same_copy(id, st);
}

static bool map_pages(const struct image_map *m, int fd)
{
	int flags = MAP_PRIVATE | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS | MAP_NORESERVE : 0);

	return sys_mmap((void *)m->at, m->size, (int)m->prot, flags, fd, (off_t)m->offset) ==
	       (void *)m->at;
}

/* As ld.so does: of glibc 2.33 to 2.38 with newfstatat(2). */
static int look_at(const struct process *p, int fd, struct stat *st)
{
	return p->table->uses_fstat ? sys_fstat(fd, st) : sys_fstatat(fd, "", st, AT_EMPTY_PATH);
}

/* Look at the file of that name, without following a link that it is if is_link_meant. */
static int look_for(const struct process *p, const char *path, bool is_link_meant, struct stat *st)
{
	int closed;
	int err;
	int fd;

	if (!p->table->uses_fstat)
		return sys_fstatat(AT_FDCWD, path, st, is_link_meant ? AT_SYMLINK_NOFOLLOW : 0);
	fd = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC | (is_link_meant ? O_NOFOLLOW : 0), 0);
	if (fd < 0)
		return fd;
	err = sys_fstat(fd, st);
	closed = sys_close(fd);
	return err ? err : closed;
}

/* Open a file, see that it is the one, and map what the image wants of it. */
static bool map_from(const struct process *p, uint32_t path, const struct identity *id,
		     bool (*same)(const struct identity *, const struct stat *), uint32_t map,
		     uint32_t count)
{
	const struct image_map *maps = at_offset(p->table, p->table->maps.at);
	struct stat st;
	bool ok;
	int fd = sys_openat(AT_FDCWD, at_offset(p->table, path), O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return false;
	ok = !look_at(p, fd, &st) && same(id, &st);
	for (uint32_t i = 0; ok && i < count; i++)
		ok = map_pages(&maps[map + i], fd);
	return !sys_close(fd) && ok;
}

static bool is_fresh(const struct process *p, const struct image_file *f)
{
	const char *path = at_offset(p->table, f->path);
	struct stat st;
	int err = look_for(p, path, f->absent || f->is_link, &st);

	return f->absent ? err == -ENOENT || err == -ENOTDIR : !err && same_file(&f->id, &st);
}

static bool map_file(const struct process *p, const struct image_file *f)
{
	const struct image_copy *copies = at_offset(p->table, p->table->copies.at);
	const struct image_copy *copy = f->copy ? &copies[f->copy - 1] : 0;

	if ((copy || f->maps == 0) && !is_fresh(p, f))
		return false;
	if (f->maps == 0 ||
	    (copy && map_from(p, copy->path, &copy->id, same_copy, copy->map, copy->maps)))
		return true;
	return map_from(p, f->path, &f->id, same_file, f->map, f->maps);
}

bool resume_map(const struct process *p)
{
	const struct image_table *t = p->table;
	const struct image_file *files = at_offset(t, t->files.at);
	const struct image_map *maps = at_offset(t, t->maps.at);

	for (uint32_t i = 0; i < t->files.count; i++)
		if (!map_file(p, &files[i]))
			return false;
	for (uint32_t i = 0; i < t->bare_maps; i++)
		if (!map_pages(&maps[t->bare_map + i], -1))
			return false;
	return true;
}
