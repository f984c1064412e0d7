/* A program linked with GnuTLS, whose constructor sets up ciphers and opens the random device. */
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	unsigned char digest[32];
	unsigned char random[2][16] = {{0}};
	gnutls_session_t session;

	for (int i = 1; i < argc; i++) {
		if (gnutls_hash_fast(GNUTLS_DIG_SHA256, argv[i], strlen(argv[i]), digest))
			return 1;
		for (size_t k = 0; k < sizeof digest; k++)
			printf("%02x", digest[k]);
		putchar('\n');
	}
	if (gnutls_rnd(GNUTLS_RND_NONCE, random[0], sizeof random[0]) ||
	    gnutls_rnd(GNUTLS_RND_KEY, random[1], sizeof random[1]) ||
	    gnutls_init(&session, GNUTLS_CLIENT))
		return 1;
	printf("%s %d %s\n", gnutls_check_version(NULL), memcmp(random[0], random[1], 16) != 0,
	       gnutls_strerror(gnutls_set_default_priority(session)));
	gnutls_deinit(session);
	return 0;
}
