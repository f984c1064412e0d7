#include <stdio.h>

#include "subcommands.h"

void print_help(void)
{
	fputs("Usage: spawn-template [OPTION]... [--] COMMAND [ARG]...\n"
	      "       spawn-template SUBCOMMAND ...\n"
	      "Run COMMAND so that starting the same programs again and again is cheap.\n"
	      "Its exit status is COMMAND's: 128+N if signal N ended it, 127 not found.\n"
	      "\n"
	      "  --engine=ENGINE       auto, image, kernel, or off: count, but leave all to libc\n"
	      "  --stats[=FILE]        at the end, a table on stderr; with FILE, JSON into it\n"
	      "  --cache-dir=DIR       where sessions are kept, in place of the user's cache\n"
	      "  --verbose             say on stderr what was found and chosen, and why\n"
	      "  --help, --version     this text; the version\n"
	      "\n"
	      "  env [--off] [--shell=sh|bash|zsh|fish]\n"
	      "                        shell code that accelerates the shell, or ends that\n"
	      "  stats [--json]        what the session in effect has counted\n"
	      "  inspect [--json] FILE...\n"
	      "                        what is known of a program, and which engine can start it\n"
	      "  cache ls|clear|verify [--json]\n"
	      "                        what the cache directories hold; remove it; check it\n"
	      "  doctor [--json]       what works on this machine, and what follows from it\n"
	      "  bake PROGRAM...       make images now, which all sessions of this boot begin "
	      "with\n"
	      "\n"
	      "Examples:\n"
	      "  spawn-template make -j8\n"
	      "  spawn-template --stats=build.json ninja\n"
	      "  eval \"$(spawn-template env)\"\n"
	      "  spawn-template -- env FOO=1 make        # the program env\n"
	      "See spawn-template(1).\n",
	      stdout);
}

void print_version(void)
{
	puts("spawn-template " ST_VERSION);
}
