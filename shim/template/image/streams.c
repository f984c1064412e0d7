/*
 * Hazards, and what answers each:
 *  1. A word seems to depend on the stream, and does on something else.  Of each kind one run is
 *     like the first one in all but the stream, and one differs from it in all that a second run
 *     does: in both the word must be the same.
 *  2. It depends on where in the file the stream is.  That is at the end, at the beginning and in
 *     the middle of one with content, and in an empty one.  Beyond the end nothing is known.
 *  3. A word that differs is explained by chance, as that of a second run.  Whatever explains it
 *     must explain the difference of the first two runs as well.
 *  4. Another kind of stream makes start-up read another file, or variable: those of all runs must
 *     be the same.
 */
#include "streams.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "merge.h"

enum { RUNS_MAX = 4 };

/* Of the runs of one kind, in one capture each. */
struct look {
	const struct image_source *source;
	char *const *envp;
	const struct run *run;
	const struct capture *first;
	struct capture seen[RUNS_MAX];
	int64_t positions[RUNS_MAX];
	size_t count;
	struct unexplained words; /* of all runs, in any order */
};

static bool has_word(const struct look *l, uint64_t at)
{
	for (size_t i = 0; i < l->words.count; i++)
		if (l->words.at[i] == at)
			return true;
	return false;
}

static bool add_words(struct look *l, const struct unexplained *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (has_word(l, list->at[i]))
			continue;
		if (l->words.count == IMAGE_STREAM_WORDS_MAX)
			return false;
		l->words.at[l->words.count++] = list->at[i];
	}
	return true;
}

static bool has_fixes_of(const struct capture *a, const struct capture *b)
{
	return a->fix_count == b->fix_count &&
	       (a->fix_count == 0 ||
		memcmp(a->fixes, b->fixes, a->fix_count * sizeof *a->fixes) == 0);
}

static bool pad(struct segment *s, uint64_t size)
{
	unsigned char *data;

	if (s->data_size >= size)
		return true;
	data = realloc(s->data, size);
	if (!data)
		return false;
	memset(data + s->data_size, 0, size - s->data_size);
	s->data = data;
	s->data_size = size;
	return true;
}

/* Pages that are all zeros in one run alone: content as in the other. */
static bool pad_all(struct capture *a, struct capture *b)
{
	bool ok = true;

	for (size_t i = 0; ok && i < a->segment_count && i < b->segment_count; i++)
		if (a->segments[i].size == b->segments[i].size)
			ok = pad(&a->segments[i], b->segments[i].data_size) &&
			     pad(&b->segments[i], a->segments[i].data_size);
	return ok;
}

/* What differs from the first run, of which all is taken anew: merging changes it. */
static bool compare(struct look *l, const struct run *other, struct capture *seen, bool is_second)
{
	struct unexplained list = {.count = 0};
	char unused[BAKE_WHY_MAX];
	struct capture again;
	bool ok = !run_capture(l->run, &again, unused) && pad_all(&again, seen) &&
		  !capture_merge(&again, &l->run->place, seen, &other->place, &list) &&
		  (!is_second || has_fixes_of(&again, l->first)) && add_words(l, &list);

	capture_free(&again);
	return ok;
}

static bool look_at(struct look *l, enum stream_kind kind, bool is_second)
{
	struct capture *seen = &l->seen[l->count];
	char unused[BAKE_WHY_MAX];
	struct spot spot = *l->run->place.spot;
	struct run run;
	bool ok;

	if (is_second) {
		if (spot_second(l->run->place.spot, &spot, kind) ||
		    run_second(&run, l->source->target, l->envp, &spot, unused))
			return false;
	} else {
		spot_set_stream(&spot, kind);
		if (run_to_entry(&run, l->source->target, l->envp, &spot, unused))
			return false;
	}
	l->positions[l->count++] = spot.stream.position;
	ok = watch_is_like(&l->run->watch, &run.watch, &spot) && !run_capture(&run, seen, unused) &&
	     compare(l, &run, seen, is_second);
	run_end(&run);
	return ok;
}

static bool is_address(const struct capture *c, uint64_t at)
{
	for (size_t i = 0; i < c->fix_count; i++)
		if (c->fixes[i].at == at)
			return true;
	return false;
}

/* The word at an address that the capture has. */
static uint64_t word_at(const struct capture *c, uint64_t at)
{
	uint64_t value = 0;

	for (size_t i = 0; i < c->segment_count; i++)
		if (at - c->segments[i].at < c->segments[i].data_size)
			memcpy(&value, c->segments[i].data + (at - c->segments[i].at),
			       sizeof value);
	return value;
}

/* What the word holds, whoever looks: false if that is not known. */
static bool understand(const struct look *l, struct image_stream_word *word)
{
	bool is_same = true;
	bool is_position = true;

	word->value = word_at(&l->seen[0], word->at);
	for (size_t i = 0; i < l->count; i++) {
		const uint64_t value = word_at(&l->seen[i], word->at);

		if (is_address(&l->seen[i], word->at))
			return false;
		is_same = is_same && value == word->value;
		is_position = is_position && value == (uint64_t)l->positions[i];
	}
	word->is_position = is_position;
	return is_same || is_position;
}

static void add_kind(const struct look *l, struct capture *first, uint32_t kind)
{
	struct image_stream_word *list = reallocarray(
		first->stream_words, first->stream_word_count + l->words.count + 1, sizeof *list);
	size_t count = first->stream_word_count;

	if (!list)
		return;
	first->stream_words = list;
	for (size_t i = 0; i < l->words.count; i++) {
		list[count] = (struct image_stream_word){.at = l->words.at[i], .kind = kind};
		if (!understand(l, &list[count++]))
			return;
	}
	first->stream_word_count = count;
	first->stream_kinds |= kind;
}

static void end(struct look *l)
{
	for (size_t i = 0; i < l->count; i++)
		capture_free(&l->seen[i]);
}

void streams_look(const struct image_source *source, char *const envp[], const struct run *run,
		  struct capture *first)
{
	const uint32_t streams = run->watch.streams;
	struct look device = {.source = source, .envp = envp, .run = run, .first = first};
	struct look file = device;

	if (streams & (streams - 1))
		return;
	if (look_at(&device, STREAM_DEVICE, true) && look_at(&device, STREAM_DEVICE, false))
		add_kind(&device, first, IMAGE_STREAM_DEVICE);
	end(&device);
	if (look_at(&file, STREAM_FILE_END, true) && look_at(&file, STREAM_FILE_EMPTY, false) &&
	    look_at(&file, STREAM_FILE_BEGIN, false) && look_at(&file, STREAM_FILE_MIDDLE, true))
		add_kind(&file, first, IMAGE_STREAM_FILE);
	end(&file);
}
