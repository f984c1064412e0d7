#include "loader_variables.h"

#include "cache.h"
#include "mem.h"

bool is_loader_variable(const char *definition)
{
	switch (*definition) {
	case 'L':
		return mem_after_prefix(definition, "LD_") != NULL;
	case 'M':
		return mem_after_prefix(definition, "MALLOC_") != NULL;
	case 'G':
		return mem_after_prefix(definition, "GLIBC_TUNABLES") != NULL;
	default:
		return false;
	}
}

uint64_t loader_variables_add(uint64_t hash, const char *definition)
{
	return is_loader_variable(definition) ? hash + cache_path_hash(definition) : hash;
}

uint64_t loader_variables_hash(char *const envp[])
{
	uint64_t hash = 0;

	for (; envp && *envp; envp++)
		hash = loader_variables_add(hash, *envp);
	return hash;
}
