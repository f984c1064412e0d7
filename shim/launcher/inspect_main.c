/*
 * The program behind `spawn-template inspect`.
 */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "descriptors.h"
#include "inspect.h"
#include "json.h"
#include "message.h"
#include "options.h"
#include "output.h"
#include "service.h"
#include "service/environment_blob.h"

enum { OPT_JSON = 256, OPT_ENVIRONMENT };

static const struct option long_options[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{INSPECT_ENVIRONMENT_OPTION, no_argument, NULL, OPT_ENVIRONMENT},
	{NULL, 0, NULL, 0},
};

/* Inspect one file and report.  files: array, or null to print. */
static int report(const char *name, char *const envp[], struct json_object *files)
{
	struct inspected f;
	int status;

	inspect(name, envp, &f);
	status = f.error ? EXIT_FOUND : 0;
	if (f.error == -EINVAL)
		say("inspect %s: not a regular file", name);
	else if (f.error)
		say("inspect %s: %s", name, strerror(-f.error));
	if (files)
		json_object_array_add(files, inspect_to_json(&f));
	else if (f.has_identity)
		inspect_print(&f);
	inspect_free(&f);
	return status;
}

static int report_all(char **names, char *const envp[], bool as_json)
{
	struct json_object *files = as_json ? json_object_new_array() : NULL;
	struct json_object *object;
	int status = 0;
	int failed;

	for (; *names; names++)
		if (report(*names, envp, files))
			status = EXIT_FOUND;
	if (!as_json)
		return output_finish(status);
	object = json_object_new_object();
	json_object_object_add(object, "version", json_object_new_int(1));
	json_object_object_add(object, "files", files);
	failed = json_print(object);
	return failed ? failed : status;
}

int main(int argc, char **argv)
{
	char **envp = NULL;
	bool as_json = false;
	int status;
	int c;

	descriptors_reserve();
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", long_options, NULL)) >= 0) {
		if (c == OPT_JSON)
			as_json = true;
		else if (c == OPT_ENVIRONMENT && !envp)
			envp = environment_blob_read(SERVICE_ENVIRONMENT);
		else
			return options_bad("inspect", c, argv, long_options);
	}
	if (optind >= argc)
		return usage_error("inspect: no FILE given");
	status = report_all(argv + optind, envp, as_json);
	environment_blob_free(envp);
	return status;
}
