/*
 * Libraries for properties.c: one that it is linked with, and (-DPLUGIN) one that it opens.
 */
#include "property.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef PLUGIN

static char seen[256];
__thread int plugin_word = 44;

__attribute__((constructor)) static void construct(int argc, char **argv, char **envp)
{
	int variables = 0;

	while (envp[variables])
		variables++;
	snprintf(seen, sizeof seen, "argc %d, argv[1] %s, last %s, %d variables, as environ: %d",
		 argc, argc > 1 ? argv[1] : "none", argv[argc] ? "there" : "null", variables,
		 envp == environ);
}

const char *plugin_seen(void);
int *plugin_of_thread(void);

const char *plugin_seen(void)
{
	return seen;
}

int *plugin_of_thread(void)
{
	return &plugin_word;
}

__attribute__((destructor)) static void destruct(void)
{
	fact("the plugin's destructor");
}

#else

/* One in the block that ld.so laid out for every thread, one reached through a descriptor. */
__thread int library_static __attribute__((tls_model("initial-exec"))) = 42;
__thread int library_dynamic __attribute__((tls_model("global-dynamic"))) = 43;
__thread char library_large[100000] = "large";
__thread char library_aligned[64] __attribute__((aligned(64))) = "aligned";

static int forks_before;
static int forks_parent;
static int forks_child;
static const char *order = "";
static char *kept[8];

static void before(void)
{
	forks_before++;
}

static void parent(void)
{
	forks_parent++;
}

static void child(void)
{
	forks_child++;
}

static void at_exit(void)
{
	fact("at exit, registered by a constructor");
}

__attribute__((constructor(101))) static void first(void)
{
	order = *order ? "wrong" : "first";
}

__attribute__((constructor(102))) static void second(void)
{
	order = strcmp(order, "first") == 0 ? "first, second" : "wrong";
	pthread_atfork(before, parent, child);
#ifdef KEEPS_MEMORY
	for (int i = 0; i < 8; i++) {
		kept[i] = malloc(3000U << i);
		if (kept[i])
			memset(kept[i], 'a' + i, 3000U << i);
	}
	free(kept[3]);
#endif
	atexit(at_exit);
}

__attribute__((destructor)) static void destruct(void)
{
	fact("the library's destructor");
}

const char *library_order(void)
{
	return order;
}

void library_forks(const char *where)
{
	fact("%s: atfork handlers ran %d before, %d in the parent, %d in the child", where,
	     forks_before, forks_parent, forks_child);
}

/* Go on with what a constructor has allocated. */
void library_heap(void)
{
	int wrong = 0;

	if (!kept[0])
		return;
	kept[3] = malloc(3000U << 3);
	REQUIRE(kept[3] != NULL);
	memset(kept[3], 'd', 3000U << 3);
	for (int i = 0; i < 8; i++) {
		char *more = realloc(kept[i], 7000U << i);

		REQUIRE(more != NULL);
		for (unsigned n = 0; n < 3000U << i; n++)
			wrong += more[n] != 'a' + i;
		memset(more, 'A' + i, 7000U << i);
		kept[i] = more;
	}
	for (int i = 7; i >= 0; i--) {
		wrong += kept[i][0] != 'A' + i || kept[i][(7000U << i) - 1] != 'A' + i;
		free(kept[i]);
	}
	fact("heap of a constructor: %d wrong", wrong);
}

int *library_static_word(void)
{
	return &library_static;
}

int *library_dynamic_word(void)
{
	return &library_dynamic;
}

char *library_block(void)
{
	return library_large;
}

char *library_aligned_block(void)
{
	return library_aligned;
}

#ifdef __x86_64__
static int plain_answer(void)
{
	return 1;
}

static int other_answer(void)
{
	return 2;
}

__attribute__((unused)) static int (*choose_answer(void))(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("avx2") ? other_answer : plain_answer;
}

int library_chosen(void) __attribute__((ifunc("choose_answer")));
#endif

#endif
