#include "garbage.h"

#include <elf.h>
#include <stddef.h>

/* How far a stack may have reached down in a program's start. */
#define STACK_DEPTH UINT64_C(0x800000)

#define HALF UINT64_C(0xffffffff)

/* Bytes of a canary that are not there by chance, of those that differ from process to process. */
enum { CANARY_BYTES_MIN = 3 };

bool garbage_is_near_stack(const struct place *p, uint64_t value)
{
	return value >= p->stack - STACK_DEPTH && value < p->stack_top;
}

/* The same for the lower half of a pointer, whose other half was overwritten. */
static bool is_near_stack_half(const struct place *p, uint64_t half)
{
	return garbage_is_near_stack(p, (p->stack & ~HALF) | half);
}

/* Of what is in the mask the same is true as if that were all of the two addresses. */
static bool is_same_part(const struct place *ap, uint64_t a, const struct place *bp, uint64_t b,
			 uint64_t mask)
{
	const uint64_t things[][2] = {
		{ap->stack, bp->stack},
		{ap->auxv, bp->auxv},
		{ap->aux[AT_RANDOM], bp->aux[AT_RANDOM]},
		{ap->strings, bp->strings},
		{ap->envp, bp->envp},
		{ap->env_strings, bp->env_strings},
		{ap->stack_top, bp->stack_top},
	};

	for (size_t i = 0; i < sizeof things / sizeof things[0]; i++)
		if ((((a - things[i][0]) ^ (b - things[i][1])) & mask) == 0)
			return true;
	return false;
}

bool garbage_is_same_thing(const struct place *ap, uint64_t a, const struct place *bp, uint64_t b)
{
	return is_same_part(ap, a, bp, b, UINT64_MAX);
}

/* The bytes of a word that begins `shift` bits before this one, or behind its beginning if that is
   negative. */
static uint64_t shifted(uint64_t word, int shift)
{
	return shift < 0 ? word << -shift : word >> shift;
}

static bool is_canary_at(int shift, const struct place *ap, uint64_t *a, const struct place *bp,
			 uint64_t b)
{
	const uint64_t first = shifted(ap->canary, shift);
	const uint64_t second = shifted(bp->canary, shift);
	uint64_t mask = 0;
	int bytes = 0;

	for (int i = 0; i < 64; i += 8) {
		const uint64_t byte = UINT64_C(0xff) << i;

		if (((first ^ second) & byte) && ((*a ^ first) & byte) == 0 &&
		    ((b ^ second) & byte) == 0) {
			mask |= byte;
			bytes++;
		} else if ((*a ^ b) & byte) {
			return false;
		}
	}
	if (bytes < CANARY_BYTES_MIN)
		return false;
	*a &= ~mask;
	return true;
}

bool garbage_is_canary(const struct place *ap, uint64_t *a, const struct place *bp, uint64_t b)
{
	for (int shift = -56; shift <= 56; shift += 8)
		if (is_canary_at(shift, ap, a, bp, b))
			return true;
	return false;
}

/* An address as far as it can differ: 47 bits, and one that is zero for a program's. */
#define ADDRESS ((UINT64_C(1) << 48) - 1)

/* What begins `shift` bits behind the beginning of a word and goes on in the next one. */
static uint64_t whole_address(int shift, uint64_t word, uint64_t next)
{
	return (word >> shift | next << (64 - shift)) & ADDRESS;
}

/* A pair of addresses, all of it, of what is on the stack when the program begins. */
static bool is_live(const struct place *ap, uint64_t a, const struct place *bp, uint64_t b)
{
	return garbage_is_near_stack(ap, a) && garbage_is_near_stack(bp, b) &&
	       (a >= ap->stack || b >= bp->stack);
}

bool garbage_is_half(const struct place *ap, uint64_t a, uint64_t a_next, const struct place *bp,
		     uint64_t b, uint64_t b_next)
{
	if (a >> 32 == b >> 32)
		return is_near_stack_half(ap, a & HALF) && is_near_stack_half(bp, b & HALF);
	return (a & HALF) == (b & HALF) && is_near_stack_half(ap, a >> 32) &&
	       is_near_stack_half(bp, b >> 32) &&
	       !is_live(ap, whole_address(32, a, a_next), bp, whole_address(32, b, b_next));
}

static bool is_pointer_at(int shift, const struct place *ap, uint64_t a, uint64_t a_next,
			  const struct place *bp, uint64_t b, uint64_t b_next)
{
	const uint64_t seen = ADDRESS << shift;

	if (((a ^ b) & ~seen) != 0 || !is_same_part(ap, a >> shift, bp, b >> shift, seen >> shift))
		return false;
	a = whole_address(shift, a, a_next);
	b = whole_address(shift, b, b_next);
	/* All of it is in this word: it is what it looks like, or something else. */
	if (shift <= 16 && !(garbage_is_near_stack(ap, a) && garbage_is_near_stack(bp, b)))
		return false;
	return !is_live(ap, a, bp, b);
}

bool garbage_is_pointer(const struct place *ap, uint64_t a, uint64_t a_next, const struct place *bp,
			uint64_t b, uint64_t b_next)
{
	for (int shift = 8; shift <= 48; shift += 8)
		if (is_pointer_at(shift, ap, a, a_next, bp, b, b_next))
			return true;
	return false;
}
