#include "bake.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../../../elfcache/elffile.h"
#include "../../../elfcache/exe.h"
#include "../../../elfcache/sys.h"
#include "../../../elfcache/walk.h"
#include "bake_run.h"
#include "eager.h"
#include "join.h"
#include "late.h"
#include "merge.h"
#include "streams.h"
#include "write.h"

static int refuse(char why[BAKE_WHY_MAX], const char *sentence)
{
	snprintf(why, BAKE_WHY_MAX, "%s", sentence);
	return -ENOTSUP;
}

/* True if whoever started the script may start its interpreter, whatever they have become. */
static bool may_everybody_start(const struct stat *st)
{
	const mode_t others = S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH;

	return (st->st_mode & others) == others;
}

/* The kernel moves a program as far as this, to align it. */
#define ALIGN_MAX (UINT64_C(1) << 30)

/* Whether there is a place for what the kernel loads of it. */
static int judge_segments(const struct elffile *file, char why[BAKE_WHY_MAX])
{
	for (size_t i = 0; i < file->segment_count; i++) {
		const struct elf_segment *s = &file->segments[i];

		if (s->type != PT_LOAD)
			continue;
		if (file->type == ET_EXEC && s->vaddr + s->memsz > IMAGE_LOW)
			return refuse(why, "it is linked to addresses that others may have");
		if (s->align > ALIGN_MAX)
			return refuse(why, "its segments are aligned to more than 1 GiB");
	}
	return 0;
}

/* What can be said of the program without running it. */
static int judge(const struct image_source *source, const struct elffile *file,
		 char why[BAKE_WHY_MAX])
{
	const char *path = source->program;
	struct stat st;
	struct exe exe;

	if (stat(path, &st) < 0)
		return -errno;
	if (st.st_mode & (S_ISUID | S_ISGID))
		return refuse(why, "it is set-user-id or set-group-id");
	if (source->script_args && !may_everybody_start(&st))
		return refuse(why, "not everybody may read and execute its interpreter");
	/* The kernel gives them to whom it executes this very file (capabilities(7)). */
	if (getxattr(path, "security.capability", NULL, 0) >= 0)
		return refuse(why, "it has file capabilities");
	if (exe_look(AT_FDCWD, path, &exe))
		return refuse(why, "it cannot be read");
	if (exe.kind != EXE_GLIBC)
		return refuse(why,
			      "it is not a dynamic x86-64 program of glibc without sanitizers");
	if (!file->imports_libc_start_main)
		return refuse(why, "it does not start through libc");
	/* Its runtime makes system calls by itself: /proc/self/exe would be the image. */
	for (size_t i = 0; i < file->note_count; i++)
		if (strcmp(file->notes[i].owner, "Go") == 0)
			return refuse(why, "it is written in Go, and would see the image's name");
	return judge_segments(file, why);
}

/* What the kernel will load for the target: itself, or the interpreter that it names. */
static int find_program(struct image_source *source, struct exe *exe, char why[BAKE_WHY_MAX])
{
	source->program = source->target;
	if (exe_look(AT_FDCWD, source->target, exe) || exe->kind != EXE_SCRIPT)
		return 0;
	if (exe->interpreter[0] != '/' || !exe->has_whole_line)
		return refuse(why, "its #! line is too long, or names no absolute path");
	source->program = exe->interpreter;
	source->script_args = exe->argument[0] ? 2 : 1;
	return 0;
}

static int note_link(void *arg, const char *path, const struct stat *st)
{
	struct image_source *source = arg;
	struct image_link *more;

	if (!S_ISLNK(st->st_mode))
		return 0;
	more = reallocarray(source->links, source->link_count + 1, sizeof *more);
	if (!more)
		return -ENOMEM;
	source->links = more;
	more += source->link_count;
	more->path = strdup(path);
	if (!more->path)
		return -ENOMEM;
	identity_from_stat(&more->id, st);
	source->link_count++;
	return 0;
}

/*
 * Where the program is really, unless its path says so: an image has that as well, for
 * /proc/self/exe.  What is below /usr is taken to stay where it is.  Of a file that has several
 * names the links tell which of them is meant.
 */
static int find_real_path(struct image_source *source)
{
	char *real = realpath(source->program, NULL);
	struct stat st;

	if (!real)
		return -errno;
	if (strcmp(real, source->program) == 0 || strncmp(real, "/usr/", 5) == 0) {
		free(real);
		return 0;
	}
	source->moved = real;
	if (stat(real, &st))
		return -errno;
	return st.st_nlink > 1 ? walk_path(source->program, note_link, source) : 0;
}

static void source_free(struct image_source *source)
{
	free(source->moved);
	for (size_t i = 0; i < source->link_count; i++)
		free(source->links[i].path);
	free(source->links);
}

/* Since Linux 5.8 a program that does not say has no executable stack, and images need 5.9. */
static uint32_t stack_flags(const struct elffile *file)
{
	for (size_t i = 0; i < file->segment_count; i++)
		if (file->segments[i].type == PT_GNU_STACK)
			return file->segments[i].flags;
	return PF_R | PF_W;
}

/*
 * Run the program once more, with standard streams of that kind: what is different then depends on
 * chance, or on who it is, and is either understood or must not be kept.
 */
