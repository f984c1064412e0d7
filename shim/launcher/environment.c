#include "environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = sizeof(((struct environment *)0)->owned) / sizeof(char *) };

const char *environment_get(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

int environment_copy(struct environment *env, char *const envp[])
{
	static char *const none[] = {NULL};

	*env = (struct environment){0};
	if (!envp)
		envp = none;
	while (envp[env->count])
		env->count++;
	env->vars = calloc(env->count + ROOM + 1, sizeof *env->vars);
	if (!env->vars)
		return -ENOMEM;
	memcpy(env->vars, envp, env->count * sizeof *envp);
	return 0;
}

static bool defines(const char *var, const char *name, size_t len)
{
	return strncmp(var, name, len) == 0 && var[len] == '=';
}

int environment_set(struct environment *env, const char *name, const char *value)
{
	size_t len = strlen(name);
	bool done = false;
	size_t to = 0;
	char *var;

	if (env->owned_count == ROOM || asprintf(&var, "%s=%s", name, value) < 0)
		return -ENOMEM;
	env->owned[env->owned_count++] = var;
	for (size_t i = 0; i < env->count; i++) {
		if (!defines(env->vars[i], name, len)) {
			env->vars[to++] = env->vars[i];
		} else if (!done) {
			env->vars[to++] = var;
			done = true;
		}
	}
	if (!done)
		env->vars[to++] = var;
	env->count = to;
	env->vars[to] = NULL;
	return 0;
}

void environment_free(struct environment *env)
{
	for (size_t i = 0; i < env->owned_count; i++)
		free(env->owned[i]);
	free(env->vars);
	*env = (struct environment){0};
}
