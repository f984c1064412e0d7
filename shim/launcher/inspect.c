#include "inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/template/kernel.h"

static bool is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* The first executable file of that name in PATH, as a shell would find it. */
static bool search(const char *name, char found[PATH_MAX])
{
	const char *path = getenv("PATH");

	if (!path)
		path = "/bin:/usr/bin";
	for (;;) {
		size_t len = strcspn(path, ":");
		/* An empty element is the working directory. */
		int n = snprintf(found, PATH_MAX, "%.*s%s%s", (int)len, path, len ? "/" : "", name);

		if (n < PATH_MAX && is_regular(found) && access(found, X_OK) == 0)
			return true;
		if (!path[len])
			return false;
		path += len + 1;
	}
}

static int resolve(const char *name, char path[PATH_MAX])
{
	char found[PATH_MAX];

	if (!strchr(name, '/') && *name && access(name, F_OK) && search(name, found))
		name = found;
	if (!realpath(name, path)) {
		int err = -errno;

		snprintf(path, PATH_MAX, "%s", name);
		return err;
	}
	return 0;
}

static void look_inside(struct inspected *f)
{
	int err = exe_look(AT_FDCWD, f->path, &f->exe);

	f->loaded = exe_loaded_kind(&f->exe);
	if (err) {
		f->error = err;
		return;
	}
	err = elffile_read(f->path, &f->elf, &f->elf_problem);
	/* That a file is not ELF at all is no news about a script. */
	if (f->exe.kind == EXE_SCRIPT)
		f->elf_problem = NULL;
	if (err && err != -ENOEXEC)
		f->error = err;
}

void inspect(const char *name, char *const envp[], struct inspected *f)
{
	struct stat st;

	*f = (struct inspected){.given = name};
	f->error = resolve(name, f->path);
	if (f->error)
		return;
	if (stat(f->path, &st)) {
		f->error = -errno;
		return;
	}
	f->has_identity = true;
	identity_from_stat(&f->id, &st);
	if (!S_ISREG(st.st_mode)) {
		f->has_identity = false;
		f->error = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
		return;
	}
	f->is_executable = faccessat(AT_FDCWD, f->path, X_OK, AT_EACCESS) == 0;
	look_inside(f);
	f->kernel = kernel_file_verdict(f->path, f->exe.kind, &f->id);
	inspect_image(f, envp);
}

void inspect_free(struct inspected *f)
{
	elffile_free(f->elf);
	f->elf = NULL;
}

/* The loader takes no library from a path in LD_PRELOAD into such a program (ld.so(8)). */
static bool is_secure(const struct inspected *f)
{
	return f->exe.kind != EXE_SCRIPT && (f->id.mode & (S_ISUID | S_ISGID));
}

const char *inspect_preload(const struct inspected *f)
{
	if (exe_rejects_preload(f->loaded))
		return "removed";
	return f->loaded == EXE_GLIBC && !is_secure(f) ? "loaded" : "not-loaded";
}

const char *inspect_preload_sentence(const struct inspected *f)
{
	if (exe_rejects_preload(f->loaded))
		return "taken out of its environment, since it cannot be loaded there";
	if (f->loaded != EXE_GLIBC)
		return "not loaded: what this program starts itself is not accelerated";
	if (is_secure(f))
		return "not loaded by set-user-id and set-group-id programs (ld.so(8))";
	return "loaded: what this program starts itself is accelerated";
}