static int see_if_repeatable(const struct image_source *source, char *const envp[],
			     enum stream_kind kind, struct run *once, struct capture *first,
			     char why[BAKE_WHY_MAX])
{
	struct capture second;
	struct spot spot;
	struct run run;
	int err = spot_second(once->place.spot, &spot, kind);

	if (!err)
		err = run_second(&run, source->target, envp, &spot, why);
	if (err)
		return err;
	err = watch_compare(&once->watch, &run.watch, &spot);
	if (err) {
		run_end(&run);
		return refuse(why, once->watch.refusal);
	}
	err = run_capture(&run, &second, why);
	if (!err) {
		err = capture_merge(first, &once->place, &second, &run.place, NULL);
		if (err == -ENOTSUP)
			refuse(why, first->refusal);
	}
	capture_free(&second);
	run_end(&run);
	return err;
}

/* Where it has looked at standard streams: they may be pipes, terminals or sockets; and what else
   is found out of them for the image. */
static int see_if_streams_matter(const struct image_source *source, char *const envp[],
				 struct run *run, struct capture *first, char why[BAKE_WHY_MAX])
{
	struct capture again;
	int err = run_capture(run, &again, why);

	if (!err)
		err = see_if_repeatable(source, envp, STREAM_SOCKET, run, &again, why);
	capture_free(&again);
	if (!err)
		streams_look(source, envp, run, first);
	return err;
}

/* Write the image of a program that was run in this environment. */
static int keep(int fd, const struct image_source *source, struct run *run, char *const envp[],
		uint64_t lazy_flag, char why[BAKE_WHY_MAX])
{
	struct capture capture;
	int err = run_capture(run, &capture, why);

	if (!err)
		err = see_if_repeatable(source, envp, STREAM_TERMINAL, run, &capture, why);
	if (!err && run->watch.streams)
		err = see_if_streams_matter(source, envp, run, &capture, why);
	if (!err && lazy_flag)
		err = eager_restore(&capture, lazy_flag);
	if (!err)
		err = capture_join(&capture);
	if (!err)
		err = image_write(fd, source, &run->place, &run->watch, &capture, why);
	capture_free(&capture);
	return err;
}

static char **bind_now(char *const envp[])
{
	static char variable[] = "LD_BIND_NOW=1";

	return with_variable(envp, variable);
}

/*
 * Run it with all functions bound, which is what is worth keeping.  -ENOTSUP if that makes a
 * difference of its own.  Without a run for comparison ld.so is the one in *loader.
 */
static int bake_eager(int fd, const struct image_source *source, const struct spot *spot,
		      const struct run *lazy, struct bake_loader *loader, char why[BAKE_WHY_MAX])
{
	char **envp = bind_now(source->envp);
	int err = envp ? 0 : -ENOMEM;
	struct run run;

	if (!err)
		err = run_to_entry(&run, source->target, envp, spot, why);
	if (!err) {
		uint64_t base = run.place.aux[AT_BASE];
		uint64_t flag =
			lazy ? eager_find_flag(&lazy->place, &lazy->tracee, &run.place, &run.tracee)
			     : base + loader->lazy_flag;

		err = flag && !late_matters(&run.place, &run.tracee)
			      ? keep(fd, source, &run, envp, flag, why)
			      : -ENOTSUP;
		/* That ld.so is still the same file, image_write() has seen. */
		if (!err)
			*loader = (struct bake_loader){source->interpreter_id, flag - base};
		run_end(&run);
	}
	free(envp);
	return err;
}

/*
 * As long as ld.so is not known the program is run as it is as well, for comparison.  What is not
 * eligible with all functions bound may be so without, and that decides.
 */
static int bake_source(int fd, const struct image_source *source, struct bake_loader *loader,
		       char why[BAKE_WHY_MAX])
{
	const bool known =
		loader->lazy_flag && identity_equal(&loader->id, &source->interpreter_id);
	char unused[BAKE_WHY_MAX];
	struct run lazy;
	struct spot spot;
	int err = spot_random(&spot);

	if (err)
		return err;
	if (known && bake_eager(fd, source, &spot, NULL, loader, unused) == 0)
		return 0;
	err = run_to_entry(&lazy, source->target, source->envp, &spot, why);
	if (err)
		return err;
	if (known || bake_eager(fd, source, &spot, &lazy, loader, unused) != 0)
		err = ftruncate(fd, 0) ? -errno : keep(fd, source, &lazy, source->envp, 0, why);
	run_end(&lazy);
	return err;
}

int bake(int fd, const char *path, char *const envp[], struct bake_loader *loader,
	 const struct code_store *codes, char why[BAKE_WHY_MAX])
{
	struct image_source source = {.target = path, .envp = envp, .codes = codes};
	struct elffile *file = NULL;
	const char *sentence = NULL;
	struct exe exe;
	int err;

	why[0] = '\0';
	err = identity_of(AT_FDCWD, path, 0, &source.target_id);
	if (!err)
		err = find_program(&source, &exe, why);
	if (!err)
		err = identity_of(AT_FDCWD, source.program, 0, &source.program_id);
	if (!err)
		err = elffile_read(source.program, &file, &sentence);
	if (err) {
		if (!why[0])
			refuse(why, sentence ? sentence : strerror(-err));
		return err;
	}
	source.interpreter = file->interpreter;
	source.stack_flags = stack_flags(file);
	err = judge(&source, file, why);
	if (!err)
		err = find_real_path(&source);
	if (!err)
		err = identity_of(AT_FDCWD, source.interpreter, 0, &source.interpreter_id);
	if (!err)
		err = bake_source(fd, &source, loader, why);
	if (err && !why[0])
		refuse(why, strerror(-err));
	elffile_free(file);
	source_free(&source);
	return err;
}
