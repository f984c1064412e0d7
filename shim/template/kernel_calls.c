#include "kernel_calls.h"

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"
#include "procfs.h"

long kernel_create(const struct kernel_numbers *nr, const struct spawn_template_create_args *args,
		   size_t size)
{
	return sys_call3(nr->create, (long)args, (long)size, 0);
}

long kernel_spawn(const struct kernel_numbers *nr, int template_fd,
		  const struct spawn_template_spawn_args *args, size_t size)
{
	return sys_call3(nr->spawn, template_fd, (long)args, (long)size);
}

/* Anonymous inodes show their name with or without brackets, depending on who made them. */
bool kernel_is_template(int fd)
{
	char link[64];

	return procfs_fd_link(fd, link, sizeof link) > 0 &&
	       (mem_same_string(link, "anon_inode:spawn_template") ||
		mem_same_string(link, "anon_inode:[spawn_template]"));
}
