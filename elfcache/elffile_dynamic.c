/*
 * ELF facts of a file: what the dynamic segment says.
 *
 * Tables are found as the loader finds them: by the addresses in the dynamic segment, through the
 * PT_LOAD segments.  That also works for a file without section headers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elffile_reader.h"

enum {
	/* Bounds on what a file can make us keep; real ones need a small part of this. */
	NEEDED_MAX = 4096,
	STRING_MAX = 64 << 10,
	/* A chain of the GNU hash table is read in steps of so many words, so often at most. */
	CHAIN_STEP = 256,
	CHAIN_STEPS = 256,
};

#define ABSENT UINT64_MAX

/* A table of relocations: an address and a size in bytes. */
struct relocations {
	uint64_t at, size;
	bool has_addends;
};

/* The dynamic segment as numbers: addresses, and offsets in the string table. */
struct dynamic {
	uint64_t strtab, strsz;
	uint64_t symtab;
	uint64_t hash, gnu_hash;
	uint64_t soname, runpath, rpath;
	size_t needed_count;
	struct relocations rela, rel, plt;
};

static void take_entry(struct elffile *file, struct dynamic *d, const GElf_Dyn *dyn)
{
	uint64_t value = dyn->d_un.d_val;

	switch (dyn->d_tag) {
	case DT_NEEDED:
		d->needed_count++;
		break;
	case DT_STRTAB:
		d->strtab = value;
		break;
	case DT_STRSZ:
		d->strsz = value;
		break;
	case DT_SYMTAB:
		d->symtab = value;
		break;
	case DT_HASH:
		d->hash = value;
		break;
	case DT_GNU_HASH:
		d->gnu_hash = value;
		break;
	case DT_RELA:
		d->rela.at = value;
		break;
	case DT_RELASZ:
		d->rela.size = value;
		break;
	case DT_REL:
		d->rel.at = value;
		break;
	case DT_RELSZ:
		d->rel.size = value;
		break;
	case DT_JMPREL:
		d->plt.at = value;
		break;
	case DT_PLTRELSZ:
		d->plt.size = value;
		break;
	case DT_PLTREL:
		d->plt.has_addends = value == DT_RELA;
		break;
	case DT_SONAME:
		d->soname = value;
		break;
	case DT_RUNPATH:
		d->runpath = value;
		break;
	case DT_RPATH:
		d->rpath = value;
		break;
	case DT_FLAGS:
		file->dt_flags = value;
		break;
	case DT_FLAGS_1:
		file->dt_flags_1 = value;
		break;
	default:
		break;
	}
}

/* The string at an offset in the string table (null: there is none), or null. */
static const char *string_at(const Elf_Data *strings, uint64_t offset)
{
	const char *s;

	if (!strings || offset >= strings->d_size)
		return NULL;
	s = (const char *)strings->d_buf + offset;
	return memchr(s, '\0', strings->d_size - offset) ? s : NULL;
}

static int copy_string(struct elf_reader *r, const Elf_Data *strings, uint64_t offset, char **copy)
{
	const char *s = string_at(strings, offset);

	if (!s)
		return elf_reader_malformed(r, "a dynamic string lies outside its table");
	if (strnlen(s, STRING_MAX) == STRING_MAX)
		return elf_reader_malformed(r, "a dynamic string is far too long");
	*copy = strdup(s);
	return *copy ? 0 : -ENOMEM;
}

static int copy_if_given(struct elf_reader *r, const Elf_Data *strings, uint64_t offset,
			 char **copy)
{
	return offset == ABSENT ? 0 : copy_string(r, strings, offset, copy);
}

static int copy_needed(struct elf_reader *r, Elf_Data *entries, const Elf_Data *strings, size_t n)
{
	GElf_Dyn dyn;

	if (n == 0)
		return 0;
	if (n > NEEDED_MAX)
		return elf_reader_malformed(r, "far too many needed libraries");
	r->file->needed = calloc(n, sizeof *r->file->needed);
	if (!r->file->needed)
		return -ENOMEM;
	for (int i = 0; r->file->needed_count < n && gelf_getdyn(entries, i, &dyn); i++) {
		int err;

		if (dyn.d_tag != DT_NEEDED)
			continue;
		err = copy_string(r, strings, dyn.d_un.d_val,
				  &r->file->needed[r->file->needed_count]);
		if (err)
			return err;
		r->file->needed_count++;
	}
	return 0;
}

/* Word number i of a table at a file offset; *ok becomes false if it is not in the file. */
static uint32_t word_at(struct elf_reader *r, uint64_t table, uint64_t i, bool *ok)
{
	Elf_Data *data =
		elf_reader_table(r, table + i * sizeof(uint32_t), sizeof(uint32_t), ELF_T_WORD);

	if (!data)
		*ok = false;
	return data ? *(const uint32_t *)data->d_buf : 0;
}

