/* A program linked with jemalloc, which sets itself up in a constructor. */
#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *work(void *arg)
{
	size_t size = *(size_t *)arg;
	char *p[64];

	for (int i = 0; i < 64; i++) {
		p[i] = malloc(size + (size_t)i);
		if (p[i])
			memset(p[i], i, size + (size_t)i);
	}
	for (int i = 0; i < 64; i++)
		free(p[i]);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t size = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	size_t usable = malloc_usable_size(malloc(size));
	pthread_t threads[4];
	unsigned arenas = 0;
	size_t len = sizeof arenas;

	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, work, &size))
			return 1;
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	mallctl("opt.narenas", &arenas, &len, NULL, 0);
	printf("%d %u\n", usable >= size, arenas);
	return 0;
}
