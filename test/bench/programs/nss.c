/* A program linked with NSS, Mozilla's cryptography. */
#include <nss.h>
#include <pk11pub.h>
#include <prinit.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	unsigned char digest[32];
	unsigned char random[2][16] = {{0}};

	if (NSS_NoDB_Init(NULL) != SECSuccess)
		return 1;
	for (int i = 1; i < argc; i++) {
		if (PK11_HashBuf(SEC_OID_SHA256, digest, (unsigned char *)argv[i],
				 (PRInt32)strlen(argv[i])) != SECSuccess)
			return 1;
		for (size_t k = 0; k < sizeof digest; k++)
			printf("%02x", digest[k]);
		putchar('\n');
	}
	PK11_GenerateRandom(random[0], sizeof random[0]);
	PK11_GenerateRandom(random[1], sizeof random[1]);
	printf("%s %d\n", NSS_GetVersion(), memcmp(random[0], random[1], 16) != 0);
	return NSS_Shutdown() == SECSuccess ? 0 : 1;
}
