#include <errno.h>

#include "../template/child.h"
#include "process.h"
#include "start.h"

/* The layout of file actions needs no probe here: it is that of the versions which child.h names.
 */
int start_child(const struct spawn_call *call, struct in_place *image, char *const envp[])
{
	struct child_start start = {
		.path = call->file,
		.argv = call->argv,
		.envp = envp,
		.file_actions = call->file_actions,
	};
	struct child_result result;
	int err;

	if (call->function != NEXT_posix_spawn || !process_spawns_itself())
		return -ENOTSUP;
	if (image) {
		start.fallback = start.path;
		start.fallback_argv = start.argv;
		start.path = image->path;
		start.argv = image->argv;
	}
	process_read_attributes(call->attr, &start.attributes);
	err = child_start(&start, &result);
	if (err == -ENOTSUP)
		return err;
	if (image) {
		image->error = result.path_error;
		image->went_on = result.path_error != 0;
	}
	if (!err && call->result)
		*call->result = result.pid;
	if (result.errno_is)
		errno = result.errno_is;
	return err;
}
