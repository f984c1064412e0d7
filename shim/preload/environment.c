#include "environment.h"

#include <stdint.h>

#include "../../elfcache/mem.h"
#include "readable.h"

/* 16 KiB of stack for the pointers, if there is that much. */
enum { STRIP_MAX = 2048 };

/* Less than PATH_MAX: this is on the stack of somebody else's thread, which may be small. */
enum { LIBRARY_PATH_MAX = 512 };

static const char our_name[] = "libspawn_template_preload";
static const char preload_variable[] = "LD_PRELOAD=";

extern char **environ __attribute__((weak));

char **environment_get(void)
{
	return &environ ? environ : NULL;
}

static enum choice parse_choice(const char *value)
{
	if (mem_same_string(value, "off"))
		return CHOICE_OFF;
	if (mem_same_string(value, "kernel"))
		return CHOICE_KERNEL;
	if (mem_same_string(value, "image"))
		return CHOICE_IMAGE;
	return CHOICE_AUTO;
}

/* rest is what stands behind SPAWN_TEMPLATE in a variable's definition. */
static void read_ours(struct settings *settings, const char *rest)
{
	const char *value;

	if (*rest == '=')
		settings->choice = parse_choice(rest + 1);
	else if ((value = mem_after_prefix(rest, "_CACHE=")))
		settings->cache = value;
	else if ((value = mem_after_prefix(rest, "_KERNEL_NR=")))
		settings->kernel_nr = value;
	else if ((value = mem_after_prefix(rest, "_LOG=")))
		settings->log = value;
}

/* The next variable of *envp; null at the end, or where nothing can be read. */
static const char *next_variable(struct reader *reader, char **const *envp)
{
	char *s;

	return reader_pointer(reader, *envp, &s) && s && reader_can(reader, s) ? s : NULL;
}

/*
 * Whoever passes an environment of its own does not have libc look at environ, which may be
 * anything then, and may be another thread's to change.
 */
void settings_read(struct settings *settings)
{
	struct reader *reader = &settings->reader;
	const char *s;

	*settings = (struct settings){.choice = CHOICE_AUTO};
	for (char **envp = environment_get(); (s = next_variable(reader, &envp)); envp++) {
		if ((*s != 'S' && *s != 'P' && *s != 'L') || !reader_can_string(reader, s))
			continue;
		if (*s == 'P' && !settings->path)
			settings->path = mem_after_prefix(s, "PATH=");
		if (*s == 'L' && !settings->preload)
			settings->preload = mem_after_prefix(s, preload_variable);
		s = mem_after_prefix(s, "SPAWN_TEMPLATE");
		if (s)
			read_ours(settings, s);
	}
}

void environment_of_cache(char *out[ENVIRONMENT_OF_CACHE])
{
	static const char names[][17] = {"XDG_RUNTIME_DIR=", "XDG_CACHE_HOME=", "HOME="};
	struct reader reader = {.next = 0};
	const char *s;
	size_t n = 0;

	for (char **envp = environment_get(); (s = next_variable(&reader, &envp)); envp++)
		for (size_t i = 0; i < sizeof names / sizeof *names; i++)
			if (n < ENVIRONMENT_OF_CACHE - 1 && *s == names[i][0] &&
			    reader_can_string(&reader, s) && mem_after_prefix(s, names[i]))
				out[n++] = (char *)(uintptr_t)s;
	out[n] = NULL;
}

static bool is_separator(char c)
{
	return c == ':' || c == ' ';
}

/* The end of the library name that begins at p. */
static const char *token_end(const char *p)
{
	while (*p && !is_separator(*p))
		p++;
	return p;
}

/* True if the library name [p, end) is ours: its base name, up to any suffix (".so"). */
static bool token_is_ours(const char *p, const char *end)
{
	const char *base = p;

	for (; p < end; p++)
		if (*p == '/')
			base = p + 1;
	return (size_t)(end - base) >= sizeof our_name - 1 &&
	       mem_equal(base, our_name, sizeof our_name - 1);
}

/* Our name in the list, or null; *end is where it ends. */
static const char *find_us(const char *value, const char **end)
{
	while (*value) {
		*end = token_end(value);
		if (token_is_ours(value, *end))
			return value;
		value = **end ? *end + 1 : *end;
	}
	return NULL;
}

bool environment_leads_to_us(const struct settings *settings)
{
	const char *end;
	const char *us = settings->preload ? find_us(settings->preload, &end) : NULL;
	char path[LIBRARY_PATH_MAX];

	if (!us || *us != '/' || end - us >= LIBRARY_PATH_MAX)
		return true;
	mem_copy(path, us, (size_t)(end - us));
	path[end - us] = '\0';
	return sys_call3(SYS_access, (long)path, R_OK, 0) == 0;
}

bool environment_plan_strip(char *const envp[], struct strip_plan *plan)
{
	struct reader reader = {.next = 0};
	bool found = false;

	*plan = (struct strip_plan){0};
	for (;; plan->count++) {
		const char *value;
		const char *end;
		char *s;

		if (plan->count == STRIP_MAX || !reader_pointer(&reader, &envp[plan->count], &s))
			return false;
		if (!s)
			break;
		if (!reader_can_string(&reader, s))
			return false;
		value = mem_after_prefix(s, preload_variable);
		/* ld.so takes the last definition, but a shell passes on one only. */
		if (!value || found)
			continue;
		if (!find_us(value, &end))
			return false;
		found = true;
		plan->position = plan->count;
		plan->value = value;
		plan->value_size = sizeof preload_variable + mem_length(value);
	}
	/* A value is bounded by the kernel (MAX_ARG_STRLEN), but not by a stack. */
	return found && plan->value_size <= STRIP_MAX * sizeof(char *) &&
	       stack_takes(plan->count + plan->value_size / sizeof(char *));
}

/* Copy the libraries that are not ours, each with the separator that stood before it. */
static void strip_value(const char *value, char *out)
{
	char separator = '\0';

	while (*value) {
		const char *end = token_end(value);
		size_t len = (size_t)(end - value);

		if (len && !token_is_ours(value, end)) {
			if (separator)
				*out++ = separator;
			mem_copy(out, value, len);
			out += len;
			separator = *end ? *end : ':';
		}
		value = *end ? end + 1 : end;
	}
	*out = '\0';
}

void environment_strip(char *const envp[], const struct strip_plan *plan, char *out[], char *value)
{
	size_t n = 0;

	mem_copy(value, preload_variable, sizeof preload_variable);
	strip_value(plan->value, value + sizeof preload_variable - 1);
	for (size_t i = 0; i < plan->count; i++) {
		if (i != plan->position)
			out[n++] = envp[i];
		else if (value[sizeof preload_variable - 1])
			out[n++] = value;
	}
	out[n] = NULL;
}
