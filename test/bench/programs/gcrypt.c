/* A program linked with libgcrypt. */
#include <gcrypt.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	unsigned char digest[32];
	unsigned char random[2][16] = {{0}};

	if (!gcry_check_version(GCRYPT_VERSION))
		return 1;
	gcry_control(GCRYCTL_INIT_SECMEM, 16384, 0);
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	for (int i = 1; i < argc; i++) {
		gcry_md_hash_buffer(GCRY_MD_SHA256, digest, argv[i], strlen(argv[i]));
		for (size_t k = 0; k < sizeof digest; k++)
			printf("%02x", digest[k]);
		putchar('\n');
	}
	gcry_randomize(random[0], sizeof random[0], GCRY_STRONG_RANDOM);
	gcry_create_nonce(random[1], sizeof random[1]);
	printf("%s %d\n", gcry_check_version(NULL), memcmp(random[0], random[1], 16) != 0);
	return 0;
}
