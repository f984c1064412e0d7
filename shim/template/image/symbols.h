/*
 * Names of functions and objects, gathered from several ELF files into one symbol table.
 */
#ifndef ST_IMAGE_SYMBOLS_H
#define ST_IMAGE_SYMBOLS_H

#include <elf.h>
#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is kept first if there is no room for all. */
enum symbol_rank {
	SYMBOL_OF_PROGRAM,    /* a function of the program whose code is in the image */
	SYMBOL_OF_LIBRARY,    /* the same of a library */
	SYMBOL_OF_OTHER_FILE, /* a function that stays in its file */
	SYMBOL_OF_DATA,
	SYMBOL_RANKS,
};

struct symbol {
	Elf64_Sym elf; /* st_name: where its name is in names */
	enum symbol_rank rank;
};

/* Zeroed at first; symbols_free() releases it. */
struct symbols {
	struct symbol *list;
	size_t count, room;
	char *names;
	size_t names_size, names_room;
};

/* Where a section of a file is in the image. */
struct symbol_place {
	uint16_t section; /* its number there; 0: nowhere */
	bool is_stored;   /* its content is in the image file, too */
	uint64_t start;   /* addresses in the image that its symbols may have */
	uint64_t end;
};

/* How the symbols of a file become those of an image. */
struct symbol_rule {
	uint64_t bias; /* is added to their values; modulo 2^64 */
	/* By the number that the section has in its file. */
	const struct symbol_place *places;
	size_t place_count;
	bool is_library; /* functions only, and local ones, lest they stand for the program's */
};

/* Add those of the file's .symtab, or else of its .dynsym.  0 or -ENOMEM. */
int symbols_add(struct symbols *s, Elf *elf, const struct symbol_rule *rule);

/* A symbol table and its strings, as they stand in a file. */
struct symbol_table {
	Elf64_Sym *list; /* the first is the null symbol; local ones come before others */
	size_t count;
	size_t locals; /* sh_info: the number of the first that is not local */
	char *strings;
	size_t strings_size;
};

/*
 * Make a table of those that `room` bytes can hold.  0 or -ENOMEM; both arrays are to be freed in
 * any case, and are null if there is not even room for one symbol.
 */
int symbols_table(const struct symbols *s, uint64_t room, struct symbol_table *table);

void symbols_free(struct symbols *s);

#endif
