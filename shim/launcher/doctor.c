#include "doctor.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "memory.h"
#include "message.h"
#include "output.h"
#include "subcommands.h"
#include "text.h"

enum { OPT_JSON = 256, OPT_ENGINE, OPT_CACHE_DIR };

static const struct option long_options[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{"engine", required_argument, NULL, OPT_ENGINE},
	{"cache-dir", required_argument, NULL, OPT_CACHE_DIR},
	{NULL, 0, NULL, 0},
};

static const char *const state_names[] = {"ok", "note", "bad"};

void doctor_add(struct doctor *d, enum check_state state, const char *name, const char *follows,
		const char *found, ...)
{
	struct check check = {.state = state, .name = name, .follows = follows};
	va_list ap;

	va_start(ap, found);
	if (vasprintf(&check.found, found, ap) < 0)
		check.found = memory_copy_string("?");
	va_end(ap);
	d->checks = memory_resize(d->checks, d->count + 1, sizeof *d->checks);
	d->checks[d->count++] = check;
}

static void print_checks(const struct doctor *d)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct check *c = &d->checks[i];
		char *found = text_printable(c->found);

		printf("%-5s %-16s %s\n", state_names[c->state], c->name, found);
		printf("%-5s %-16s -> %s\n", "", "", c->follows);
		free(found);
	}
	puts(d->works ? "spawn-template works here." : "spawn-template does not work here.");
}

static struct json_object *checks_to_json(const struct doctor *d)
{
	struct json_object *object = json_object_new_object();
	struct json_object *checks = json_object_new_array();

	for (size_t i = 0; i < d->count; i++) {
		const struct check *c = &d->checks[i];
		struct json_object *check = json_object_new_object();

		json_add_text(check, "state", state_names[c->state]);
		json_add_text(check, "name", c->name);
		json_add_text(check, "found", c->found);
		json_add_text(check, "follows", c->follows);
		json_object_array_add(checks, check);
	}
	json_add_number(object, "version", 1);
	json_add_bool(object, "works", d->works);
	json_object_object_add(object, "checks", checks);
	return object;
}

static int parse(int argc, char **argv, struct options *options, bool *json)
{
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "+:", long_options, NULL)) >= 0) {
		if (c == OPT_JSON) {
			*json = true;
		} else if (c == OPT_CACHE_DIR && *optarg) {
			options->cache_dir = optarg;
		} else if (c == OPT_CACHE_DIR) {
			return usage_error("--cache-dir=: the path is empty");
		} else if (c == OPT_ENGINE) {
			if (!engine_parse(optarg, &options->engine))
				return usage_error(
					"--engine=%s: must be auto, kernel, image or off", optarg);
			options->has_engine = true;
		} else {
			return options_bad("doctor", c, argv, long_options);
		}
	}
	if (optind < argc)
		return usage_error("doctor %s: doctor takes no words", argv[optind]);
	return 0;
}

int subcommand_doctor(const struct options *options, int argc, char **argv)
{
	struct options own = *options;
	struct doctor d = {.options = &own};
	bool json = false;
	int status = parse(argc, argv, &own, &json);

	if (status)
		return status;
	status = options_check_environment(&own);
	if (status)
		return status;
	doctor_check_system(&d);
	doctor_check_preload(&d);
	doctor_check_cache(&d);
	doctor_check_trial(&d);
	doctor_check_engines(&d);
	doctor_check_others(&d);
	if (json) {
		status = json_print(checks_to_json(&d));
	} else {
		print_checks(&d);
		status = output_finish(0);
	}
	for (size_t i = 0; i < d.count; i++)
		free(d.checks[i].found);
	free(d.checks);
	return status ? status : d.works ? 0 : EXIT_FOUND;
}
