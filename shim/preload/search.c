#include "search.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <unistd.h>

#include "../../elfcache/mem.h"
#include "../../elfcache/sys.h"

bool search_is_needed(const char *file)
{
	return *mem_find_or_end(file, '/') == '\0';
}

/* True if access(2), which goes by the real ids, says what the effective ids may do. */
static bool ids_are_equal(void)
{
	return sys_call3(SYS_getuid, 0, 0, 0) == sys_call3(SYS_geteuid, 0, 0, 0) &&
	       sys_call3(SYS_getgid, 0, 0, 0) == sys_call3(SYS_getegid, 0, 0, 0);
}

/* Would execve() of this file by this process get past its permission checks?  0 or the error. */
static int may_execute(const char *path)
{
	struct stat st;
	int err = sys_fstatat(AT_FDCWD, path, &st, 0);

	if (err)
		return err;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	/*
	 * Both give EACCES for a noexec mount too.  access(2) is preferred where it means the same:
	 * ld.so makes that call itself, so no seccomp filter under which a program can start
	 * forbids it.
	 */
	if (ids_are_equal())
		return (int)sys_call3(SYS_access, (long)path, X_OK, 0);
	return sys_faccessat2(AT_FDCWD, path, X_OK, AT_EACCESS);
}

static bool passes_over(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -ESTALE || err == -ENODEV ||
	       err == -ETIMEDOUT || err == -EACCES;
}

static const char default_path[] = "/bin:/usr/bin";

size_t search_room(const char *file, const char *path)
{
	size_t longest = 0;
	size_t room;

	if (!path)
		path = default_path;
	for (;;) {
		const char *end = mem_find_or_end(path, ':');
		size_t len = (size_t)(end - path);

		longest = len > longest ? len : longest;
		if (!*end)
			break;
		path = end + 1;
	}
	room = longest + 1 + mem_length(file) + 1;
	return room < SEARCH_MAX ? room : SEARCH_MAX;
}

bool search_path(const char *file, const char *path, char *found, size_t room)
{
	size_t file_len = mem_length(file);

	/* glibc has its own ideas of longer names. */
	if (file_len == 0 || file_len > NAME_MAX)
		return false;
	if (!path)
		path = default_path;
	for (;;) {
		const char *end = mem_find_or_end(path, ':');
		size_t len = (size_t)(end - path);

		char *p = found + len;
		int err;

		if (len + 1 + file_len >= room)
			return false;
		mem_copy(found, path, len);
		if (len)
			*p++ = '/';
		mem_copy(p, file, file_len + 1);
		err = may_execute(found);
		if (!err)
			return true;
		if (!passes_over(err))
			return false;
		if (!*end)
			return false;
		path = end + 1;
	}
}
