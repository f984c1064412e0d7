#include <errno.h>
#include <sys/stat.h>

#include "inspect.h"

static const enum reason kind_reasons[EXE_KINDS] = {
	[EXE_UNREADABLE] = REASON_UNREADABLE,
	[EXE_OTHER] = REASON_NOT_ELF,
	[EXE_SCRIPT] = REASON_NONE, /* its interpreter decides */
	[EXE_GLIBC] = REASON_NONE,
	[EXE_STATIC] = REASON_STATIC,
	[EXE_ELF32] = REASON_ELF32,
	[EXE_FOREIGN_ARCH] = REASON_FOREIGN_ARCH,
	[EXE_FOREIGN_LIBC] = REASON_FOREIGN_LIBC,
	[EXE_SANITIZER] = REASON_SANITIZER,
};

/* What the service does, for the same reasons (serve_session.c). */
static enum reason try_to_bake(struct inspected *f, char *const envp[])
{
	bakery_try(&f->id, f->path, envp, &f->trial);
	if (!f->trial.err)
		return REASON_NONE;
	return f->trial.err == -ENOTSUP ? REASON_INELIGIBLE : REASON_FAILED;
}

void inspect_image(struct inspected *f, char *const envp[])
{
	f->image = kind_reasons[f->exe.kind];
	if (f->image == REASON_NONE && (f->id.mode & (S_ISUID | S_ISGID)))
		f->image = REASON_SETID;
	if (f->image == REASON_NONE && !envp)
		f->image = REASON_NO_ENGINE;
	if (f->image == REASON_NONE)
		f->image = try_to_bake(f, envp);
}

const char *inspect_image_sentence(const struct inspected *f)
{
	return f->trial.why[0] ? f->trial.why : reason_sentence(f->image);
}
