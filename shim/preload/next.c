#include "next.h"

#include <elf.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../elfcache/mem.h"

enum {
	NAME_LEN = 40,
	VERSYM_HIDDEN = 0x8000, /* not the default version of its name */
};

/* What to look for.  The name is stored in place: a pointer would be a relocation. */
struct wanted {
	char name[NAME_LEN];
	bool compat;
};

#define KIND_default false
#define KIND_compat  true

static const struct wanted wanted[NEXT_COUNT] = {
#define ST_NAME(name, version, kind, id, type, params) [NEXT_##id] = {#name, KIND_##kind},
#include "names.def"
#undef ST_NAME
#define X(name, type, params) [NEXT_##name] = {#name, false},
	ST_CALLED(X)
#undef X
};

/* Found so far.  Written any number of times, always with the same value. */
static _Atomic(void *) found[NEXT_COUNT];

/* The dynamic linker's list of objects.  Weak: another dynamic linker may not have it. */
extern struct r_debug _r_debug __attribute__((weak));
/* Our own dynamic section, by which our entry in that list is known.  <link.h> declares it too,
   but not as hidden, which would cost a relocation. */
extern const ElfW(Dyn) our_dynamic[] __asm__("_DYNAMIC") __attribute__((visibility("hidden")));

struct symbols {
	const ElfW(Sym) * symtab;
	const char *strtab;
	const uint32_t *gnu_hash;
	const uint32_t *hash;
	const ElfW(Half) * versym;
};

/* ld.so relocates the addresses in a dynamic section in place, unless it is read-only. */
static const void *address(const struct link_map *map, ElfW(Addr) value)
{
	return (const void *)(value < map->l_addr ? map->l_addr + value : value);
}

static void read_dynamic(const struct link_map *map, struct symbols *s)
{
	*s = (struct symbols){0};
	for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
		const void *at = address(map, d->d_un.d_ptr);

		switch (d->d_tag) {
		case DT_SYMTAB:
			s->symtab = at;
			break;
		case DT_STRTAB:
			s->strtab = at;
			break;
		case DT_GNU_HASH:
			s->gnu_hash = at;
			break;
		case DT_HASH:
			s->hash = at;
			break;
		case DT_VERSYM:
			s->versym = at;
			break;
		default:
			break;
		}
	}
}

static bool matches(const struct symbols *s, uint32_t i, const struct wanted *w)
{
	const ElfW(Sym) *sym = &s->symtab[i];
	unsigned char binding = ELF64_ST_BIND(sym->st_info);

	if (sym->st_shndx == SHN_UNDEF || sym->st_value == 0 ||
	    ELF64_ST_TYPE(sym->st_info) != STT_FUNC ||
	    (binding != STB_GLOBAL && binding != STB_WEAK) ||
	    !mem_same_string(s->strtab + sym->st_name, w->name))
		return false;
	/* An object without versions, or a name that has none, serves every version of it. */
	if (!s->versym || (s->versym[i] & ~VERSYM_HIDDEN) <= VER_NDX_GLOBAL)
		return true;
	return w->compat == ((s->versym[i] & VERSYM_HIDDEN) != 0);
}

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

/* The symbol's number, 0 if there is none.  Layout: "ELF: better symbol lookup via DT_GNU_HASH". */
static uint32_t find_gnu(const struct symbols *s, const struct wanted *w)
{
	uint32_t buckets = s->gnu_hash[0];
	uint32_t first = s->gnu_hash[1];
	uint32_t bloom_words = s->gnu_hash[2];
	const uint32_t *bucket = s->gnu_hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + buckets;
	uint32_t h = gnu_hash_of(w->name);
	uint32_t i = buckets ? bucket[h % buckets] : 0;

	if (i < first || i == 0)
		return 0;
	for (;; i++) {
		uint32_t other = chain[i - first];

		if ((other | 1) == (h | 1) && matches(s, i, w))
			return i;
		if (other & 1)
			return 0;
	}
}

/* Objects linked with --hash-style=sysv: all symbols in order; it is done once a name. */
static uint32_t find_sysv(const struct symbols *s, const struct wanted *w)
{
	for (uint32_t i = 1; i < s->hash[1]; i++)
		if (matches(s, i, w))
			return i;
	return 0;
}

static void *find_in(const struct link_map *map, const struct wanted *w)
{
	struct symbols s;
	uint32_t i = 0;

	read_dynamic(map, &s);
	if (!s.symtab || !s.strtab)
		return NULL;
	if (s.gnu_hash)
		i = find_gnu(&s, w);
	else if (s.hash)
		i = find_sysv(&s, w);
	return i ? (void *)(map->l_addr + s.symtab[i].st_value) : NULL;
}

/* The object that has the next definition, and that in *function; null if there is none. */
static const struct link_map *find_object(enum next which, void **function)
{
	const struct link_map *map = _r_debug.r_map;

	*function = NULL;
	while (map && map->l_ld != our_dynamic)
		map = map->l_next;
	while (!*function && map && (map = map->l_next))
		*function = find_in(map, &wanted[which]);
	return map;
}

void *next_find(enum next which)
{
	void *function = atomic_load_explicit(&found[which], memory_order_relaxed);

	if (function || !&_r_debug)
		return function;
	find_object(which, &function);
	atomic_store_explicit(&found[which], function, memory_order_relaxed);
	return function;
}

bool next_is_libc(enum next which)
{
	const struct link_map *libc;
	void *function;

	if (!&_r_debug)
		return false;
	libc = find_object(NEXT_gnu_get_libc_version, &function);
	return libc && find_object(which, &function) == libc;
}

void next_find_all(void)
{
	for (enum next i = 0; i < NEXT_COUNT; i++)
		next_find(i);
}
