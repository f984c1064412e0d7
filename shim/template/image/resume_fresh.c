/*
 * Who the process belongs to, its environment, its limits, its standard streams: is that what
 * start-up saw?
 */
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../elfcache/sys.h"
#include "resume_part.h"

static bool aux_is(const struct process *p, unsigned type, uint64_t value)
{
	return p->aux[type] && p->aux[type]->a_un.a_val == value;
}

static bool credentials_are_fresh(const struct process *p)
{
	const struct image_table *t = p->table;

	return aux_is(p, AT_SECURE, 0) && aux_is(p, AT_UID, t->uid) && aux_is(p, AT_EUID, t->uid) &&
	       aux_is(p, AT_GID, t->gid) && aux_is(p, AT_EGID, t->gid);
}

/* True if s begins with the n characters of name and a '='. */
static bool defines(const char *s, const char *name, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (s[i] != name[i])
			return false;
	return s[n] == '=';
}

static bool same_string(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static bool variables_are_fresh(const struct process *p)
{
	const struct image_table *t = p->table;
	const struct image_variable *list = at_offset(t, t->variables.at);
	uint64_t letters = 0;
	uint64_t wanted = 0;

	/* First letters of the names, modulo 64: most variables are passed over by that. */
	for (uint32_t i = 0; i < t->variables.count; i++) {
		const char *text = at_offset(t, list[i].text);

		letters |= UINT64_C(1) << (text[0] & 63);
		if (text[list[i].name_len] == '=')
			wanted |= UINT64_C(1) << i;
	}
	for (char **e = p->envp; *e; e++) {
		if (!(letters >> (**e & 63) & 1))
			continue;
		for (uint32_t i = 0; i < t->variables.count; i++) {
			const char *text = at_offset(t, list[i].text);

			if (!defines(*e, text, list[i].name_len))
				continue;
			/* Not to be set, set to something else, or set twice. */
			if (!(wanted >> i & 1) || !same_string(*e, text))
				return false;
			wanted &= ~(UINT64_C(1) << i);
		}
	}
	return wanted == 0;
}

static bool limits_are_fresh(const struct process *p)
{
	const struct image_limit *list = at_offset(p->table, p->table->limits.at);

	for (uint32_t i = 0; i < p->table->limits.count; i++) {
		struct rlimit now;

		if (sys_getrlimit((int)list[i].resource, &now) || now.rlim_cur != list[i].soft ||
		    now.rlim_max != list[i].hard)
			return false;
	}
	return true;
}

static bool bounds_are_fresh(const struct process *p)
{
	const struct image_bound *list = at_offset(p->table, p->table->bounds.at);

	for (uint32_t i = 0; i < p->table->bounds.count; i++)
		if (sys_call3(SYS_prctl, PR_CAPBSET_READ, list[i].capability, 0) != list[i].answer)
			return false;
	return true;
}

static bool affinities_are_fresh(const struct process *p)
{
	const struct image_affinity *list = at_offset(p->table, p->table->affinities.at);

	for (uint32_t i = 0; i < p->table->affinities.count; i++) {
		uint64_t now[sizeof list->set / sizeof list->set[0]] = {0};

		if (sys_call3(SYS_sched_getaffinity, 0, list[i].size, (long)now) != list[i].result)
			return false;
		for (uint32_t word = 0; word < sizeof now / sizeof now[0]; word++)
			if (now[word] != list[i].set[word])
				return false;
	}
	return true;
}

/* Is that known of such a one, seekable or not? */
static bool stream_is_known(struct process *p, int fd)
{
	const long position = sys_call3(SYS_lseek, fd, 0, SEEK_CUR);
	struct stat st;

	if ((position < 0 && position != -ESPIPE) || sys_fstat(fd, &st))
		return false;
	if (position == -ESPIPE)
		return S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode) || S_ISSOCK(st.st_mode);
	p->stream_position = (uint64_t)position;
	if (S_ISREG(st.st_mode) && position <= st.st_size)
		p->stream_kind = IMAGE_STREAM_FILE;
	else if (S_ISCHR(st.st_mode) && position == 0)
		p->stream_kind = IMAGE_STREAM_DEVICE;
	return p->table->stream_kinds & p->stream_kind;
}

static bool streams_are_known(struct process *p)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if ((p->table->streams >> fd & 1) && !stream_is_known(p, fd))
			return false;
	return true;
}

bool resume_is_fresh(struct process *p)
{
	return credentials_are_fresh(p) && variables_are_fresh(p) && limits_are_fresh(p) &&
	       bounds_are_fresh(p) && affinities_are_fresh(p) && streams_are_known(p);
}
