#include "symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Make room for `more` elements behind the `count` that an array has. */
static bool make_room(void **array, size_t *room, size_t count, size_t more, size_t size)
{
	void *larger;

	if (more <= *room - count)
		return true;
	larger = reallocarray(*array, (count + more) * 2, size);
	if (!larger)
		return false;
	*array = larger;
	*room = (count + more) * 2;
	return true;
}

static int add(struct symbols *s, const Elf64_Sym *sym, enum symbol_rank rank, const char *name)
{
	size_t size = strlen(name) + 1;

	if (!make_room((void **)&s->list, &s->room, s->count, 1, sizeof *s->list) ||
	    !make_room((void **)&s->names, &s->names_room, s->names_size, size, 1) ||
	    s->names_size + size > UINT32_MAX)
		return -ENOMEM;
	s->list[s->count] = (struct symbol){*sym, rank};
	s->list[s->count++].elf.st_name = (Elf64_Word)s->names_size;
	memcpy(s->names + s->names_size, name, size);
	s->names_size += size;
	return 0;
}

/* The section with the file's symbols: all of them, or else those that ld.so needs. */
static Elf_Scn *find_table(Elf *elf, GElf_Shdr *shdr)
{
	static const GElf_Word types[] = {SHT_SYMTAB, SHT_DYNSYM};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		Elf_Scn *scn = NULL;

		while ((scn = elf_nextscn(elf, scn)))
			if (gelf_getshdr(scn, shdr) && shdr->sh_type == types[i])
				return scn;
	}
	return NULL;
}

static bool is_function(const GElf_Sym *sym)
{
	return GELF_ST_TYPE(sym->st_info) == STT_FUNC ||
	       GELF_ST_TYPE(sym->st_info) == STT_GNU_IFUNC;
}

static bool is_wanted(const GElf_Sym *sym, const struct symbol_rule *rule)
{
	return sym->st_shndx < rule->place_count && rule->places[sym->st_shndx].section &&
	       (is_function(sym) ||
		(!rule->is_library && GELF_ST_TYPE(sym->st_info) == STT_OBJECT));
}

static enum symbol_rank rank_of(const GElf_Sym *sym, const struct symbol_place *place,
				bool is_library)
{
	if (!is_function(sym))
		return SYMBOL_OF_DATA;
	if (!place->is_stored)
		return SYMBOL_OF_OTHER_FILE;
	return is_library ? SYMBOL_OF_LIBRARY : SYMBOL_OF_PROGRAM;
}

/* Types and bindings that every reader knows: a function's resolver is a function too. */
static unsigned char info_of(const GElf_Sym *sym, bool is_library)
{
	int type = is_function(sym) ? STT_FUNC : STT_OBJECT;
	int binding = GELF_ST_BIND(sym->st_info);

	if (is_library)
		binding = STB_LOCAL;
	else if (binding != STB_LOCAL && binding != STB_WEAK)
		binding = STB_GLOBAL;
	return (unsigned char)ELF64_ST_INFO(binding, type);
}

/* Add it, unless it is none of those that an image has. */
static int consider(struct symbols *s, const GElf_Sym *sym, const char *name,
		    const struct symbol_rule *rule)
{
	const struct symbol_place *place;
	Elf64_Sym elf = *sym;

	if (!name || !name[0] || !is_wanted(sym, rule))
		return 0;
	place = &rule->places[sym->st_shndx];
	elf.st_value += rule->bias;
	elf.st_shndx = place->section;
	if (elf.st_value < place->start || elf.st_value >= place->end ||
	    elf.st_size > place->end - elf.st_value)
		return 0;
	elf.st_info = info_of(sym, rule->is_library);
	return add(s, &elf, rank_of(sym, place, rule->is_library), name);
}

int symbols_add(struct symbols *s, Elf *elf, const struct symbol_rule *rule)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = find_table(elf, &shdr);
	Elf_Data *data = scn ? elf_getdata(scn, NULL) : NULL;
	GElf_Sym sym;
	int err = 0;

	for (int i = 0; !err && data && gelf_getsym(data, i, &sym); i++)
		err = consider(s, &sym, elf_strptr(elf, shdr.sh_link, sym.st_name), rule);
	return err;
}

static uint64_t size_of(const struct symbols *s, const struct symbol *symbol)
{
	return sizeof symbol->elf + strlen(s->names + symbol->elf.st_name) + 1;
}

/* Mark those that there is room for, by rank, and those of one rank as they come; their number. */
static size_t choose(const struct symbols *s, uint64_t room, bool *chosen)
{
	size_t count = 0;

	for (int rank = 0; rank < SYMBOL_RANKS; rank++) {
		for (size_t i = 0; i < s->count; i++) {
			uint64_t size = size_of(s, &s->list[i]);

			if ((int)s->list[i].rank != rank)
				continue;
			if (size > room)
				return count;
			room -= size;
			chosen[i] = true;
			count++;
		}
	}
	return count;
}

static void append(struct symbol_table *t, const struct symbols *s, const struct symbol *symbol)
{
	const char *name = s->names + symbol->elf.st_name;
	size_t size = strlen(name) + 1;

	t->list[t->count] = symbol->elf;
	t->list[t->count++].st_name = (Elf64_Word)t->strings_size;
	memcpy(t->strings + t->strings_size, name, size);
	t->strings_size += size;
}

static bool is_local(const struct symbol *symbol)
{
	return ELF64_ST_BIND(symbol->elf.st_info) == STB_LOCAL;
}

int symbols_table(const struct symbols *s, uint64_t room, struct symbol_table *t)
{
	const uint64_t nulls = sizeof(Elf64_Sym) + 1;
	bool *chosen;
	size_t count;

	*t = (struct symbol_table){0};
	if (s->count == 0 || room < nulls)
		return 0;
	chosen = calloc(s->count, sizeof *chosen);
	if (!chosen)
		return -ENOMEM;
	count = choose(s, room - nulls, chosen);
	if (count) {
		t->list = calloc(count + 1, sizeof *t->list);
		t->strings = calloc(1, s->names_size + 1);
	}
	if (t->list && t->strings) {
		t->count = 1;
		t->strings_size = 1;
		for (size_t i = 0; i < s->count; i++)
			if (chosen[i] && is_local(&s->list[i]))
				append(t, s, &s->list[i]);
		t->locals = t->count;
		for (size_t i = 0; i < s->count; i++)
			if (chosen[i] && !is_local(&s->list[i]))
				append(t, s, &s->list[i]);
	}
	free(chosen);
	return count && t->count == 0 ? -ENOMEM : 0;
}

void symbols_free(struct symbols *s)
{
	free(s->list);
	free(s->names);
	*s = (struct symbols){0};
}
