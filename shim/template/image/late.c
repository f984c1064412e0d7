/*
 * Hazards, and what answers each:
 *  1. Something is read of the process that is not what it is taken for.  All sizes are bounded,
 *     and what cannot be read counts as found: then nothing is bound, as it is natively.
 *  2. Dynamic sections have addresses as glibc has relocated them, or, where they are read-only, as
 *     the file has them: what is below the object is counted from its beginning.
 *  3. libc chooses functions in this way everywhere, by the processor alone.  Such libraries are
 *     passed over.
 */
#include "late.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "loaded.h"

enum {
	BYTES_MAX = 1 << 28,
	NAME_MAX_SIZE = 64,
};

/* What a loaded object has for ld.so: addresses, and sizes in bytes. */
struct object {
	uint64_t bias;
	uint64_t symbols;
	uint64_t names, names_size;
	uint64_t hash, gnu_hash;
	uint64_t slots, slots_size; /* relocations of what is bound when it is called */
	uint64_t soname;            /* offset in names */
	bool is_bound_at_once;      /* natively as well */
};

/* The functions that objects choose by themselves. */
struct names {
	char **list;
	size_t count;
};

static void note_entry(struct object *o, const Elf64_Dyn *d)
{
	const uint64_t value = d->d_un.d_val;
	const uint64_t address = value < o->bias ? value + o->bias : value;

	switch (d->d_tag) {
	case DT_SYMTAB:
		o->symbols = address;
		break;
	case DT_STRTAB:
		o->names = address;
		break;
	case DT_STRSZ:
		o->names_size = value;
		break;
	case DT_HASH:
		o->hash = address;
		break;
	case DT_GNU_HASH:
		o->gnu_hash = address;
		break;
	case DT_JMPREL:
		o->slots = address;
		break;
	case DT_PLTRELSZ:
		o->slots_size = value;
		break;
	case DT_SONAME:
		o->soname = value;
		break;
	case DT_BIND_NOW:
		o->is_bound_at_once = true;
		break;
	case DT_FLAGS:
		o->is_bound_at_once |= (value & DF_BIND_NOW) != 0;
		break;
	case DT_FLAGS_1:
		o->is_bound_at_once |= (value & DF_1_NOW) != 0;
		break;
	default:
		break;
	}
}

static int read_object(const struct tracee *t, const struct link_map *map, struct object *o)
{
	uint64_t at = (uint64_t)(uintptr_t)map->l_ld;

	*o = (struct object){.bias = map->l_addr};
	for (int i = 0; i < LOADED_DYNAMIC; i++, at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn entry;
		int err = tracee_read(t, at, &entry, sizeof entry);

		if (err || entry.d_tag == DT_NULL)
			return err;
		note_entry(o, &entry);
	}
	return -E2BIG;
}

/* Memory of the process, followed by a zero; free() it.  Null if there is none. */
static void *copy(const struct tracee *t, uint64_t at, uint64_t size)
{
	char *data = size <= BYTES_MAX ? malloc(size + 1) : NULL;

	if (data && tracee_read(t, at, data, size)) {
		free(data);
		return NULL;
	}
	if (data)
		data[size] = '\0';
	return data;
}

/* The last symbol of a chain of DT_GNU_HASH is marked by its lowest bit. */
static int chain_end(const struct tracee *t, uint64_t chains, uint64_t first, uint64_t *i)
{
	uint32_t word = 0;
	int err = 0;

	for (; !err && !(word & 1) && *i < BYTES_MAX / sizeof(Elf64_Sym); ++*i)
		err = tracee_read(t, chains + (*i - first) * sizeof word, &word, sizeof word);
	return err ? err : word & 1 ? 0 : -E2BIG;
}

/* The number of an object's symbols: it is nowhere but in the tables to find them by. */
static int count_symbols(const struct tracee *t, const struct object *o, uint64_t *count)
{
	uint32_t head[4] = {0}; /* buckets, the first symbol, words of the filter, its shift */
	uint32_t *buckets;
	uint64_t at;
	int err;

	*count = 0;
	if (!o->gnu_hash) {
		err = o->hash ? tracee_read(t, o->hash, head, 2 * sizeof head[0]) : 0;
		*count = head[1];
		return err;
	}
	err = tracee_read(t, o->gnu_hash, head, sizeof head);
	if (err)
		return err;
	at = o->gnu_hash + sizeof head + head[2] * sizeof(uint64_t);
	buckets = copy(t, at, head[0] * sizeof *buckets);
	if (!buckets)
		return -ENOMEM;
	for (uint32_t i = 0; i < head[0]; i++)
		if (buckets[i] > *count)
			*count = buckets[i];
	free(buckets);
	at += head[0] * sizeof *buckets;
	return *count < head[1] ? 0 : chain_end(t, at, head[1], count);
}

/* Whose choices depend on the processor alone. */
static bool is_systems(const char *soname)
{
	static const char *const names[] = {
		"libc.so.6",       "libm.so.6",  "libmvec.so.1",
		"libpthread.so.0", "librt.so.1", "libatomic.so.1",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(soname, names[i]) == 0)
			return true;
	return false;
}

/*
 * True if nobody calls it, unless it was there from the beginning: libstdc++ does so in
 * transactions only, whose library the program is linked with, and, where threads have a library of
 * their own (glibc before 2.34), with threads only; and how a thread_local variable of another file
 * is initialised (_ZTH) is called by who has asked whether there is such a function, in a word of
 * data, which ld.so never binds later (Itanium C++ ABI, 2.8).
 */
