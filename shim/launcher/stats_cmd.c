#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#include "begin.h"
#include "json.h"
#include "message.h"
#include "output.h"
#include "stats.h"
#include "subcommands.h"

enum { OPT_JSON = 256 };

static const struct option long_options[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{NULL, 0, NULL, 0},
};

int subcommand_stats(const struct options *options, int argc, char **argv)
{
	struct session session;
	struct stats stats;
	bool json = false;
	int status = 0;
	int c;

	(void)options;
	optind = 0;
	while ((c = getopt_long(argc, argv, "+:", long_options, NULL)) >= 0) {
		if (c != OPT_JSON)
			return options_bad("stats", c, argv, long_options);
		json = true;
	}
	if (optind < argc)
		return usage_error("stats %s: stats takes no words", argv[optind]);
	if (!begin_find_outer(&session)) {
		say("stats: no session is in effect here; see: spawn-template --stats COMMAND");
		return EXIT_FOUND;
	}
	stats_collect(&session.index, (double)(time(NULL) - index_origin(&session.index)->created),
		      &stats);
	if (json)
		status = json_print(stats_to_json(&stats));
	else
		stats_print_table(&stats, stdout);
	stats_free(&stats);
	session_close(&session);
	return json ? status : output_finish(0);
}