/* DT_HASH: nbucket, nchain, ...; there is one chain word for each symbol. */
static uint64_t count_by_hash(struct elf_reader *r, uint64_t offset, bool *ok)
{
	/* Two machines chose words of 64 bits; the low half is enough. */
	bool wide = r->file->elf_class == ELFCLASS64 &&
		    (r->file->machine == EM_S390 || r->file->machine == EM_ALPHA);

	if (!wide)
		return word_at(r, offset, 1, ok);
	return word_at(r, offset, r->file->data == ELFDATA2MSB ? 3 : 2, ok);
}

/* The first symbol behind the chain that begins with symbol `symbol`. */
static uint64_t end_of_chain(struct elf_reader *r, uint64_t chains, uint64_t symbol, uint64_t first,
			     uint64_t end, bool *ok)
{
	for (int step = 0; step < CHAIN_STEPS; step++) {
		uint64_t at = chains + (symbol - first) * sizeof(uint32_t);
		uint64_t left = at < end ? (end - at) / sizeof(uint32_t) : 0;
		uint64_t n = left < CHAIN_STEP ? left : CHAIN_STEP;
		Elf_Data *data = elf_reader_table(r, at, n * sizeof(uint32_t), ELF_T_WORD);
		const uint32_t *words;

		if (!data)
			break;
		words = data->d_buf;
		for (uint64_t i = 0; i < n; i++)
			if (words[i] & 1)
				return symbol + i + 1;
		symbol += n;
	}
	*ok = false;
	return 0;
}

/*
 * DT_GNU_HASH: nbuckets, first, bloom_size, bloom_shift; the Bloom filter in words of the class's
 * size; the buckets, each the lowest symbol of its chain, or 0; one chain word for each symbol from
 * `first` on, with the low bit set in the last of a chain.  The highest chain ends the table.
 */
static uint64_t count_by_gnu_hash(struct elf_reader *r, uint64_t offset, uint64_t room, bool *ok)
{
	uint64_t nbuckets = word_at(r, offset, 0, ok);
	uint64_t first = word_at(r, offset, 1, ok);
	uint64_t bloom_words = word_at(r, offset, 2, ok);
	uint64_t bloom = bloom_words * (r->file->elf_class == ELFCLASS64 ? 8 : 4);
	uint64_t buckets = offset + 4 * sizeof(uint32_t) + bloom;
	uint64_t chains = buckets + nbuckets * sizeof(uint32_t);
	uint64_t highest = 0;
	const uint32_t *words;
	Elf_Data *data;

	if (!*ok)
		return 0;
	data = elf_reader_table(r, buckets, chains - buckets, ELF_T_WORD);
	if (!data) {
		*ok = nbuckets == 0;
		return first;
	}
	words = data->d_buf;
	for (uint64_t i = 0; i < nbuckets; i++)
		if (words[i] > highest)
			highest = words[i];
	/* Symbols below `first` are in no chain: those that are only imported. */
	if (highest < first)
		return first;
	return end_of_chain(r, chains, highest, first, offset + room, ok);
}

/* Raise *count so that it has every symbol that the relocations name. */
static int count_by_relocations(struct elf_reader *r, const struct relocations *table,
				uint64_t *count)
{
	Elf_Type type = table->has_addends ? ELF_T_RELA : ELF_T_REL;
	size_t entry = gelf_fsize(r->elf, type, 1, EV_CURRENT);
	uint64_t offset;
	uint64_t room;
	GElf_Rela rela;
	GElf_Rel rel;
	Elf_Data *data;

	if (table->at == ABSENT || table->size < entry)
		return 0;
	if (!elf_reader_locate(r, table->at, &offset, &room) || table->size > room)
		return elf_reader_malformed(r, "the relocations lie outside the file");
	data = elf_reader_table(r, offset, table->size / entry * entry, type);
	if (!data)
		return elf_reader_failed(r, "the relocations cannot be read");
	for (int i = 0; table->has_addends ? gelf_getrela(data, i, &rela) != NULL
					   : gelf_getrel(data, i, &rel) != NULL;
	     i++) {
		uint64_t symbol = GELF_R_SYM(table->has_addends ? rela.r_info : rel.r_info);

		if (symbol >= *count)
			*count = symbol + 1;
	}
	return 0;
}

/*
 * The number of dynamic symbols.  The loader never needs it, so no entry says it.  DT_HASH is
 * exact.  DT_GNU_HASH is, unless it has no symbol at all: GNU ld's table then begins at symbol 1
 * whatever there is.  But what a file imports and uses, its relocations name.
 */
