#include "table.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/user.h>
#include <unistd.h>

#include "rights.h"

/* Variables that ld.so and malloc read before any constructor could be seen to. */
static const char *const always[] = {
	"GLIBC_TUNABLES",
	"LD_LIBRARY_PATH",
	"LD_PRELOAD",
	"LD_AUDIT",
	"LD_DEBUG",
	"LD_DEBUG_OUTPUT",
	"LD_PROFILE",
	"LD_PROFILE_OUTPUT",
	"LD_BIND_NOT",
	"LD_BIND_NOW",
	"LD_DYNAMIC_WEAK",
	"LD_TRACE_LOADED_OBJECTS",
	"LD_SHOW_AUXV",
	"LD_HWCAP_MASK",
	"LD_ORIGIN_PATH",
	"LD_USE_LOAD_BIAS",
	"LD_WARN",
	"LD_VERBOSE",
	"LD_POINTER_GUARD",
	"LD_ASSUME_KERNEL",
	"LD_PREFER_MAP_32BIT_EXEC",
	"MALLOC_CHECK_",
	"MALLOC_TOP_PAD_",
	"MALLOC_PERTURB_",
	"MALLOC_MMAP_MAX_",
	"MALLOC_MMAP_THRESHOLD_",
	"MALLOC_TRIM_THRESHOLD_",
	"MALLOC_ARENA_MAX",
	"MALLOC_ARENA_TEST",
	"MALLOC_TCACHE_COUNT",
};

enum { ALWAYS = sizeof always / sizeof always[0] };

_Static_assert((int)ALWAYS + WATCH_NAMES <= IMAGE_VARIABLES_MAX,
	       "room for a bit of each in a word");

/* Reserve `size` bytes, aligned for any of the arrays; the offset, or 0 without memory. */
static uint32_t reserve(struct table *t, size_t size)
{
	size_t at = (t->size + 7) & ~(size_t)7;
	unsigned char *more;

	if (at + size > UINT32_MAX)
		return 0;
	more = realloc(t->data, at + size);
	if (!more)
		return 0;
	memset(more + t->size, 0, at + size - t->size);
	t->data = more;
	t->size = at + size;
	return (uint32_t)at;
}

static uint32_t add(struct table *t, const void *data, size_t size)
{
	uint32_t at = reserve(t, size);

	if (at && size)
		memcpy(t->data + at, data, size);
	return at;
}

static uint32_t add_string(struct table *t, const char *s)
{
	return add(t, s, strlen(s) + 1);
}

/* The target's path and, behind its NUL, what /proc/self/exe would be; 0 if that is not known. */
static uint32_t add_target(struct table *t, const char *path, const char *program)
{
	char *exe = realpath(program, NULL);
	size_t len = strlen(path) + 1;
	size_t exe_len = exe ? strlen(exe) + 1 : 0;
	uint32_t at = exe ? reserve(t, len + exe_len) : 0;

	if (at) {
		memcpy(t->data + at, path, len);
		memcpy(t->data + at + len, exe, exe_len);
	}
	free(exe);
	return at;
}

/* The directory of what stands behind the target's path, as ld.so makes it; 0 without memory. */
static uint32_t add_origin(struct table *t, uint32_t target)
{
	const uint32_t exe = target + (uint32_t)strlen((const char *)t->data + target) + 1;
	const char *path = (const char *)t->data + exe;
	const size_t slash = (size_t)(strrchr(path, '/') - path);
	const size_t len = slash ? slash : 1;
	const uint32_t at = reserve(t, len + 1);

	if (at)
		memcpy(t->data + at, t->data + exe, len);
	return at;
}

static struct image_table *head(const struct table *t)
{
	return (struct image_table *)(void *)t->data;
}

/* An array of the table: false without memory. */
static bool put(struct table *t, size_t field, const void *data, size_t count, size_t element)
{
	const struct image_array array = {add(t, data, count * element), (uint32_t)count};

	memcpy(t->data + field, &array, sizeof array);
	return array.at != 0;
}

#define PUT(t, field, data, count) \
	put(t, offsetof(struct image_table, field), data, count, sizeof *(data))

