#include "bake.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "../../../elfcache/elffile.h"
#include "../../../elfcache/exe.h"
#include "../../../elfcache/sys.h"
#include "capture.h"
#include "place.h"
#include "tracee.h"
#include "watch.h"
#include "write.h"

static int refuse(char why[BAKE_WHY_MAX], const char *sentence)
{
	snprintf(why, BAKE_WHY_MAX, "%s", sentence);
	return -ENOTSUP;
}

/* What can be said without running it. */
static int judge(const char *path, const struct elffile *file, char why[BAKE_WHY_MAX])
{
	struct stat st;
	struct exe exe;

	if (stat(path, &st) < 0)
		return -errno;
	if (st.st_mode & (S_ISUID | S_ISGID))
		return refuse(why, "it is set-user-id or set-group-id");
	if (exe_look(AT_FDCWD, path, &exe))
		return refuse(why, "it cannot be read");
	if (exe.kind != EXE_GLIBC)
		return refuse(why,
			      "it is not a dynamic x86-64 program of glibc without sanitizers");
	if (!file->imports_libc_start_main)
		return refuse(why, "it does not start through libc");
	return 0;
}

static uint32_t stack_flags(const struct elffile *file)
{
	for (size_t i = 0; i < file->segment_count; i++)
		if (file->segments[i].type == PT_GNU_STACK)
			return file->segments[i].flags;
	return PF_R | PF_W | PF_X;
}

/* A random place, so that the layout of one session's images is not that of another's. */
static int random_base(uint64_t *base)
{
	uint64_t r;

	if (getrandom(&r, sizeof r, 0) != sizeof r)
		return -errno;
	*base = IMAGE_LOW + (r % IMAGE_SPREAD & ~UINT64_C(0x1fffff));
	return 0;
}

static int bake_placed(int fd, const struct image_source *source, struct tracee *t,
		       char why[BAKE_WHY_MAX])
{
	struct capture capture = {0};
	struct watch watch = {0};
	struct place place;
	uint64_t base = 0;
	int err = random_base(&base);

	if (!err)
		err = place_all(&place, t, base);
	if (!err) {
		err = watch_run(&watch, &place, t);
		if (err == -ENOTSUP)
			refuse(why, watch.refusal);
	}
	if (!err) {
		err = capture_take(&capture, &place, &watch, t);
		if (err == -ENOTSUP)
			refuse(why, capture.refusal);
	}
	if (!err)
		err = image_write(fd, source, &place, &watch, &capture, why);
	capture_free(&capture);
	watch_free(&watch);
	return err;
}

int bake(int fd, const char *path, char *const envp[], char why[BAKE_WHY_MAX])
{
	char *argv[] = {(char *)(uintptr_t)path, NULL};
	struct image_source source = {.target = path, .envp = envp};
	struct elffile *file;
	struct tracee tracee;
	const char *sentence = NULL;
	int err = elffile_read(path, &file, &sentence);

	why[0] = '\0';
	if (err) {
		refuse(why, sentence ? sentence : strerror(-err));
		return err;
	}
	source.interpreter = file->interpreter;
	source.stack_flags = stack_flags(file);
	err = judge(path, file, why);
	if (!err)
		err = tracee_start(&tracee, path, argv, envp);
	if (!err) {
		err = bake_placed(fd, &source, &tracee, why);
		tracee_end(&tracee);
	}
	if (err && !why[0])
		refuse(why, strerror(-err));
	elffile_free(file);
	return err;
}
