#include "image_name.h"

#include "hash.h"
#include "mem.h"

static void put_hex(char *buf, uint64_t n)
{
	for (int i = 15; i >= 0; i--, n >>= 4)
		buf[i] = (char)((n & 15) < 10 ? '0' + (n & 15) : 'a' + (n & 15) - 10);
}

static uint64_t hash_words(uint64_t h, const struct identity *id)
{
	const uint64_t *words = (const uint64_t *)(const void *)id;

	for (size_t i = 0; i < sizeof *id / sizeof *words; i++)
		h = hash_fold(h + i, words[i]);
	return h;
}

static uint64_t hash_string(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = hash_fold(h + 1, (unsigned char)*s);
	return h;
}

void image_key(const struct identity *id, const char *path, char key[IMAGE_KEY_SIZE])
{
	/* Two seeds; digits of the square roots of 2 and 3. */
	put_hex(key, hash_string(hash_words(0x6a09e667f3bcc908, id), path));
	put_hex(key + 16, hash_string(hash_words(0xbb67ae8584caa73b, id), path));
	key[IMAGE_KEY_SIZE - 1] = '\0';
}

const char *image_base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

size_t image_path(const char *session, const char *directory, const struct identity *id,
		  const char *path, char *buf, size_t size)
{
	const char *base = image_base_name(path);
	size_t session_len = mem_length(session);
	size_t directory_len = mem_length(directory);
	size_t base_len = mem_length(base);
	size_t len = session_len + 1 + directory_len + 1 + (IMAGE_KEY_SIZE - 1) + 1 + base_len;
	char *at = buf;

	if (len >= size)
		return 0;
	mem_copy(at, session, session_len);
	at += session_len;
	*at++ = '/';
	mem_copy(at, directory, directory_len);
	at += directory_len;
	*at++ = '/';
	image_key(id, path, at);
	at += IMAGE_KEY_SIZE - 1;
	*at++ = '/';
	mem_copy(at, base, base_len + 1);
	return len;
}
