/*
 * Hazards, and what answers each:
 *  1. Something random, or of the moment, is in memory.  It differs in the second run: refused.
 *  2. Pointers into the initial stack are in memory.  Those that capture.c knows are the same thing
 *     in both runs, or they are not what they look like.
 *  3. Others may be live (the value of an environment variable), and no image can have them; or
 *     they are garbage (garbage.h).  The runs' stacks are a number of bytes apart that no power of
 *     two divides, so a pointer to one thing keeps its distance to that thing, and what was cut off
 *     from a pointer does not.  The same way canaries get there.
 *  4. Pointers into the stack as it was below its beginning: dead ones, but a program may have
 *     noted down how far its stack reaches.  They keep their distance to the stack's beginning.
 *  5. What a constructor is told of the arguments, and the size of stacks that libc takes from
 *     the limit, are others in the second run, by numbers that nothing else has.
 *  6. libc mangles pointers to functions that it keeps (atexit), with a guard from AT_RANDOM: what
 *     is the same in both once it is unmangled is such a pointer, and gets the new guard at resume.
 */
#include "merge.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/user.h>

#include "garbage.h"

struct side {
	const struct place *place;
	const struct image_fix *findings; /* by address */
	size_t count;
	size_t next;
	uint64_t following; /* the word behind the one that is judged */
};

static uint64_t word_at(const struct segment *s, uint64_t offset)
{
	uint64_t value;

	memcpy(&value, s->data + offset, sizeof value);
	return value;
}

/* The finding at this address, if there is one; addresses come in order. */
static const struct image_fix *finding_at(struct side *side, uint64_t at)
{
	while (side->next < side->count && side->findings[side->next].at < at)
		side->next++;
	return side->next < side->count && side->findings[side->next].at == at
		       ? &side->findings[side->next]
		       : NULL;
}

/* PTR_MANGLE of glibc on x86-64: xor with the guard, rotate left by 17. */
static uint64_t unmangle(const struct place *p, uint64_t value)
{
	return (value >> 17 | value << 47) ^ p->guard;
}

enum verdict { VERDICT_SAME, VERDICT_CLEARED, VERDICT_FIX, VERDICT_LIVE, VERDICT_CHANCE };

/* Both are near their stacks, and capture.c does not know them to be the same. */
static enum verdict judge_stack(const struct place *ap, uint64_t a, const struct place *bp,
				uint64_t b, struct image_fix *fix)
{
	if (a < ap->stack && a - ap->stack == b - bp->stack) {
		fix->kind = FIX_STACK;
		fix->arg = (int32_t)(a - ap->stack);
		return VERDICT_FIX;
	}
	/* What is at its top is above where it begins. */
	if (a == b && a < ap->stack && b < bp->stack && a % PAGE_SIZE != 0)
		return VERDICT_SAME;
	if (garbage_is_same_thing(ap, a, bp, b) || (a % PAGE_SIZE == 0 && b % PAGE_SIZE == 0))
		return VERDICT_LIVE;
	return VERDICT_SAME;
}

/* Constructors are called with argc; a 64-bit copy of it is its lower half. */
static bool is_argc(const struct place *ap, uint64_t a, const struct place *bp, uint64_t b,
		    struct image_fix *fix)
{
	uint64_t low = UINT64_C(0xffffffff);

	fix->kind = FIX_ARGC;
	if (a >> 32 == b >> 32 && (a & low) == ap->argc && (b & low) == bp->argc) {
		fix->arg = 0;
		return true;
	}
	fix->arg = 1;
	return (a & low) == (b & low) && a >> 32 == ap->argc && b >> 32 == bp->argc;
}

/* The half of a word, or all of it. */
static uint64_t clock_part(uint64_t word, int part)
{
	return part == CLOCK_WHOLE ? word : (uint32_t)(part == CLOCK_LOW_HALF ? word : word >> 32);
}

