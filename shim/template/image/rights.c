#include "rights.h"

#include <sys/xattr.h>
#include <unistd.h>

bool rights_of_all(const char *path, const struct identity *id, int mode)
{
	const unsigned wanted = (unsigned)mode & (R_OK | W_OK | X_OK);

	/* Of an owner nothing else counts (path_resolution(7)). */
	if (id->uid == geteuid())
		return (id->mode >> 6 & wanted) == wanted;
	/* An access control list has rights of other groups, and of users (acl(5)). */
	return (id->mode >> 3 & wanted) == wanted && (id->mode & wanted) == wanted &&
	       getxattr(path, "system.posix_acl_access", NULL, 0) < 0;
}
