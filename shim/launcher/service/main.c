/*
 * The program that bakes: as a session's service, or for `spawn-template bake`.
 */
#include <string.h>

#include "environment_blob.h"
#include "message.h"
#include "serve.h"
#include "service.h"

static int serve(int argc, char **argv, char *const envp[])
{
	if (envp && strcmp(argv[1], SERVICE_SESSION) == 0)
		return serve_session(argv[2], envp);
	if (envp && strcmp(argv[1], SERVICE_BOOT) == 0)
		return serve_boot(argv[2], envp, argv + 3);
	if (envp && argc == 4 && strcmp(argv[1], SERVICE_TRIAL) == 0)
		return serve_trial(argv[2], envp, argv[3]);
	return usage_error("this program is a part of spawn-template and not for use by itself");
}

int main(int argc, char **argv)
{
	char **envp = argc >= 3 ? environment_blob_read(SERVICE_ENVIRONMENT) : NULL;
	int status = serve(argc, argv, envp);

	environment_blob_free(envp);
	return status;
}
