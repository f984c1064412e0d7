#include "cachedir.h"

#include <errno.h>

#include "mem.h"
#include "sys.h"

const char *cachedir_variable(char *const envp[], const char *name_and_equals)
{
	if (!envp)
		return NULL;
	for (; *envp; envp++) {
		const char *value = mem_after_prefix(*envp, name_and_equals);

		if (value)
			return value;
	}
	return NULL;
}

struct buffer {
	char *at;
	size_t room; /* includes the terminating NUL */
};

static void append(struct buffer *b, const char *s)
{
	size_t len = mem_length(s);

	if (len >= b->room) {
		b->room = 0;
		return;
	}
	mem_copy(b->at, s, len + 1);
	b->at += len;
	b->room -= len;
}

static void append_number(struct buffer *b, uid_t n)
{
	char digits[11];
	char *p = &digits[sizeof digits - 1];

	*p = '\0';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	append(b, p);
}

int cachedir_candidate(unsigned n, char *const envp[], uid_t uid, char *buf, size_t size)
{
	struct buffer b = {buf, size};
	const char *base = "/var/tmp";

	if (n >= CACHEDIR_CANDIDATES)
		return -ENOENT;
	if (n == 0)
		base = cachedir_variable(envp, "XDG_RUNTIME_DIR=");
	else if (n == 1)
		base = cachedir_variable(envp, "XDG_CACHE_HOME=");
	else if (n == 2)
		base = cachedir_variable(envp, "HOME=");
	if (!base || base[0] != '/')
		return -ENOENT;
	append(&b, base);
	if (n == 2)
		append(&b, "/.cache");
	append(&b, "/spawn-template");
	if (n == 3) {
		append(&b, "-");
		append_number(&b, uid);
	}
	return b.room ? (int)(b.at - buf) : -ENAMETOOLONG;
}

bool cachedir_is_safe(const struct stat *st, uid_t uid)
{
	return S_ISDIR(st->st_mode) && st->st_uid == uid && !(st->st_mode & 022);
}

int cachedir_open(const char *path, uid_t uid)
{
	struct stat st;
	int fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return fd;
	err = sys_fstat(fd, &st);
	if (!err && !cachedir_is_safe(&st, uid))
		err = -EPERM;
	if (err) {
		sys_close(fd);
		return err;
	}
	return fd;
}
