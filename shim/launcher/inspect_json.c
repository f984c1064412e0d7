#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "inspect.h"
#include "json.h"

static void add_address(struct json_object *object, const char *key, uint64_t address)
{
	char text[24];

	/* As text: a JSON number above 2^53 would not survive most readers. */
	snprintf(text, sizeof text, "0x%llx", (unsigned long long)address);
	json_add_text(object, key, text);
}

static struct json_object *segments_array(const struct elffile *elf)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];
		struct json_object *segment = json_object_new_object();
		char type[16];
		char flags[4];

		json_add_text(segment, "type", elf_segment_type_name(s->type, type));
		json_add_text(segment, "flags", elf_segment_flags_name(s->flags, flags));
		add_address(segment, "offset", s->offset);
		add_address(segment, "vaddr", s->vaddr);
		add_address(segment, "filesz", s->filesz);
		add_address(segment, "memsz", s->memsz);
		add_address(segment, "align", s->align);
		json_object_array_add(array, segment);
	}
	return array;
}

static struct json_object *notes_array(const struct elffile *elf)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < elf->note_count; i++) {
		struct json_object *note = json_object_new_object();

		json_add_text(note, "owner", elf->notes[i].owner);
		json_add_number(note, "type", elf->notes[i].type);
		json_add_number(note, "size", elf->notes[i].size);
		json_object_array_add(array, note);
	}
	return array;
}

static struct json_object *elf_object(const struct elffile *elf)
{
	struct json_object *object = json_object_new_object();
	struct json_object *needed = json_object_new_array();

	for (size_t i = 0; i < elf->needed_count; i++)
		json_object_array_add(needed, json_text(elf->needed[i]));
	json_add_number(object, "class", elf->elf_class == 1 ? 32 : 64);
	json_add_text(object, "data", elf->data == 1 ? "little-endian" : "big-endian");
	json_add_text(object, "machine", elf_machine_name(elf->machine));
	json_add_text(object, "type", elf_type_name(elf->type));
	json_add_bool(object, "pie", elf->is_pie);
	add_address(object, "entry", elf->entry);
	json_add_path(object, "interpreter", elf->interpreter);
	json_add_text(object, "soname", elf->soname);
	json_add_path(object, "runpath", elf->runpath);
	json_add_text(object, "build_id", elf->build_id);
	json_object_object_add(object, "needed", needed);
	json_add_bool(object, "dynamic", elf->has_dynamic);
	add_address(object, "flags", elf->dt_flags);
	add_address(object, "flags_1", elf->dt_flags_1);
	json_add_bool(object, "executable_stack", elf->has_executable_stack);
	json_add_bool(object, "imports_libc_start_main", elf->imports_libc_start_main);
	json_object_object_add(object, "segments", segments_array(elf));
	json_object_object_add(object, "notes", notes_array(elf));
	return object;
}

static struct json_object *engine_object(enum reason reason, const char *sentence)
{
	struct json_object *object = json_object_new_object();

	json_add_bool(object, "eligible", reason == REASON_NONE);
	json_add_text(object, "reason", reason_name(reason));
	json_add_text(object, "sentence", sentence);
	return object;
}

static struct json_object *image_object(const struct inspected *f)
{
	struct json_object *object =
		engine_object(f->image, f->image ? inspect_image_sentence(f) : "can start it");

	if (f->image == REASON_NONE) {
		json_add_number(object, "bytes", f->trial.size);
		json_add_number(object, "own_memory", f->trial.own);
		json_add_number(object, "files", f->trial.files);
	}
	return object;
}

static struct json_object *engines_object(const struct inspected *f)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(
		object, "kernel",
		engine_object(f->kernel, f->kernel ? reason_sentence(f->kernel) : "can start it"));
	json_object_object_add(object, "image", image_object(f));
	return object;
}

struct json_object *inspect_to_json(const struct inspected *f)
{
	struct json_object *object = json_object_new_object();

	json_add_path(object, "file", f->given);
	json_add_path(object, "path", f->path);
	json_add_text(object, "error", f->error ? strerror(-f->error) : NULL);
	if (!f->has_identity)
		return object;
	json_object_object_add(object, "identity", json_identity(&f->id));
	json_add_text(object, "kind", exe_kind_name(f->exe.kind));
	json_add_bool(object, "executable", f->is_executable);
	if (f->exe.kind == EXE_SCRIPT)
		json_add_path(object, "script_interpreter", f->exe.interpreter);
	json_add_text(object, "loaded_kind", exe_kind_name(f->loaded));
	json_add_text(object, "preload", inspect_preload(f));
	json_add_text(object, "not_elf", f->elf ? NULL : f->elf_problem);
	json_object_object_add(object, "elf", f->elf ? elf_object(f->elf) : NULL);
	json_object_object_add(object, "engines", engines_object(f));
	return object;
}
