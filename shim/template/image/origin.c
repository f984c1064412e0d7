/*
 * Hazards, and what answers each:
 *  1. The word has another place in each glibc (l_origin, of what is private in struct link_map).
 *     Libraries have theirs from the beginning: the directory of their name.  Behind it stands, in
 *     all of them, where the object begins and where it ends.  Both must be found at one place
 *     only, the same in all libraries, and the program must have a zero and its own bounds there.
 *  2. ld.so itself and the vDSO have none.  What was loaded by a relative name tells nothing.
 *  3. Something is not what it is taken for, or cannot be read: then there is no such word.
 */
#include "origin.h"

#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/user.h>

#include "loaded.h"

enum { WORDS = 128 }; /* of what ld.so has of each object, which is more than that */

/* The beginning of what ld.so has of an object. */
union object {
	struct link_map map;
	uint64_t words[WORDS];
};

/* Whether the object's bounds are behind this word. */
static bool is_before_bounds(const union object *o, size_t word)
{
	const uint64_t inside = (uint64_t)(uintptr_t)o->map.l_ld;
	const uint64_t start = o->words[word + 1];

	return start && start % PAGE_SIZE == 0 && start <= inside && inside < o->words[word + 2];
}

/* As glibc makes it of an absolute name: without the last slash, unless there is no other. */
static bool is_directory_of(const struct tracee *t, uint64_t at, const char *name)
{
	const size_t slash = (size_t)(strrchr(name, '/') - name);
	const size_t len = slash ? slash : 1;
	char directory[PATH_MAX];

	return !tracee_read_string(t, at, directory, sizeof directory) &&
	       strlen(directory) == len && memcmp(directory, name, len) == 0;
}

/* The number of the word that is the library's; 0 if none can be, or several. */
static size_t find_word(const struct tracee *t, const union object *o, const char *name)
{
	size_t found = 0;

	for (size_t i = sizeof o->map / sizeof o->words[0]; i + 2 < WORDS; i++) {
		if (!is_before_bounds(o, i) || !is_directory_of(t, o->words[i], name))
			continue;
		if (found)
			return 0;
		found = i;
	}
	return found;
}

static bool is_loader(const struct place *p, const union object *o)
{
	const uint64_t at = (uint64_t)(uintptr_t)o->map.l_ld;

	return at >= p->loader && at < p->loader_end;
}

/* Whether the object is a library with an absolute name, which is put there. */
static bool is_library(const struct place *p, const struct tracee *t, const union object *o,
		       char name[PATH_MAX])
{
	return !is_loader(p, o) &&
	       !tracee_read_string(t, (uint64_t)(uintptr_t)o->map.l_name, name, PATH_MAX) &&
	       name[0] == '/';
}

/* The word's number, as all libraries from this object on have it; 0 if they do not agree. */
static size_t find_common_word(const struct place *p, const struct tracee *t, uint64_t at)
{
	char name[PATH_MAX];
	size_t common = 0;
	union object o;

	for (int i = 0; at; i++) {
		if (i == LOADED_MAX || tracee_read(t, at, &o, sizeof o))
			return 0;
		if (is_library(p, t, &o, name)) {
			const size_t word = find_word(t, &o, name);

			if (!word || (common && word != common))
				return 0;
			common = word;
		}
		at = (uint64_t)(uintptr_t)o.map.l_next;
	}
	return common;
}

uint64_t origin_find(const struct place *p, const struct tracee *t)
{
	const uint64_t at = loaded_first(p, t);
	union object program;
	size_t word;

	if (!at || tracee_read(t, at, &program, sizeof program) ||
	    (uint64_t)(uintptr_t)program.map.l_ld != p->dynamic)
		return 0;
	word = find_common_word(p, t, (uint64_t)(uintptr_t)program.map.l_next);
	return word && !program.words[word] && is_before_bounds(&program, word)
		       ? at + word * sizeof program.words[0]
		       : 0;
}
