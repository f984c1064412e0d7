#include "loaded.h"

#include <elf.h>
#include <link.h>

uint64_t loaded_first(const struct place *p, const struct tracee *t)
{
	struct r_debug debug;

	for (uint64_t i = 0; i < LOADED_DYNAMIC && i < p->dynamic_size / sizeof(Elf64_Dyn); i++) {
		Elf64_Dyn entry;

		if (tracee_read(t, p->dynamic + i * sizeof entry, &entry, sizeof entry) ||
		    entry.d_tag == DT_NULL)
			return 0;
		if (entry.d_tag != DT_DEBUG)
			continue;
		return entry.d_un.d_ptr && !tracee_read(t, entry.d_un.d_ptr, &debug, sizeof debug)
			       ? (uint64_t)(uintptr_t)debug.r_map
			       : 0;
	}
	return 0;
}
