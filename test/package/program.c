/* Uses the installed header and library: starts a program twice from one template. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <spawn_template.h>

static int start(struct st_template *template)
{
	char *argv[] = {"sh", "-c", "exit 7", NULL};
	char *envp[] = {NULL};
	int status = 0;
	pid_t pid = 0;

	if (st_template_spawn(template, &pid, NULL, NULL, argv, envp))
		return 0;
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

int main(int argc, char **argv)
{
	struct st_template *template = NULL;
	int ok;

	if (argc != 2 || strcmp(argv[1], st_version()) != 0) {
		fprintf(stderr, "the library is version %s\n", st_version());
		return 1;
	}
	if (st_template_open(&template, "/bin/sh")) {
		fprintf(stderr, "no template for /bin/sh\n");
		return 1;
	}
	ok = start(template) && start(template);
	printf("%s was started by %s (%s)\n", st_template_path(template),
	       st_template_engine(template), st_template_reason(template));
	st_template_close(template);
	return ok ? 0 : 1;
}
