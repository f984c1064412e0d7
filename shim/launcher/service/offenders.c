#include "offenders.h"

unsigned offenders_note(struct offenders *offenders, const struct identity *id, uint64_t path_hash)
{
	for (size_t i = 0; i < OFFENDERS_MAX; i++) {
		struct offender *o = &offenders->list[i];

		if (o->times && o->path_hash == path_hash && identity_equal(&o->id, id))
			return ++o->times;
	}
	offenders->list[offenders->next] = (struct offender){*id, path_hash, 1};
	offenders->next = (offenders->next + 1) % OFFENDERS_MAX;
	return 1;
}