/* True if that part of each is its run's time in this unit, and the rest is the same. */
static bool is_time(uint64_t a, uint64_t a_ns, uint64_t b, uint64_t b_ns, unsigned unit, int part)
{
	const uint64_t others = part == CLOCK_WHOLE      ? 0
				: part == CLOCK_LOW_HALF ? UINT64_MAX << 32
							 : UINT64_MAX >> 32;

	return ((a ^ b) & others) == 0 &&
	       clock_part(a, part) ==
		       clock_part(image_clock_value(a_ns, unit), part ? CLOCK_LOW_HALF : part) &&
	       clock_part(b, part) ==
		       clock_part(image_clock_value(b_ns, unit), part ? CLOCK_LOW_HALF : part);
}

/* What a clock said is what it will say. */
static bool is_clock(const struct spot *as, uint64_t a, const struct spot *bs, uint64_t b,
		     struct image_fix *fix)
{
	for (unsigned clock = 0; clock < IMAGE_CLOCKS; clock++)
		for (unsigned unit = 0; as->clocks[clock] && unit < CLOCK_UNITS; unit++)
			for (int part = CLOCK_WHOLE; part <= CLOCK_HIGH_HALF; part++) {
				if (!is_time(a, as->clocks[clock], b, bs->clocks[clock], unit,
					     part))
					continue;
				fix->kind = FIX_CLOCK;
				fix->arg = (int32_t)(clock | unit << 8 | (unsigned)part << 16);
				return true;
			}
	return false;
}

static enum verdict judge_mangled(const struct place *ap, uint64_t *a, const struct place *bp,
				  uint64_t b, struct image_fix *fix)
{
	uint64_t plain_a = unmangle(ap, *a);
	uint64_t plain_b = unmangle(bp, b);

	if (*a == ap->guard && b == bp->guard) {
		fix->kind = FIX_GUARD;
		*a = 0;
		return VERDICT_FIX;
	}
	if (plain_a == plain_b) {
		fix->kind = FIX_MANGLED;
		*a = plain_a;
		return VERDICT_FIX;
	}
	/* Of a setjmp() whose stack is gone. */
	return garbage_is_near_stack(ap, plain_a) && garbage_is_near_stack(bp, plain_b)
		       ? VERDICT_SAME
		       : VERDICT_CHANCE;
}

/*
 * Judge the word a of the first run, whose counterpart is b.  Unless it is as it was, *a is then
 * what the image has to hold there; for VERDICT_FIX *fix is filled.
 */
static enum verdict judge_word(struct side *as, uint64_t *a, struct side *bs, uint64_t b,
			       struct image_fix *fix)
{
	const struct image_fix *fa = finding_at(as, fix->at);
	const struct image_fix *fb = finding_at(bs, fix->at);

	if (fa && fb && fa->kind != FIX_UNKNOWN && fa->kind == fb->kind && fa->arg == fb->arg) {
		*fix = *fa;
		*a = 0;
		return VERDICT_FIX;
	}
	if (garbage_is_near_stack(as->place, *a) && garbage_is_near_stack(bs->place, b))
		return judge_stack(as->place, *a, bs->place, b, fix);
	if (fa || fb)
		return VERDICT_CHANCE;
	if (*a == b || garbage_is_half(as->place, *a, as->following, bs->place, b, bs->following))
		return VERDICT_SAME;
	if (garbage_is_canary(as->place, a, bs->place, b))
		return VERDICT_CLEARED;
	if (garbage_is_pointer(as->place, *a, as->following, bs->place, b, bs->following))
		return VERDICT_SAME;
	/* By which malloc marks freed memory.  What is made of it is something else. */
	if (*a == as->place->spot->random && b == bs->place->spot->random)
		return VERDICT_SAME;
	if (is_argc(as->place, *a, bs->place, b, fix))
		return VERDICT_FIX;
	if (*a == as->place->spot->stack_limit && b == bs->place->spot->stack_limit) {
		fix->kind = FIX_STACK_LIMIT;
		return VERDICT_FIX;
	}
	if (is_clock(as->place->spot, *a, bs->place->spot, b, fix))
		return VERDICT_FIX;
	return judge_mangled(as->place, a, bs->place, b, fix);
}

static int add_fix(struct capture *c, const struct image_fix *fix)
{
	struct image_fix *more = reallocarray(c->fixes, c->fix_count + 1, sizeof *more);

	if (!more)
		return -ENOMEM;
	c->fixes = more;
	c->fixes[c->fix_count++] = *fix;
	return 0;
}

