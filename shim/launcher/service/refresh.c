#include "refresh.h"

#include <errno.h>

#include "elfcache/cache.h"
#include "shim/template/image/renew.h"

/* What is remembered of a copy; it takes the oldest one's place if that is nothing. */
static struct refresh_copy *find(struct refresh *r, const char *path)
{
	const uint64_t hash = cache_path_hash(path);
	struct refresh_copy *copy;

	for (size_t i = 0; i < REFRESH_MAX; i++)
		if (r->list[i].path_hash == hash)
			return &r->list[i];
	copy = &r->list[r->next];
	r->next = (r->next + 1) % REFRESH_MAX;
	*copy = (struct refresh_copy){.path_hash = hash};
	return copy;
}

static int64_t longer(int64_t pause)
{
	if (!pause)
		return REFRESH_PAUSE_MS;
	return pause < REFRESH_PAUSE_MAX_MS / 2 ? pause * 2 : REFRESH_PAUSE_MAX_MS;
}

void refresh_image(struct refresh *r, const struct image_view *view, int64_t now)
{
	for (uint32_t i = 0; i < view->table->copies.count && now >= r->again; i++) {
		const struct image_copy *copy = image_copy(view, i);
		const char *path = image_copy_path(view, copy);
		struct refresh_copy *known = find(r, path);

		if (now < known->due)
			continue;
		known->due = now + REFRESH_CHECK_MS;
		switch (code_renew(path, &copy->id)) {
		case CODE_RENEWED:
			known->pause = longer(known->pause);
			known->due = now + known->pause;
			r->pause = 0;
			break;
		case CODE_GOOD:
		case -ENOENT: /* The file itself is mapped. */
		case -ESTALE:
		case -EBUSY:
			break;
		default:
			r->pause = longer(r->pause);
			r->again = now + r->pause;
		}
	}
}
