/*
 * Which symbols an image has if there is no room for all, and in which order.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "shim/template/image/symbols.h"

/* Three of each rank, in turn; every second is local. */
static void fill(struct symbols *s)
{
	static char names[] = "a0\0a1\0a2\0a3\0a4\0a5\0a6\0a7\0a8\0a9\0b0\0b1";
	static struct symbol list[3 * SYMBOL_RANKS];

	for (unsigned i = 0; i < 3 * SYMBOL_RANKS; i++) {
		unsigned char binding = i / SYMBOL_RANKS % 2 ? STB_LOCAL : STB_GLOBAL;

		list[i] = (struct symbol){
			.elf = {.st_name = i * 3,
				.st_value = 0x1000 + i,
				.st_info = (unsigned char)ELF64_ST_INFO(binding, STT_FUNC),
				.st_shndx = 1},
			.rank = (enum symbol_rank)(SYMBOL_RANKS - 1 - i % SYMBOL_RANKS),
		};
	}
	*s = (struct symbols){.list = list,
			      .count = sizeof list / sizeof list[0],
			      .names = names,
			      .names_size = sizeof names};
}

static uint64_t bytes(const struct symbol_table *t)
{
	return t->count * sizeof *t->list + t->strings_size;
}

static void end(struct symbol_table *t)
{
	free(t->list);
	free(t->strings);
}

/* Local ones first, and each with its own name. */
static void check_order(const struct symbols *s, const struct symbol_table *t)
{
	static const Elf64_Sym null;

	ck_assert_mem_eq(&t->list[0], &null, sizeof null);
	ck_assert_int_eq(t->strings[0], 0);
	for (size_t i = 1; i < t->count; i++) {
		const Elf64_Sym *sym = &t->list[i];
		const struct symbol *from = &s->list[sym->st_value - 0x1000];

		ck_assert_int_eq(ELF64_ST_BIND(sym->st_info) == STB_LOCAL, i < t->locals);
		ck_assert_str_eq(t->strings + sym->st_name, s->names + from->elf.st_name);
	}
}

START_TEST(all)
{
	struct symbol_table t;
	struct symbols s;

	fill(&s);
	ck_assert_int_eq(symbols_table(&s, 1 << 20, &t), 0);
	ck_assert_uint_eq(t.count, s.count + 1);
	ck_assert_uint_eq(t.locals, 1 + SYMBOL_RANKS);
	check_order(&s, &t);
	end(&t);
}
END_TEST

/* With every room from none on: never more than that, as many as there can be, by rank. */
START_TEST(room)
{
	const uint64_t each = sizeof(Elf64_Sym) + 3;
	const uint64_t nulls = sizeof(Elf64_Sym) + 1;
	struct symbols s;

	fill(&s);
	for (uint64_t bound = 0; bound < 600; bound++) {
		size_t expected = bound < nulls + each ? 0 : (bound - nulls) / each;
		size_t of_rank[SYMBOL_RANKS] = {0};
		struct symbol_table t;

		if (expected > s.count)
			expected = s.count;
		ck_assert_int_eq(symbols_table(&s, bound, &t), 0);
		ck_assert_uint_eq(t.count, expected ? expected + 1 : 0);
		ck_assert_uint_le(bytes(&t), bound);
		if (t.count)
			check_order(&s, &t);
		for (size_t i = 1; i < t.count; i++)
			of_rank[s.list[t.list[i].st_value - 0x1000].rank]++;
		for (size_t rank = 0; rank < SYMBOL_RANKS;
		     rank++, expected -= expected < 3 ? expected : 3)
			ck_assert_uint_eq(of_rank[rank], expected < 3 ? expected : 3);
		end(&t);
	}
}
END_TEST

START_TEST(none)
{
	const struct symbols s = {0};
	struct symbol_table t;

	ck_assert_int_eq(symbols_table(&s, 1 << 20, &t), 0);
	ck_assert_uint_eq(t.count, 0);
	ck_assert_ptr_null(t.list);
	ck_assert_ptr_null(t.strings);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_symbols");
	TCase *tc = scratch_case(suite, "symbols", 10);

	tcase_add_test(tc, all);
	tcase_add_test(tc, room);
	tcase_add_test(tc, none);
	return scratch_run(suite);
}