static int refuse(struct capture *c, const char *sentence)
{
	snprintf(c->refusal, sizeof c->refusal, "%s", sentence);
	return -ENOTSUP;
}

static bool add_unexplained(struct unexplained *list, const struct segment *s, uint64_t at)
{
	if (!list || list->count == IMAGE_STREAM_WORDS_MAX || !(s->prot & PROT_WRITE))
		return false;
	list->at[list->count++] = at;
	return true;
}

static int merge_segment(struct capture *a, struct segment *s, const struct segment *t,
			 struct side *as, struct side *bs, struct unexplained *unexplained)
{
	int err = 0;

	for (uint64_t offset = 0; !err && offset < s->data_size; offset += sizeof(uint64_t)) {
		struct image_fix fix = {.at = s->at + offset};
		uint64_t value = word_at(s, offset);
		bool is_last = offset + sizeof value == s->data_size;

		as->following = is_last ? 0 : word_at(s, offset + sizeof value);
		bs->following = is_last ? 0 : word_at(t, offset + sizeof value);
		switch (judge_word(as, &value, bs, word_at(t, offset), &fix)) {
		case VERDICT_SAME:
			break;
		case VERDICT_CLEARED:
			memcpy(s->data + offset, &value, sizeof value);
			break;
		case VERDICT_FIX:
			memcpy(s->data + offset, &value, sizeof value);
			err = add_fix(a, &fix);
			break;
		case VERDICT_LIVE:
			return refuse(a, "it keeps a pointer into its initial stack");
		case VERDICT_CHANCE:
			if (!add_unexplained(unexplained, s, fix.at))
				return refuse(a, "its start-up has another result each time");
			break;
		}
	}
	return err;
}

/* Segments that are to be written to though they are mapped read-only are protected at the end. */
static int add_protects(struct capture *c)
{
	size_t next = 0;

	for (size_t i = 0; i < c->segment_count; i++) {
		struct segment *s = &c->segments[i];
		struct image_protect *more;

		while (next < c->fix_count && c->fixes[next].at < s->at)
			next++;
		if (next == c->fix_count || c->fixes[next].at >= s->at + s->size ||
		    (s->prot & PROT_WRITE))
			continue;
		more = reallocarray(c->protects, c->protect_count + 1, sizeof *more);
		if (!more)
			return -ENOMEM;
		c->protects = more;
		c->protects[c->protect_count++] =
			(struct image_protect){s->at, s->size, (uint64_t)s->prot};
		s->prot |= PROT_WRITE;
	}
	return 0;
}

static bool same_segments(const struct capture *a, const struct capture *b)
{
	if (a->segment_count != b->segment_count)
		return false;
	for (size_t i = 0; i < a->segment_count; i++) {
		const struct segment *s = &a->segments[i];
		const struct segment *t = &b->segments[i];

		if (s->at != t->at || s->size != t->size || s->data_size != t->data_size ||
		    s->prot != t->prot)
			return false;
	}
	return true;
}

static bool same_remaps(const struct capture *a, const struct capture *b)
{
	if (a->remap_count != b->remap_count)
		return false;
	for (size_t i = 0; i < a->remap_count; i++)
		if (memcmp(&a->remaps[i].map, &b->remaps[i].map, sizeof a->remaps[i].map) != 0 ||
		    a->remaps[i].dev != b->remaps[i].dev || a->remaps[i].ino != b->remaps[i].ino)
			return false;
	return true;
}

int capture_merge(struct capture *a, const struct place *a_place, const struct capture *b,
		  const struct place *b_place, struct unexplained *unexplained)
{
	struct image_fix *found = a->fixes;
	struct side as = {.place = a_place, .findings = found, .count = a->fix_count};
	struct side bs = {.place = b_place, .findings = b->fixes, .count = b->fix_count};
	int err = 0;

	if (!same_segments(a, b) || !same_remaps(a, b))
		return refuse(a, "its start-up has another result each time");
	a->fixes = NULL;
	a->fix_count = 0;
	for (size_t i = 0; !err && i < a->segment_count; i++)
		err = merge_segment(a, &a->segments[i], &b->segments[i], &as, &bs, unexplained);
	free(found);
	return err ? err : add_protects(a);
}
