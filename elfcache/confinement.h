/*
 * What a process may do and see, as far as proc(5) tells.
 */
#ifndef ST_ELFCACHE_CONFINEMENT_H
#define ST_ELFCACHE_CONFINEMENT_H

#include <stdbool.h>
#include <stdint.h>

/* Lines of /proc/self/status; 0 for one that is not there. */
enum status_line {
	STATUS_TRACER,       /* TracerPid */
	STATUS_PERMITTED,    /* CapPrm */
	STATUS_EFFECTIVE,    /* CapEff */
	STATUS_NO_NEW_PRIVS, /* NoNewPrivs */
	STATUS_SECCOMP,      /* Seccomp */
	STATUS_FILTERS,      /* Seccomp_filters, since Linux 5.9 */
	STATUS_LINES
};

/* False if it cannot be read. */
bool status_read(uint64_t lines[STATUS_LINES]);

/*
 * A hash of what the calling process can see of the file system, and of what it is forbidden:
 * its namespaces of mounts, users and processes, its root directory, its capabilities, whether it
 * can gain privileges, its filters of system calls.  Who has another one than the process that
 * bakes for it might be given what was kept from it.  0 if it is not known.  Landlock's rules
 * nobody can ask for.
 */
uint64_t confinement_hash(void);

#endif
