#include "refresh.h"

#include <errno.h>

#include "elfcache/cache.h"
#include "shim/template/image/renew.h"

/* True if it is time to look at that copy; it will be again later. */
static bool is_due(struct refresh *r, const char *path, int64_t now)
{
	const uint64_t hash = cache_path_hash(path);
	struct refresh_copy *copy = NULL;

	for (size_t i = 0; !copy && i < REFRESH_MAX; i++)
		if (r->list[i].path_hash == hash)
			copy = &r->list[i];
	if (copy && now < copy->due)
		return false;
	if (!copy) {
		copy = &r->list[r->next];
		r->next = (r->next + 1) % REFRESH_MAX;
	}
	*copy = (struct refresh_copy){hash, now + REFRESH_CHECK_MS};
	return true;
}

static void wait_longer(struct refresh *r, int64_t now)
{
	r->pause = r->pause ? r->pause * 2 : REFRESH_PAUSE_MS;
	if (r->pause > REFRESH_PAUSE_MAX_MS)
		r->pause = REFRESH_PAUSE_MAX_MS;
	r->again = now + r->pause;
}

void refresh_image(struct refresh *r, const struct image_view *view, int64_t now)
{
	for (uint32_t i = 0; i < view->table->copies.count && now >= r->again; i++) {
		const struct image_copy *copy = image_copy(view, i);
		const char *path = image_copy_path(view, copy);

		if (!is_due(r, path, now))
			continue;
		switch (code_renew(path, &copy->id)) {
		case CODE_RENEWED:
			r->pause = 0;
			break;
		case CODE_GOOD:
		case -ENOENT: /* The file itself is mapped. */
		case -ESTALE:
		case -EBUSY:
			break;
		default:
			wait_longer(r, now);
		}
	}
}
