/* What main() is given, and the names a process goes by. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "reporter.h"

static char file[1 << 18];

/* "same" if a file of /proc holds exactly these strings, each with its NUL. */
static const char *same_strings(const char *path, char *const strings[])
{
	size_t length = read_file(path, file, sizeof file);
	size_t at = 0;

	for (size_t i = 0; strings[i]; i++) {
		size_t n = strlen(strings[i]) + 1;

		if (at + n > length || memcmp(file + at, strings[i], n) != 0)
			return "different";
		at += n;
	}
	return at == length ? "same" : "longer";
}

void report_arguments(const struct start_state *state)
{
	char link[4096];
	ssize_t n = readlink("/proc/self/exe", link, sizeof link - 1);
	char comm[16] = "";

	report("argc", "%d", state->argc);
	for (int i = 0; i < state->argc; i++)
		report("argv", "%s", state->argv[i]);
	report("argv end", "%s", state->argv[state->argc] ? "not null" : "null");
	for (size_t i = 0; state->envp[i]; i++)
		report("environ", "%s", state->envp[i]);
	report("environ is envp", "%d", environ == state->envp);
	report("envp follows argv", "%d", state->envp == state->argv + state->argc + 1);
	report("/proc/self/cmdline", "%s", same_strings("/proc/self/cmdline", state->argv));
	report("/proc/self/environ", "%s", same_strings("/proc/self/environ", state->envp));
	link[n > 0 ? n : 0] = '\0';
	report("/proc/self/exe", "%s", link);
	read_file("/proc/self/comm", file, sizeof file);
	report("/proc/self/comm", "%s", file);
	prctl(PR_GET_NAME, comm);
	report("comm", "%s", comm);
	report("program_invocation_name", "%s", program_invocation_name);
	report("program_invocation_short_name", "%s", program_invocation_short_name);
	report("program_invocation_name is argv[0]", "%d",
	       state->argc > 0 && program_invocation_name == state->argv[0]);
}

/* Types whose values are addresses. */
static int is_address(unsigned long type)
{
	return type == AT_PHDR || type == AT_BASE || type == AT_ENTRY || type == AT_RANDOM ||
	       type == AT_SYSINFO_EHDR;
}

static void report_auxv_entry(unsigned long type)
{
	unsigned long value;
	char key[32];

	snprintf(key, sizeof key, "auxv %lu", type);
	errno = 0;
	value = getauxval(type);
	if (errno == ENOENT)
		report(key, "absent");
	else if (type == AT_EXECFN || type == AT_PLATFORM || type == AT_BASE_PLATFORM)
		report(key, "%s", value ? (const char *)value : "null");
	else if (is_address(type))
		report(key, "%s, page offset %#lx", value ? "set" : "0",
		       type == AT_RANDOM ? 0 : value & 0xfff);
	else
		report(key, "%#lx", value);
}

void report_auxv(void)
{
	Elf64_auxv_t entries[64];
	size_t length = read_file("/proc/self/auxv", (char *)entries, sizeof entries);
	char order[512];
	size_t used = 0;

	for (unsigned long type = 3; type < 64; type++)
		report_auxv_entry(type);
	order[0] = '\0';
	for (size_t i = 0; i < length / sizeof entries[0]; i++)
		used += (size_t)snprintf(order + used, sizeof order - used, " %lu",
					 entries[i].a_type);
	report("auxv order", "%s", order);
}
