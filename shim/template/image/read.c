#include "read.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static bool is_inside(uint64_t at, uint64_t size, uint64_t whole)
{
	return at <= whole && size <= whole - at;
}

/* The segment in which resume begins: its table stands RESUME_CODE_SIZE further on. */
static const struct image_table *find_table(const unsigned char *data, size_t size)
{
	const Elf64_Ehdr *eh = (const void *)data;
	const struct image_table *table = NULL;
	const Elf64_Phdr *ph;

	if (size < sizeof *eh || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0 ||
	    eh->e_phentsize != sizeof *ph || eh->e_phoff % sizeof(uint64_t) ||
	    !is_inside(eh->e_phoff, eh->e_phnum * sizeof *ph, size))
		return NULL;
	ph = (const void *)(data + eh->e_phoff);
	for (size_t i = 0; i < eh->e_phnum; i++) {
		uint64_t begin = eh->e_entry - ph[i].p_vaddr;
		uint64_t at = ph[i].p_offset + begin + RESUME_CODE_SIZE;

		if (ph[i].p_type != PT_LOAD)
			continue;
		/* Beyond the end of the file there is SIGBUS. */
		if (!is_inside(ph[i].p_offset, ph[i].p_filesz, size))
			return NULL;
		if (begin >= ph[i].p_filesz)
			continue;
		if (at % sizeof(uint64_t) || !is_inside(at, sizeof(struct image_table), size))
			return NULL;
		table = (const void *)(data + at);
	}
	return table;
}

static bool has_string(const struct image_table *t, uint32_t offset)
{
	return offset < t->size && memchr((const char *)t + offset, 0, t->size - offset);
}

static bool has_array(const struct image_table *t, const struct image_array *array, size_t element)
{
	return array->count == 0 || (array->at % sizeof(uint64_t) == 0 &&
				     is_inside(array->at, array->count * element, t->size));
}

static bool has_files(const struct image_view *v)
{
	const struct image_table *t = v->table;

	for (uint32_t i = 0; i < t->files.count; i++) {
		const struct image_file *f = image_file(v, i);

		if (!has_string(t, f->path) || !is_inside(f->map, f->maps, t->maps.count) ||
		    f->copy > t->copies.count)
			return false;
	}
	return t->files.count > 0;
}

static bool has_copies(const struct image_view *v)
{
	const struct image_table *t = v->table;

	for (uint32_t i = 0; i < t->copies.count; i++) {
		const struct image_copy *copy = image_copy(v, i);

		if (!has_string(t, copy->path) || !is_inside(copy->map, copy->maps, t->maps.count))
			return false;
	}
	return true;
}

static bool has_contents(const struct image_table *t)
{
	const struct image_content *list = (const void *)((const char *)t + t->contents.at);

	for (uint32_t i = 0; i < t->contents.count; i++)
		if (!is_inside(list[i].data, list[i].size, t->size))
			return false;
	return true;
}

static bool has_variables(const struct image_table *t)
{
	const struct image_variable *list = (const void *)((const char *)t + t->variables.at);

	for (uint32_t i = 0; i < t->variables.count; i++)
		if (!has_string(t, list[i].text) ||
		    list[i].name_len > strlen((const char *)t + list[i].text))
			return false;
	return true;
}

/* The target's path, and the real one behind it. */
static bool has_target(const struct image_table *t)
{
	return has_string(t, t->target) &&
	       has_string(t, t->target + (uint32_t)strlen((const char *)t + t->target) + 1);
}

static bool is_whole(const struct image_view *v)
{
	const struct image_table *t = v->table;
	size_t room = v->size - (size_t)((const unsigned char *)t - v->data);

	if (t->magic != IMAGE_MAGIC || t->version != IMAGE_VERSION || t->size < sizeof *t ||
	    t->size > room || !has_target(t) || !has_string(t, t->origin) ||
	    !has_array(t, &t->files, sizeof(struct image_file)) ||
	    !has_array(t, &t->copies, sizeof(struct image_copy)) ||
	    !has_array(t, &t->maps, sizeof(struct image_map)) ||
	    !is_inside(t->bare_map, t->bare_maps, t->maps.count) ||
	    !has_array(t, &t->fixes, sizeof(struct image_fix)) ||
	    !has_array(t, &t->protects, sizeof(struct image_protect)) ||
	    !has_array(t, &t->variables, sizeof(struct image_variable)) ||
	    !has_array(t, &t->affinities, sizeof(struct image_affinity)) ||
	    !has_array(t, &t->actions, sizeof(struct image_action)) ||
	    !has_array(t, &t->stream_words, sizeof(struct image_stream_word)) ||
	    !has_array(t, &t->bounds, sizeof(struct image_bound)) ||
	    !has_array(t, &t->limits, sizeof(struct image_limit)) ||
	    !has_array(t, &t->touches, sizeof(struct image_touch)) ||
	    !has_array(t, &t->contents, sizeof(struct image_content)))
		return false;
	return has_files(v) && has_copies(v) && has_contents(t) && has_variables(t);
}

