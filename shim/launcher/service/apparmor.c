#include "apparmor.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECURITYFS "/sys/kernel/security/apparmor"

/* An extended regular expression as it grows (regex(7)). */
struct expression {
	char text[2 * PATH_MAX];
	size_t len;
	bool full;
};

static void append(struct expression *e, const char *text, size_t len)
{
	if (len >= sizeof e->text - e->len) {
		e->full = true;
		return;
	}
	memcpy(e->text + e->len, text, len);
	e->len += len;
	e->text[e->len] = '\0';
}

static void append_string(struct expression *e, const char *text)
{
	append(e, text, strlen(text));
}

/* A character that stands for itself. */
static void append_literal(struct expression *e, char c)
{
	const char quoted[] = {'\\', c};

	if (strchr(".[]()*+?{}|^$\\", c))
		append(e, quoted, sizeof quoted);
	else
		append(e, &c, 1);
}

/* The part of the pattern that begins at p; returns its last character.  depth: open braces. */
static const char *translate_part(struct expression *e, const char *p, unsigned *depth)
{
	size_t len;

	switch (*p) {
	case '*':
		append_string(e, p[1] == '*' ? ".*" : "[^/]*");
		return p + (p[1] == '*');
	case '?':
		append_string(e, "[^/]");
		return p;
	case '[':
		len = strcspn(p, "]") + 1;
		append(e, p, len);
		return p + len - 1;
	case '{':
		++*depth;
		append_string(e, "(");
		return p;
	case ',':
		append_string(e, *depth ? "|" : ",");
		return p;
	case '}':
		*depth -= *depth > 0;
		append_string(e, ")");
		return p;
	case '\\':
		p += p[1] != '\0';
		break;
	default:
		break;
	}
	append_literal(e, *p);
	return p;
}

static void translate(struct expression *e, const char *pattern)
{
	unsigned depth = 0;

	append_string(e, "^");
	for (const char *p = pattern; *p; p++) {
		const char *end = strncmp(p, "@{", 2) == 0 ? strchr(p, '}') : NULL;

		if (end) {
			append_string(e, ".*");
			p = end;
		} else if (*p == '[' && !strchr(p, ']')) {
			e->full = true;
		} else {
			p = translate_part(e, p, &depth);
		}
	}
	append_string(e, "$");
}

bool apparmor_matches(const char *pattern, const char *path)
{
	struct expression expression = {.len = 0};
	regex_t compiled;
	bool matches;

	translate(&expression, pattern);
	/* What cannot be understood may match. */
	if (expression.full || regcomp(&compiled, expression.text, REG_EXTENDED | REG_NOSUB))
		return true;
	matches = regexec(&compiled, path, 0, NULL, 0) == 0;
	regfree(&compiled);
	return matches;
}

static FILE *open_below(const char *root, const char *path)
{
	char full[PATH_MAX];

	if (snprintf(full, sizeof full, "%s%s", root, path) >= (int)sizeof full)
		return NULL;
	return fopen(full, "re");
}

bool apparmor_is_enabled(const char *root)
{
	FILE *file = open_below(root, "/sys/module/apparmor/parameters/enabled");
	bool enabled = file && fgetc(file) == 'Y';

	if (file)
		fclose(file);
	return enabled;
}

/* A line, without the white space at its end. */
static bool read_line(FILE *file, char **line, size_t *size)
{
	ssize_t n = getline(line, size, file);

	while (n > 0 && isspace((unsigned char)(*line)[n - 1]))
		(*line)[--n] = '\0';
	return n >= 0;
}

/* The kernel's list: "NAME (MODE)", where the name is the pattern if nothing else is given. */
static bool is_named(FILE *profiles, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (!found && read_line(profiles, &line, &size)) {
		char *mode = strstr(line, " (");

		if (mode)
			*mode = '\0';
		found = line[0] == '/' && apparmor_matches(line, path);
	}
	free(line);
	return found;
}

/* Call for every entry of a directory, until one is found. */
static bool any_in(const char *root, const char *directory, const char *path,
		   bool (*call)(int dirfd, const char *name, const char *path))
{
	char full[PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (snprintf(full, sizeof full, "%s%s", root, directory) >= (int)sizeof full)
		return false;
	dir = opendir(full);
	while (!found && dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			found = call(dirfd(dir), entry->d_name, path);
	if (dir)
		closedir(dir);
	return found;
}

static FILE *open_at(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

/* A profile in the kernel: the file "attach" has its pattern. */
static bool is_attached(int dirfd, const char *name, const char *path)
{
	char attach[NAME_MAX + sizeof "/attach"];
	char *line = NULL;
	size_t size = 0;
	bool found = false;
	FILE *file;

	snprintf(attach, sizeof attach, "%s/attach", name);
	file = open_at(dirfd, attach);
	if (!file)
		return false;
	if (read_line(file, &line, &size))
		found = line[0] == '/' && apparmor_matches(line, path);
	free(line);
	fclose(file);
	return found;
}

/* A file of profiles: a pattern stands in a line that begins a block. */
static bool is_in_source(int dirfd, const char *name, const char *path)
{
	FILE *file = open_at(dirfd, name);
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (!found && file && read_line(file, &line, &size)) {
		size_t len = strlen(line);
		char *next = NULL;

		if (len == 0 || line[len - 1] != '{')
			continue;
		for (char *word = strtok_r(line, " \t\"", &next); word && !found && *word != '#';
		     word = strtok_r(NULL, " \t\"", &next))
			found = (word[0] == '/' || strncmp(word, "@{", 2) == 0) &&
				apparmor_matches(word, path);
	}
	free(line);
	if (file)
		fclose(file);
	return found;
}

bool apparmor_confines(const char *root, const char *path)
{
	FILE *profiles;
	bool found;

	if (!apparmor_is_enabled(root))
		return false;
	profiles = open_below(root, SECURITYFS "/profiles");
	if (!profiles)
		return any_in(root, "/etc/apparmor.d", path, is_in_source);
	found = is_named(profiles, path);
	fclose(profiles);
	return found || any_in(root, SECURITYFS "/policy/profiles", path, is_attached);
}
