/*
 * What the index knows of a target's image: one word an entry, and a counter of requests on which
 * the session's service sleeps.
 */
#include <errno.h>
#include <linux/futex.h>

#include "index_layout.h"
#include "sys.h"

/*
 * The word: state, the reason of a refusal, and the lower bits of the generation of the slot that
 * it was written for.  A word of another generation means nothing: the slot was rewritten since.
 */
enum { STATE_BITS = 4, REASON_BITS = 6, TAG_AT = STATE_BITS + REASON_BITS };

_Static_assert(REASON_MAX <= 1 << REASON_BITS, "every reason fits");

/* What the service is doing: nobody need wake one that is not there or not asleep. */
enum { SERVICE_NONE, SERVICE_AWAKE, SERVICE_ASLEEP };

static uint32_t make_word(const struct index_ref *ref, enum image_state state, enum reason reason)
{
	return (uint32_t)state | (uint32_t)reason << STATE_BITS |
	       (uint32_t)(ref->generation >> 1) << TAG_AT;
}

static bool is_for(uint32_t word, const struct index_ref *ref)
{
	return word >> TAG_AT == make_word(ref, 0, 0) >> TAG_AT;
}

static enum image_state state_in(uint32_t word, enum reason *reason)
{
	uint32_t state = word & ((1U << STATE_BITS) - 1);

	*reason = (enum reason)(word >> STATE_BITS & ((1U << REASON_BITS) - 1));
	return state < IMAGE_STATES ? (enum image_state)state : IMAGE_NONE;
}

enum image_state index_image_state(const struct index *index, const struct index_ref *ref,
				   enum reason *reason)
{
	uint32_t word =
		atomic_load_explicit(&entry_at(index, ref->slot)->image, memory_order_acquire);

	*reason = REASON_NONE;
	return is_for(word, ref) ? state_in(word, reason) : IMAGE_NONE;
}

bool index_image_change(struct index *index, const struct index_ref *ref, enum image_state from,
			enum image_state to, enum reason reason)
{
	_Atomic uint32_t *word = &entry_at(index, ref->slot)->image;
	uint32_t seen = atomic_load_explicit(word, memory_order_relaxed);
	enum reason ignored;
	enum image_state state = is_for(seen, ref) ? state_in(seen, &ignored) : IMAGE_NONE;

	return index_holds(index, ref) && state == from &&
	       atomic_compare_exchange_strong_explicit(word, &seen, make_word(ref, to, reason),
						       memory_order_acq_rel, memory_order_relaxed);
}

void index_image_want(struct index *index, const struct index_ref *ref)
{
	struct index_header *h = index->map;
	uint32_t n;

	if (!index_image_change(index, ref, IMAGE_NONE, IMAGE_WANTED, REASON_NONE))
		return;
	n = atomic_fetch_add(&h->wanted, 1);
	atomic_store(&h->asked[n % INDEX_ASKED], ref->slot + 1);
	if (atomic_load(&h->service) == SERVICE_ASLEEP)
		sys_call3(SYS_futex, (long)&h->wanted, FUTEX_WAKE, 1);
}

uint32_t index_image_requests(const struct index *index)
{
	return atomic_load(&index->map->wanted);
}

uint32_t index_image_take(struct index *index, uint32_t n)
{
	uint32_t slot = atomic_exchange(&index->map->asked[n % INDEX_ASKED], 0) - 1;

	return slot < INDEX_SLOTS ? slot : INDEX_SLOTS;
}

bool index_image_wait(struct index *index, uint32_t seen, unsigned milliseconds)
{
	struct index_header *h = index->map;
	struct timespec time = {.tv_sec = milliseconds / 1000,
				.tv_nsec = (long)(milliseconds % 1000) * 1000000};

	/* Announced first, looked at by the kernel second: no request can fall in between. */
	atomic_store(&h->service, SERVICE_ASLEEP);
	sys_call4(SYS_futex, (long)&h->wanted, FUTEX_WAIT, seen, (long)&time);
	atomic_store(&h->service, SERVICE_AWAKE);
	return atomic_load(&h->wanted) != seen;
}

uint64_t index_clock(const struct index *index)
{
	return atomic_load_explicit(&index->map->clock, memory_order_relaxed);
}

uint64_t index_variables(const struct index *index)
{
	return atomic_load_explicit(&index->map->variables, memory_order_relaxed);
}

bool index_has_images(const struct index *index)
{
	return atomic_load_explicit(&index->map->has_images, memory_order_acquire);
}

uint64_t index_confinement(const struct index *index)
{
	return atomic_load_explicit(&index->map->confinement, memory_order_relaxed);
}

void index_enable_images(struct index *index, uint64_t variables, uint64_t confinement)
{
	atomic_store_explicit(&index->map->variables, variables, memory_order_relaxed);
	atomic_store_explicit(&index->map->confinement, confinement, memory_order_relaxed);
	atomic_store_explicit(&index->map->has_images, 1, memory_order_release);
}

void index_note_tracer(struct index *index)
{
	atomic_store_explicit(&index->map->has_tracer, 1, memory_order_release);
}

bool index_has_tracer(const struct index *index)
{
	return atomic_load_explicit(&index->map->has_tracer, memory_order_acquire);
}

uint64_t index_starts(const struct index *index, const struct index_ref *ref)
{
	uint64_t starts = 0;

	for (int how = 0; how < HOW_COUNT; how++)
		starts += atomic_load_explicit(&entry_at(index, ref->slot)->starts[how],
					       memory_order_relaxed);
	return starts;
}

void index_count_baked(struct index *index)
{
	atomic_fetch_add_explicit(&index->map->baked, 1, memory_order_relaxed);
}

void index_count_stale(struct index *index)
{
	atomic_fetch_add_explicit(&index->map->stale, 1, memory_order_relaxed);
}