struct file_list {
	struct image_file *list;
	size_t count;
	struct image_copy *copies;
	size_t copy_count;
	struct image_map *maps; /* those of files and of copies, in any order; then those of none */
	size_t map_count;
	size_t mapped; /* of files */
};

/* The mappings of one file, next to each other. */
static void add_maps(struct file_list *files, struct image_file *f, const struct capture *c)
{
	f->map = (uint32_t)files->map_count;
	for (size_t i = 0; i < c->remap_count; i++)
		if (c->remaps[i].path && c->remaps[i].dev == f->id.dev &&
		    c->remaps[i].ino == f->id.ino)
			files->maps[files->map_count++] = c->remaps[i].map;
	f->maps = (uint32_t)files->map_count - f->map;
	files->mapped += f->maps;
}

/* The real path of a file that is mapped: whatever name it was opened by, it is copied once. */
static const char *mapped_path(const struct capture *c, const struct identity *id)
{
	for (size_t i = 0; i < c->remap_count; i++)
		if (c->remaps[i].path && c->remaps[i].ino == id->ino && c->remaps[i].dev == id->dev)
			return c->remaps[i].path;
	return "";
}

/* The same mappings of a copy of the file, if there is one to be had. */
static int add_copy(struct table *t, struct file_list *files, struct image_file *f,
		    const struct image_source *source, const struct capture *c)
{
	const struct image_map *from = &files->maps[f->map];
	struct image_copy *to = &files->copies[files->copy_count];
	uint64_t pad = code_pad(from, f->maps);
	struct code_copy copy;

	if (!source->codes || pad == UINT64_MAX ||
	    !rights_of_all(mapped_path(c, &f->id), &f->id, R_OK) ||
	    code_copy(source->codes, &f->id, mapped_path(c, &f->id), pad, &copy))
		return 0;
	*to = (struct image_copy){.id = copy.id,
				  .path = add_string(t, copy.path),
				  .map = (uint32_t)files->map_count,
				  .maps = f->maps};
	if (!to->path)
		return -ENOMEM;
	for (uint32_t i = 0; i < f->maps; i++) {
		struct image_map *map = &files->maps[files->map_count++];

		*map = from[i];
		map->offset += pad;
		if (code_fills_page(&from[i], pad) && capture_is_free(c, map->at - pad, map->at)) {
			map->at -= pad;
			map->size += pad;
			map->offset = 0;
		}
	}
	f->copy = (uint32_t)++files->copy_count;
	return 0;
}

static bool has_maps_of(const struct file_list *files, const struct identity *id)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->list[i].maps && files->list[i].id.ino == id->ino &&
		    files->list[i].id.dev == id->dev)
			return true;
	return false;
}

/* True if the file is what it was: null if there was none.  *id: what it is. */
static bool is_unchanged(const char *path, const struct identity *was, struct identity *id)
{
	int err = identity_of(AT_FDCWD, path, was ? 0 : AT_SYMLINK_NOFOLLOW, id);

	return was ? !err && identity_equal(id, was) : err == -ENOENT || err == -ENOTDIR;
}

static int add_link(struct table *t, struct file_list *files, const struct image_link *link,
		    char why[128])
{
	struct image_file *f = &files->list[files->count++];

	f->is_link = 1;
	f->path = add_string(t, link->path);
	if (!f->path)
		return -ENOMEM;
	if (!identity_of(AT_FDCWD, link->path, AT_SYMLINK_NOFOLLOW, &f->id) &&
	    identity_equal(&f->id, &link->id))
		return 0;
	snprintf(why, 128, "%.100s changed meanwhile", link->path);
	return -ENOTSUP;
}

/* rights: what start-up has done with it, or could have, as each process must be able to that the
   image is for.  Whether it may read what is mapped is seen when resume opens it. */
