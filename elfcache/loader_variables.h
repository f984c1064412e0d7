/*
 * The environment variables by which ld.so and malloc are steered.
 */
#ifndef ST_ELFCACHE_LOADER_VARIABLES_H
#define ST_ELFCACHE_LOADER_VARIABLES_H

#include <stdbool.h>
#include <stdint.h>

/* True for NAME=value with a name that begins LD_, MALLOC_ or GLIBC_TUNABLES. */
bool is_loader_variable(const char *definition);

/*
 * Add a definition to the hash of an environment's loader variables, which begins as 0 and does not
 * depend on their order.  Two environments with different hashes need different images; equal ones
 * may be told apart by resume only, which compares each variable.
 */
uint64_t loader_variables_add(uint64_t hash, const char *definition);
uint64_t loader_variables_hash(char *const envp[]);

#endif
