#include "preload_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char separators[] = ": ";
static const char our_name[] = "libspawn_template_preload";

const char *preload_list_next(const char **list, size_t *len)
{
	const char *start = *list + strspn(*list, separators);

	*len = strcspn(start, separators);
	*list = start + *len;
	return *len ? start : NULL;
}

bool preload_list_is_ours(const char *name, size_t len)
{
	const char *slash = memrchr(name, '/', len);
	const char *base = slash ? slash + 1 : name;

	return (size_t)(name + len - base) >= sizeof our_name - 1 &&
	       memcmp(base, our_name, sizeof our_name - 1) == 0;
}

static const char *find_ours(const char *list, size_t *len)
{
	const char *name;

	while ((name = preload_list_next(&list, len)))
		if (preload_list_is_ours(name, *len))
			return name;
	return NULL;
}

bool preload_list_has_ours(const char *list)
{
	size_t len;

	return list && find_ours(list, &len);
}

char *preload_list_append(const char *list, const char *library)
{
	char *result;

	if (!list)
		return strdup(library);
	return asprintf(&result, "%s:%s", list, library) < 0 ? NULL : result;
}

int preload_list_remove(const char *list, char **result)
{
	size_t len;
	const char *ours = find_ours(list, &len);
	const char *rest;

	*result = NULL;
	if (!ours) {
		*result = strdup(list);
		return *result ? 0 : -ENOMEM;
	}
	rest = ours + len;
	if (ours == list && !*rest)
		return 0;
	/* The separator goes that was put there with the name: the one before, if there is one. */
	if (ours > list)
		ours--;
	else
		rest++;
	return asprintf(result, "%.*s%s", (int)(ours - list), list, rest) < 0 ? -ENOMEM : 0;
}