static int add_file(struct table *t, struct file_list *files, const struct image_source *source,
		    const struct capture *c, const char *path, const struct identity *was,
		    int rights, char why[128])
{
	struct image_file *f = &files->list[files->count];
	bool absent = !was;

	if (!is_unchanged(path, was, &f->id)) {
		snprintf(why, 128, "%.100s changed meanwhile", path);
		return -ENOTSUP;
	}
	f->absent = absent;
	f->path = add_string(t, path);
	if (!f->path)
		return -ENOMEM;
	if (!absent && !has_maps_of(files, &f->id))
		add_maps(files, f, c);
	if (!absent && !rights_of_all(path, &f->id, f->maps ? rights & ~R_OK : rights)) {
		snprintf(why, 128, "its start-up uses %.60s, as not everybody may", path);
		return -ENOTSUP;
	}
	files->count++;
	return f->maps ? add_copy(t, files, f, source, c) : 0;
}

/* Every file that the process depends on; all mapped files must be among them. */
static int add_files(struct table *t, const struct image_source *source, const struct watch *w,
		     const struct capture *c, char why[128])
{
	struct file_list files = {
		.list = calloc(w->file_count + source->link_count + 4, sizeof *files.list),
		.copies = calloc(w->file_count + 4, sizeof *files.copies),
		.maps = calloc(2 * c->remap_count + 1, sizeof *files.maps),
	};
	size_t mapped = 0;
	size_t bare;
	int err = files.list && files.copies && files.maps ? 0 : -ENOMEM;

	if (!err)
		err = add_file(t, &files, source, c, source->target, &source->target_id, 0, why);
	if (!err)
		err = add_file(t, &files, source, c, source->interpreter, &source->interpreter_id,
			       0, why);
	if (!err && source->script_args)
		err = add_file(t, &files, source, c, source->program, &source->program_id, 0, why);
	/* Behind a symbolic link the same file may come to have another name, which /proc/self/exe
	   and $ORIGIN show. */
	if (!err && source->moved)
		err = add_file(t, &files, source, c, source->moved, &source->program_id, 0, why);
	for (size_t i = 0; !err && i < source->link_count; i++)
		err = add_link(t, &files, &source->links[i], why);
	for (unsigned i = 0; !err && i < w->file_count; i++)
		err = add_file(t, &files, source, c, w->files[i].path,
			       w->files[i].absent ? NULL : &w->files[i].id, w->files[i].rights,
			       why);
	for (size_t i = 0; i < c->remap_count; i++)
		mapped += c->remaps[i].path != NULL;
	if (!err && mapped != files.mapped) {
		snprintf(why, 128, "it maps a file that was replaced meanwhile");
		err = -ENOTSUP;
	}
	bare = files.map_count;
	for (size_t i = 0; !err && i < c->remap_count; i++)
		if (!c->remaps[i].path)
			files.maps[files.map_count++] = c->remaps[i].map;
	head(t)->bare_map = (uint32_t)bare;
	head(t)->bare_maps = (uint32_t)(files.map_count - bare);
	if (!err && (!PUT(t, files, files.list, files.count) ||
		     !PUT(t, copies, files.copies, files.copy_count) ||
		     !PUT(t, maps, files.maps, files.map_count)))
		err = -ENOMEM;
	free(files.list);
	free(files.copies);
	free(files.maps);
	return err;
}

/* "NAME=value" as it stands in envp, or "NAME" if it is not set. */
static const char *definition(char *const envp[], const char *name)
{
	size_t len = strlen(name);

	while (*envp && (strncmp(*envp, name, len) != 0 || (*envp)[len] != '='))
		envp++;
	return *envp ? *envp : name;
}

static int add_variables(struct table *t, const struct image_source *source, const struct watch *w)
{
	struct image_variable list[ALWAYS + WATCH_NAMES];

	for (unsigned i = 0; i < ALWAYS + w->name_count; i++) {
		const char *name = i < ALWAYS ? always[i] : w->names[i - ALWAYS];

		list[i].name_len = (uint32_t)strlen(name);
		list[i].text = add_string(t, definition(source->envp, name));
		if (!list[i].text)
			return -ENOMEM;
	}
	return PUT(t, variables, list, ALWAYS + w->name_count) ? 0 : -ENOMEM;
}