/* A section's content, of which every offset of a string is in it, and ends there. */
static bool is_strings(const struct image_view *v, const Elf64_Shdr *s)
{
	return s->sh_type == SHT_STRTAB && s->sh_size && !v->data[s->sh_offset + s->sh_size - 1];
}

static bool has_symbols(const struct image_view *v, const Elf64_Shdr *list, size_t count,
			const Elf64_Shdr *table)
{
	const Elf64_Sym *symbols = (const void *)(v->data + table->sh_offset);
	size_t symbol_count = table->sh_size / sizeof *symbols;

	if (table->sh_entsize != sizeof *symbols || table->sh_size % sizeof *symbols ||
	    table->sh_offset % sizeof(uint64_t) || table->sh_info > symbol_count ||
	    table->sh_link >= count || !is_strings(v, &list[table->sh_link]))
		return false;
	for (size_t i = 0; i < symbol_count; i++)
		if (symbols[i].st_name >= list[table->sh_link].sh_size ||
		    symbols[i].st_shndx >= count)
			return false;
	return true;
}

/* What tools read of it (sections.h), if there is anything. */
static bool has_sections(const struct image_view *v)
{
	const Elf64_Ehdr *eh = (const void *)v->data;
	const Elf64_Shdr *list;

	if (eh->e_shnum == 0)
		return eh->e_shoff == 0 && eh->e_shstrndx == 0;
	if (eh->e_shentsize != sizeof *list || eh->e_shoff % sizeof(uint64_t) ||
	    !is_inside(eh->e_shoff, eh->e_shnum * sizeof *list, v->size) ||
	    eh->e_shstrndx >= eh->e_shnum)
		return false;
	list = (const void *)(v->data + eh->e_shoff);
	for (size_t i = 0; i < eh->e_shnum; i++)
		if (list[i].sh_type != SHT_NOBITS &&
		    !is_inside(list[i].sh_offset, list[i].sh_size, v->size))
			return false;
	if (!is_strings(v, &list[eh->e_shstrndx]))
		return false;
	for (size_t i = 0; i < eh->e_shnum; i++)
		if (list[i].sh_name >= list[eh->e_shstrndx].sh_size ||
		    (list[i].sh_type == SHT_SYMTAB && !has_symbols(v, list, eh->e_shnum, &list[i])))
			return false;
	return true;
}

int image_read(int fd, struct image_view *view)
{
	struct stat st;
	void *data;

	*view = (struct image_view){0};
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(Elf64_Ehdr))
		return -EINVAL;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	view->data = data;
	view->size = (size_t)st.st_size;
	view->table = find_table(view->data, view->size);
	if (view->table && is_whole(view) && has_sections(view))
		return 0;
	image_read_end(view);
	return -EINVAL;
}

void image_read_end(struct image_view *view)
{
	if (view->data)
		munmap((void *)(uintptr_t)view->data, view->size);
	*view = (struct image_view){0};
}

const char *image_target(const struct image_view *view)
{
	return (const char *)view->table + view->table->target;
}

const struct image_file *image_file(const struct image_view *view, uint32_t i)
{
	const void *list = (const char *)view->table + view->table->files.at;

	return (const struct image_file *)list + i;
}

const char *image_file_path(const struct image_view *view, const struct image_file *file)
{
	return (const char *)view->table + file->path;
}

const struct image_copy *image_copy(const struct image_view *view, uint32_t i)
{
	const void *list = (const char *)view->table + view->table->copies.at;

	return (const struct image_copy *)list + i;
}

const char *image_copy_path(const struct image_view *view, const struct image_copy *copy)
{
	return (const char *)view->table + copy->path;
}

const char *image_stale_file(const struct image_view *view)
{
	for (uint32_t i = 0; i < view->table->files.count; i++) {
		const struct image_file *f = image_file(view, i);
		const char *path = image_file_path(view, f);
		struct identity id;
		int flags = f->absent || f->is_link ? AT_SYMLINK_NOFOLLOW : 0;
		int err = identity_of(AT_FDCWD, path, flags, &id);

		if (f->absent ? err != -ENOENT && err != -ENOTDIR
			      : err || !identity_equal(&id, &f->id))
			return path;
	}
	return NULL;
}
