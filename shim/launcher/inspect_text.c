#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "inspect.h"
#include "text.h"

#define ROW "  %-12s "

static void print_text(const char *label, const char *text)
{
	char *printable;

	if (!text)
		return;
	printable = text_printable(text);
	printf(ROW "%s\n", label, printable);
	free(printable);
}

static void print_identity(const struct inspected *f)
{
	const struct identity *id = &f->id;
	char modified[32];
	char changed[32];

	printf(ROW "device %u:%u, inode %" PRIu64 ", %" PRIu64 " bytes, mode %04o, owner %u:%u\n",
	       "identity", major(id->dev), minor(id->dev), id->ino, id->size, id->mode & 07777,
	       id->uid, id->gid);
	printf(ROW "modified %s.%09u, changed %s.%09u\n", "", text_time(id->mtime_sec, modified),
	       id->mtime_nsec, text_time(id->ctime_sec, changed), id->ctime_nsec);
}

static void print_kind(const struct inspected *f)
{
	printf(ROW "%s%s\n", "kind", exe_kind_name(f->exe.kind),
	       f->is_executable ? "" : " (not executable by this user)");
	if (f->exe.kind != EXE_SCRIPT)
		return;
	print_text("run by", f->exe.interpreter);
	printf(ROW "%s\n", "loaded", exe_kind_name(f->loaded));
}

static void print_needed(const struct elffile *elf)
{
	for (size_t i = 0; i < elf->needed_count; i++)
		print_text(i ? "" : "needed", elf->needed[i]);
}

static void print_segments(const struct elffile *elf)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];
		char type[16];
		char flags[4];

		printf(ROW "%-12s %s  at 0x%" PRIx64 ", %" PRIu64 " bytes, file offset 0x%" PRIx64
			   "\n",
		       i ? "" : "segments", elf_segment_type_name(s->type, type),
		       elf_segment_flags_name(s->flags, flags), s->vaddr, s->memsz, s->offset);
	}
}

static void print_notes(const struct elffile *elf)
{
	for (size_t i = 0; i < elf->note_count; i++) {
		const struct elf_note *n = &elf->notes[i];
		char *owner = text_printable(n->owner);

		printf(ROW "%s, type 0x%" PRIx32 ", %" PRIu32 " bytes\n", i ? "" : "notes", owner,
		       n->type, n->size);
		free(owner);
	}
}

static void print_elf(const struct elffile *elf)
{
	printf(ROW "ELF%d %s-endian, %s, %s%s, entry 0x%" PRIx64 "%s%s\n", "ELF",
	       elf->elf_class == 1 ? 32 : 64, elf->data == 1 ? "little" : "big",
	       elf_machine_name(elf->machine), elf_type_name(elf->type),
	       elf->is_pie ? " (position-independent executable)" : "", elf->entry,
	       elf->has_executable_stack ? ", executable stack" : "",
	       elf->imports_libc_start_main ? ", starts through __libc_start_main" : "");
	print_text("interpreter", elf->interpreter);
	print_text("soname", elf->soname);
	print_text("runpath", elf->runpath);
	print_text("build id", elf->build_id);
	print_needed(elf);
	print_segments(elf);
	print_notes(elf);
}

static void print_image(const struct inspected *f)
{
	char *sentence = text_printable(inspect_image_sentence(f));
	char size[16];
	char own[16];

	if (f->image == REASON_NONE)
		printf(ROW "can start it: an image of %s, at most %s of memory for each process, "
			   "made of "
			   "%" PRIu32 " files\n",
		       "engine image", text_size(f->trial.size, size), text_size(f->trial.own, own),
		       f->trial.files);
	else
		printf(ROW "cannot start it: %s: %s\n", "engine image", reason_name(f->image),
		       sentence);
	free(sentence);
}

void inspect_print(const struct inspected *f)
{
	char *path = text_printable(f->path);

	printf("%s\n", path);
	free(path);
	print_kind(f);
	print_identity(f);
	if (f->elf)
		print_elf(f->elf);
	else
		print_text("ELF", f->elf_problem);
	printf(ROW "%s\n", "preload", inspect_preload_sentence(f));
	if (f->kernel == REASON_NONE)
		printf(ROW "can start it, where the kernel has the system calls\n",
		       "engine kernel");
	else
		printf(ROW "cannot start it: %s: %s\n", "engine kernel", reason_name(f->kernel),
		       reason_sentence(f->kernel));
	print_image(f);
}
