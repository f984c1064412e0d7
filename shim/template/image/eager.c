#include "eager.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "functions.h"

enum { STATE_MAX = 8192 };

/* An address in memory that the kernel places anew for each process. */
static bool is_kernels_address(const struct place *p, uint64_t value)
{
	return (value >= p->stack && value < p->stack_top) ||
	       (value >= p->vdso && value < p->vdso + p->vdso_size);
}

/*
 * The offset of the one 32-bit word that is 1 in a and 0 in b, 0 if that is not the only difference
 * but for addresses.
 */
static size_t find_flag(const struct place *a_place, const unsigned char *a,
			const struct place *b_place, const unsigned char *b, size_t size)
{
	size_t found = 0;

	for (size_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t)) {
		uint32_t a_halves[2];
		uint32_t b_halves[2];
		uint64_t a_word;
		uint64_t b_word;

		memcpy(&a_word, a + at, sizeof a_word);
		memcpy(&b_word, b + at, sizeof b_word);
		if (a_word == b_word ||
		    (is_kernels_address(a_place, a_word) && is_kernels_address(b_place, b_word)))
			continue;
		memcpy(a_halves, &a_word, sizeof a_halves);
		memcpy(b_halves, &b_word, sizeof b_halves);
		for (size_t half = 0; half < 2; half++) {
			if (a_halves[half] == b_halves[half])
				continue;
			if (found || a_halves[half] != 1 || b_halves[half] != 0)
				return 0;
			found = at + half * sizeof(uint32_t);
		}
	}
	return found;
}

uint64_t eager_find_flag(const struct place *lazy_place, const struct tracee *lazy,
			 const struct place *eager_place, const struct tracee *eager)
{
	unsigned char a[STATE_MAX];
	unsigned char b[STATE_MAX];
	struct symbol state = {.name = "_rtld_global_ro"};
	size_t offset;

	symbols_find(lazy->pid, lazy_place->aux[AT_BASE], &state, 1);
	if (!state.address || state.size > sizeof a ||
	    lazy_place->aux[AT_BASE] != eager_place->aux[AT_BASE] ||
	    tracee_read(lazy, state.address, a, state.size) ||
	    tracee_read(eager, state.address, b, state.size))
		return 0;
	offset = find_flag(lazy_place, a, eager_place, b, state.size);
	return offset ? state.address + offset : 0;
}

int eager_restore(struct capture *c, uint64_t flag)
{
	const uint32_t lazy = 1;

	for (size_t i = 0; i < c->segment_count; i++) {
		struct segment *s = &c->segments[i];

		if (flag >= s->at && flag + sizeof lazy <= s->at + s->data_size) {
			uint32_t eager;

			memcpy(&eager, s->data + (flag - s->at), sizeof eager);
			if (eager != 0)
				return -ENOEXEC;
			memcpy(s->data + (flag - s->at), &lazy, sizeof lazy);
			return 0;
		}
	}
	return -ENOEXEC;
}