static int count_symbols(struct elf_reader *r, const struct dynamic *d, uint64_t *count)
{
	uint64_t offset;
	uint64_t room;
	bool ok = true;
	int err;

	*count = 0;
	errno = 0;
	if (d->hash != ABSENT && elf_reader_locate(r, d->hash, &offset, &room))
		*count = count_by_hash(r, offset, &ok);
	else if (d->gnu_hash != ABSENT && elf_reader_locate(r, d->gnu_hash, &offset, &room))
		*count = count_by_gnu_hash(r, offset, room, &ok);
	else
		ok = d->gnu_hash == ABSENT && d->hash == ABSENT;
	if (!ok)
		return elf_reader_failed(r, "the symbol hash table is malformed");
	if (*count > 1)
		return 0;
	err = count_by_relocations(r, &d->rela, count);
	if (!err)
		err = count_by_relocations(r, &d->rel, count);
	if (!err)
		err = count_by_relocations(r, &d->plt, count);
	return err;
}

static int look_for_imports(struct elf_reader *r, const struct dynamic *d, const Elf_Data *strings)
{
	uint64_t entry = gelf_fsize(r->elf, ELF_T_SYM, 1, EV_CURRENT);
	uint64_t count;
	uint64_t offset;
	uint64_t room;
	Elf_Data *data;
	GElf_Sym sym;
	int err;

	if (d->symtab == ABSENT)
		return 0;
	err = count_symbols(r, d, &count);
	if (err || count == 0)
		return err;
	if (!elf_reader_locate(r, d->symtab, &offset, &room) || count > room / entry)
		return elf_reader_malformed(r, "the dynamic symbols lie outside the file");
	data = elf_reader_table(r, offset, count * entry, ELF_T_SYM);
	if (!data)
		return elf_reader_failed(r, "the dynamic symbols cannot be read");
	for (int i = 0; gelf_getsym(data, i, &sym); i++) {
		const char *name = string_at(strings, sym.st_name);

		if (!name)
			return elf_reader_malformed(r, "the name of a dynamic symbol lies outside "
						       "its table");
		if (sym.st_shndx == SHN_UNDEF && !strcmp(name, "__libc_start_main"))
			r->file->imports_libc_start_main = true;
	}
	return 0;
}

static int read_strings(struct elf_reader *r, const struct dynamic *d, Elf_Data **strings)
{
	uint64_t offset;
	uint64_t room;

	*strings = NULL;
	if (d->strtab == ABSENT || d->strsz == 0)
		return 0;
	if (!elf_reader_locate(r, d->strtab, &offset, &room) || d->strsz > room)
		return elf_reader_malformed(r, "the dynamic strings lie outside the file");
	*strings = elf_reader_table(r, offset, d->strsz, ELF_T_BYTE);
	return *strings ? 0 : elf_reader_failed(r, "the dynamic strings cannot be read");
}

int elf_reader_dynamic(struct elf_reader *r, const struct elf_segment *segment)
{
	struct dynamic d = {
		.strtab = ABSENT,
		.symtab = ABSENT,
		.hash = ABSENT,
		.gnu_hash = ABSENT,
		.soname = ABSENT,
		.runpath = ABSENT,
		.rpath = ABSENT,
		.rela = {.at = ABSENT, .has_addends = true},
		.rel = {.at = ABSENT},
		.plt = {.at = ABSENT},
	};
	size_t entry = gelf_fsize(r->elf, ELF_T_DYN, 1, EV_CURRENT);
	Elf_Data *entries;
	Elf_Data *strings;
	GElf_Dyn dyn;
	int err;

	r->file->has_dynamic = true;
	if (segment->filesz < entry)
		return 0;
	entries = elf_reader_table(r, segment->offset, segment->filesz / entry * entry, ELF_T_DYN);
	if (!entries)
		return elf_reader_failed(r, "the dynamic segment lies outside the file");
	for (int i = 0; gelf_getdyn(entries, i, &dyn) && dyn.d_tag != DT_NULL; i++)
		take_entry(r->file, &d, &dyn);
	err = read_strings(r, &d, &strings);
	if (!err)
		err = copy_needed(r, entries, strings, d.needed_count);
	if (!err)
		err = copy_if_given(r, strings, d.soname, &r->file->soname);
	if (!err)
		err = copy_if_given(r, strings, d.runpath != ABSENT ? d.runpath : d.rpath,
				    &r->file->runpath);
	if (!err)
		err = look_for_imports(r, &d, strings);
	return err;
}