static bool is_unused(const char *name)
{
	static const char *const beginnings[] = {"_ITM_", "_ZGTt", "_ZTH", "pthread_",
						 "__pthread_"};

	for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

/* Symbols and their names as copied from the process. */
struct symbol_list {
	Elf64_Sym *list;
	uint64_t count;
	char *names;
	uint64_t names_size;
};

static void symbol_list_free(struct symbol_list *s)
{
	free(s->list);
	free(s->names);
}

static int symbol_list_read(const struct tracee *t, const struct object *o, uint64_t count,
			    struct symbol_list *s)
{
	*s = (struct symbol_list){.count = count, .names_size = o->names_size};
	if (count > BYTES_MAX / sizeof *s->list)
		return -E2BIG;
	s->list = copy(t, o->symbols, count * sizeof *s->list);
	s->names = copy(t, o->names, o->names_size);
	return s->list && s->names ? 0 : -ENOMEM;
}

static const char *name_of(const struct symbol_list *s, uint64_t i)
{
	return s->list[i].st_name < s->names_size ? s->names + s->list[i].st_name : "";
}

static int add_name(struct names *names, const char *name)
{
	char **more = reallocarray(names->list, names->count + 1, sizeof *more);

	if (!more)
		return -ENOMEM;
	names->list = more;
	more[names->count] = strdup(name);
	return more[names->count++] ? 0 : -ENOMEM;
}

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

static bool has_name(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->list[i], name) == 0)
			return true;
	return false;
}

/* Collect what the object chooses by itself. */
static int add_choices(const struct tracee *t, const struct object *o, struct names *names)
{
	char soname[NAME_MAX_SIZE] = "";
	struct symbol_list s;
	uint64_t count = 0;
	int err;

	if (o->soname)
		tracee_read_string(t, o->names + o->soname, soname, sizeof soname);
	err = is_systems(soname) ? 0 : count_symbols(t, o, &count);
	if (err || !count)
		return err;
	err = symbol_list_read(t, o, count, &s);
	for (uint64_t i = 0; !err && i < count; i++)
		if (ELF64_ST_TYPE(s.list[i].st_info) == STT_GNU_IFUNC &&
		    s.list[i].st_shndx != SHN_UNDEF)
			err = add_name(names, name_of(&s, i));
	symbol_list_free(&s);
	return err;
}

/* Whether what this slot holds may be another at its first call. */
static bool is_late(const struct tracee *t, const struct object *o, const Elf64_Rela *slot,
		    const struct symbol_list *s, const struct names *names)
{
	const uint64_t i = ELF64_R_SYM(slot->r_info);
	uint64_t value = 0;

	if (ELF64_R_TYPE(slot->r_info) != R_X86_64_JUMP_SLOT)
		return false;
	if (names->count && has_name(names, name_of(s, i)))
		return true;
	return s->list[i].st_shndx == SHN_UNDEF && ELF64_ST_BIND(s->list[i].st_info) == STB_WEAK &&
	       !is_unused(name_of(s, i)) &&
	       (tracee_read(t, o->bias + slot->r_offset, &value, sizeof value) || value == 0);
}

static bool has_late(const struct tracee *t, const struct object *o, const struct names *names)
{
	const uint64_t slot_count = o->slots_size / sizeof(Elf64_Rela);
	Elf64_Rela *slots;
	struct symbol_list s = {0};
	uint64_t count = 0;
	bool found;

	if (!slot_count || o->is_bound_at_once)
		return false;
	slots = copy(t, o->slots, o->slots_size);
	for (uint64_t i = 0; slots && i < slot_count; i++)
		if (ELF64_R_SYM(slots[i].r_info) >= count)
			count = ELF64_R_SYM(slots[i].r_info) + 1;
	found = !slots || symbol_list_read(t, o, count, &s);
	for (uint64_t i = 0; !found && i < slot_count; i++)
		found = is_late(t, o, &slots[i], &s, names);
	symbol_list_free(&s);
	free(slots);
	return found;
}

/* All that ld.so has loaded; free() it.  Null if that cannot be told. */
static struct object *read_objects(const struct place *p, const struct tracee *t, size_t *count)
{
	struct object *list = calloc(LOADED_MAX, sizeof *list);
	uint64_t at = loaded_first(p, t);
	int err = list && at ? 0 : -ENOEXEC;

	for (*count = 0; !err && at; ++*count) {
		struct link_map map;

		err = *count < LOADED_MAX ? tracee_read(t, at, &map, sizeof map) : -E2BIG;
		if (!err)
			err = read_object(t, &map, &list[*count]);
		if (!err)
			at = (uint64_t)(uintptr_t)map.l_next;
	}
	if (err) {
		free(list);
		return NULL;
	}
	return list;
}

bool late_matters(const struct place *p, const struct tracee *t)
{
	struct names names = {0};
	size_t count;
	struct object *list = read_objects(p, t, &count);
	bool found = !list;

	for (size_t i = 0; !found && i < count; i++)
		found = add_choices(t, &list[i], &names) != 0;
	for (size_t i = 0; !found && i < count; i++)
		found = has_late(t, &list[i], &names);
	names_free(&names);
	free(list);
	return found;
}