/* The pages of one segment that are not zero, and of them those that follow each other in one. */
static int add_contents_of(struct table *t, const struct segment *s, struct image_content *list,
			   size_t *count)
{
	static const unsigned char zeros[PAGE_SIZE];
	uint64_t end;

	for (uint64_t at = 0; at < s->data_size; at = end + PAGE_SIZE) {
		end = at;
		while (end < s->data_size && memcmp(s->data + end, zeros, sizeof zeros) != 0)
			end += PAGE_SIZE;
		if (end == at)
			continue;
		list[*count] = (struct image_content){s->at + at, (uint32_t)(end - at),
						      add(t, s->data + at, end - at)};
		if (!list[(*count)++].data)
			return -ENOMEM;
	}
	return 0;
}

static int add_contents(struct table *t, const struct capture *c)
{
	struct image_content *list;
	size_t pages = 0;
	size_t count = 0;
	int err = 0;

	for (size_t i = 0; i < c->segment_count; i++)
		pages += c->segments[i].is_copied ? c->segments[i].data_size / PAGE_SIZE : 0;
	if (!pages)
		return 0;
	list = calloc(pages, sizeof *list);
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; !err && i < c->segment_count; i++)
		if (c->segments[i].is_copied)
			err = add_contents_of(t, &c->segments[i], list, &count);
	if (!err && !PUT(t, contents, list, count))
		err = -ENOMEM;
	free(list);
	return err;
}

int table_build(struct table *t, const struct image_source *source, const struct place *p,
		const struct watch *w, const struct capture *c, char why[128])
{
	uint32_t target;
	uint32_t origin;
	int err = 0;

	*t = (struct table){0};
	t->size = sizeof(struct image_table);
	t->data = calloc(1, t->size);
	if (!t->data)
		return -ENOMEM;
	*head(t) = (struct image_table){
		.magic = IMAGE_MAGIC,
		.version = IMAGE_VERSION,
		.entry = p->aux[AT_ENTRY],
		.rdx = w->rdx,
		.mxcsr = w->mxcsr,
		.fs_base = w->fs_base,
		.tid_address = w->tid_address,
		.robust_list = w->robust_list,
		.robust_list_size = w->robust_list_size,
		.rseq = w->rseq,
		.rseq_size = w->rseq_size,
		.rseq_signature = w->rseq_signature,
		.stack_guard = w->fs_base + 0x28,
		.at_phdr = p->aux[AT_PHDR],
		.at_phent = p->aux[AT_PHENT],
		.at_phnum = p->aux[AT_PHNUM],
		.at_base = p->aux[AT_BASE],
		.at_entry = p->aux[AT_ENTRY],
		.uid = (uint32_t)geteuid(),
		.gid = (uint32_t)getegid(),
		.uses_fstat = w->uses_fstat,
		.streams = (uint8_t)w->streams,
		.stream_kinds = (uint8_t)c->stream_kinds,
		.own_bytes = c->own_bytes,
		.vdso_size = p->vdso_size,
		.script_args = source->script_args,
		.clock_gettime = w->clock_gettime,
		.unblocked = w->unblocked,
	};
	target = add_target(t, source->target, source->program);
	origin = target ? add_origin(t, target) : 0;
	head(t)->target = target;
	head(t)->origin = origin;
	if (!origin || !PUT(t, fixes, c->fixes, c->fix_count) ||
	    !PUT(t, protects, c->protects, c->protect_count) ||
	    !PUT(t, touches, c->touches, c->touch_count) ||
	    !PUT(t, stream_words, c->stream_words, c->stream_word_count) ||
	    !PUT(t, limits, w->limits, w->limit_count) ||
	    !PUT(t, bounds, w->bounds, w->bound_count) ||
	    !PUT(t, affinities, w->affinities, w->affinity_count) ||
	    !PUT(t, actions, w->actions, w->action_count))
		err = -ENOMEM;
	if (!err)
		err = add_files(t, source, w, c, why);
	if (!err)
		err = add_variables(t, source, w);
	if (!err)
		err = add_contents(t, c);
	head(t)->size = (uint32_t)t->size;
	if (err) {
		free(t->data);
		*t = (struct table){0};
	}
	return err;
}
