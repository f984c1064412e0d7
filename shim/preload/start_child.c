#include <errno.h>

#include "../template/child.h"
#include "../template/translate.h"
#include "process.h"
#include "start.h"

/* The layout of file actions needs no probe here: it is that of the versions which child.h names.
 */
int start_child(const struct spawn_call *call, char *const envp[])
{
	struct action actions[ACTIONS_MAX];
	struct child_start start = {
		.path = call->file,
		.argv = call->argv,
		.envp = envp,
		.actions = actions,
	};
	ssize_t count;
	struct child_result result;
	int err;

	if (call->function != NEXT_posix_spawn || !process_spawns_itself())
		return -ENOTSUP;
	count = file_actions_read(call->file_actions, actions, ACTIONS_MAX);
	if (count < 0)
		return -ENOTSUP;
	start.action_count = (size_t)count;
	process_read_attributes(call->attr, &start.attributes);
	err = child_start(&start, &result);
	if (err == -ENOTSUP)
		return err;
	if (!err && call->result)
		*call->result = result.pid;
	if (result.errno_is)
		errno = result.errno_is;
	return err;
}
