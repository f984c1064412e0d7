#include "reason.h"

static const struct {
	const char *name;
	const char *sentence;
} reasons[] = {
#define X(id, name, sentence) [REASON_##id] = {name, sentence},
	ST_REASONS(X)
#undef X
};

const char *reason_name(unsigned reason)
{
	return reason < REASON_COUNT ? reasons[reason].name : "unknown";
}

const char *reason_sentence(unsigned reason)
{
	return reason < REASON_COUNT ? reasons[reason].sentence : "unknown";
}
