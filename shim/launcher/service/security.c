#include "security.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "apparmor.h"

bool security_selinux_enforces(const char *root)
{
	char path[PATH_MAX];
	FILE *file;
	bool enforces;

	if (snprintf(path, sizeof path, "%s/sys/fs/selinux/enforce", root) >= (int)sizeof path)
		return false;
	file = fopen(path, "re");
	if (!file)
		return false;
	enforces = fgetc(file) == '1';
	fclose(file);
	return enforces;
}

const char *security_refusal(const char *root, const char *path)
{
	char real[PATH_MAX];

	if (security_selinux_enforces(root))
		return "SELinux is enforcing, and an image does not have the program's label";
	/* As the kernel sees it; one that cannot be resolved cannot be started either. */
	if (!realpath(path, real))
		return NULL;
	if (apparmor_confines(root, real))
		return "AppArmor has a profile for its path";
	return NULL;
}
