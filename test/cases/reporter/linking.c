/* The dynamic linker's view, and what unwinding needs of it. */
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reporter.h"

int main(int argc, char **argv, char **envp);

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int on_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	report("object", "%s", info->dlpi_name);
	return 0;
}

static int has_tls(struct dl_phdr_info *info, size_t size, void *arg)
{
	int *found = arg;

	if (size >= sizeof *info && info->dlpi_tls_modid)
		(*found)++;
	return 0;
}

/* Symbols of the program in the frames, innermost first. */
__attribute__((noinline)) static void report_backtrace(void)
{
	void *frames[16];
	int n = backtrace(frames, 16);

	for (int i = 0; i < n; i++) {
		Dl_info info;

		if (dladdr(frames[i], &info) && info.dli_sname)
			report("frame", "%s in %s", info.dli_sname, base_name(info.dli_fname));
		else
			report("frame", "no name");
	}
}

static void report_lookup(const char *name)
{
	Dl_info info;
	void *at = dlsym(RTLD_DEFAULT, name);
	char key[64];

	snprintf(key, sizeof key, "dlsym %s", name);
	if (!at || !dladdr(at, &info))
		report(key, "none");
	else
		report(key, "%s in %s", info.dli_sname, base_name(info.dli_fname));
}

void report_linking(void)
{
	Dl_info info = {0};
	int tls = 0;
	int found;
	void *self = dlopen(NULL, RTLD_NOW);
	void *math;

	dl_iterate_phdr(on_object, NULL);
	dl_iterate_phdr(has_tls, &tls);
	report("objects with thread-local storage", "%d", tls);
	found = dladdr((void *)(uintptr_t)main, &info);
	report("dladdr of main", "%d %s %s", found, info.dli_fname ? info.dli_fname : "",
	       info.dli_sname ? info.dli_sname : "");
	report("main through dlsym", "%d", self && dlsym(self, "main") == (void *)(uintptr_t)main);
	report_lookup("malloc");
	report_lookup("waitpid");
	report_lookup("no_such_symbol");
	/* A name that this libc lacks must stay a name that nobody has: others choose by it. */
	report("dlsym pidfd_spawn", "%d", dlsym(RTLD_DEFAULT, "pidfd_spawn") != NULL);
	report("dlsym pidfd_spawnp", "%d", dlsym(RTLD_DEFAULT, "pidfd_spawnp") != NULL);
	report("dlerror", "%s", dlerror() ? "set" : "none");
	math = dlopen("libm.so.6", RTLD_NOW | RTLD_LOCAL);
	report("dlopen", "%s", math ? "done" : dlerror());
	if (math) {
		double (*cosine)(double) = (double (*)(double))(uintptr_t)dlsym(math, "cos");

		report("cos(0)", "%g", cosine ? cosine(0) : 0);
		dlclose(math);
	}
	report("debugger's list", "version %d, state %d", _r_debug.r_version, _r_debug.r_state);
	report_backtrace();
	if (self)
		dlclose(self);
}
