/* A process's mappings as the kernel lists them: shim/template/image/maps.h. */
#include "shim/template/image/maps.h"

#include <stdio.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* fmemopen() has no empty files. */
	FILE *f = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct mappings m;

	if (!f)
		return 0;
	if (mappings_parse(f, &m) == 0) {
		for (size_t i = 0; i < m.count; i++) {
			const struct mapping *map = &m.list[i];

			FUZZ_ASSERT(map->path);
			FUZZ_ASSERT(mappings_named(&m, map->path));
			FUZZ_ASSERT(map->start >= map->end || mappings_at(&m, map->start));
		}
		mappings_free(&m);
	}
	FUZZ_ASSERT(!m.list && !m.count);
	fclose(f);
	return 0;
}
