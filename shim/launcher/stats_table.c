#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "stats.h"
#include "text.h"

/* More would push what COMMAND printed last off the screen; --stats=FILE has them all. */
enum { TABLE_TARGETS = 15 };

static void print_fallbacks(FILE *out, const struct index_totals *totals)
{
	for (unsigned reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		if (totals->fallback[reason])
			fprintf(out, "%10" PRIu64 "  %s: %s\n", totals->fallback[reason],
				reason_name(reason), reason_sentence(reason));
}

static void print_targets(FILE *out, const struct stats *stats)
{
	size_t shown = stats->target_count < TABLE_TARGETS ? stats->target_count : TABLE_TARGETS;

	fprintf(out, "%10s %9s %9s %9s  %s\n", "starts", "image", "kernel", "libc", "program");
	for (size_t i = 0; i < shown; i++) {
		const struct stats_target *t = &stats->targets[i];
		char *path = text_printable(t->target.path);

		fprintf(out, "%10" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "  %s\n",
			t->starts, t->counts.starts[HOW_IMAGE], t->counts.starts[HOW_KERNEL],
			t->counts.starts[HOW_LIBC], path);
		free(path);
	}
	if (shown < stats->target_count)
		fprintf(out, "%10s and %zu more programs\n", "", stats->target_count - shown);
}

void stats_print_table(const struct stats *stats, FILE *to)
{
	/* Buffered, so that the lines of a parallel build do not come between. */
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	fprintf(out,
		"spawn-template: %" PRIu64 " starts in %.3f s: %" PRIu64 " image, %" PRIu64
		" kernel, %" PRIu64 " libc; images: %" PRIu64 " baked, %" PRIu64 " stale\n",
		stats->starts, stats->wall_s, stats->totals.starts[HOW_IMAGE],
		stats->totals.starts[HOW_KERNEL], stats->totals.starts[HOW_LIBC],
		stats->totals.baked, stats->totals.stale);
	if (stats->totals.both)
		fprintf(out,
			"%" PRIu64 " of those from images through kernel templates of the images\n",
			stats->totals.both);
	if (stats->totals.starts[HOW_LIBC]) {
		fprintf(out, "started by libc, because:\n");
		print_fallbacks(out, &stats->totals);
	}
	if (stats->target_count)
		print_targets(out, stats);
	if (fclose(out) == 0)
		fwrite(text, 1, len, to);
	free(text);
}
