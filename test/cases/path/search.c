/*
 * The search for a program in PATH, rule by rule, as glibc's execvp() and posix_spawnp() do it.
 *
 *  1. A name with a slash is a path: PATH does not matter.
 *  2. An empty name is ENOENT.
 *  3. PATH is that of the caller's environ, not that of the environment passed on.
 *  4. PATH not set means confstr(_CS_PATH): "/bin:/usr/bin".
 *  5. PATH set but empty means the working directory.
 *  6. An empty element, also at the beginning or the end, means the working directory.
 *  7. Elements are tried in order; relative ones are relative to the working directory.
 *  8. ENOENT, ENOTDIR, ESTALE, ENODEV and ETIMEDOUT go on to the next element.  (Only the first two
 *     can be made on a local file system.)
 *  9. EACCES goes on too, but is remembered: it is the result if nothing is found.  A directory, a
 *     file that is not executable, and a directory that may not be searched are EACCES.
 * 10. Any other error ends the search: ELOOP, ENOEXEC, ETXTBSY, ENAMETOOLONG for one element, ...
 * 11. ENOEXEC makes the exec functions, and posix_spawnp() of glibc before 2.15, run the file with
 *     /bin/sh.  posix_spawnp() since 2.15 gives ENOEXEC.
 * 12. An element longer than PATH_MAX is passed over.
 * 13. A name longer than NAME_MAX is ENAMETOOLONG before anything is tried.
 * 14. A script whose interpreter is missing is ENOENT: the next element is tried.
 * 15. What setenv() has done to PATH counts at once.
 * 16. posix_spawnp() searches after the file actions: a change of directory moves relative
 * elements.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../caller/attempt.h"
#include "../lib/case.h"

static char *show;

/* DIRECTORY/NAME: the program that shows how it was started. */
static void put(const char *path)
{
	REQUIRE(symlink(show, path) == 0);
}

static void put_directory(const char *path)
{
	REQUIRE(mkdir(path, 0755) == 0);
}

/* Search for `file` with PATH=path (null: unset) by every function that searches. */
static void search(const char *rule, const char *path, const char *file)
{
	char **argv = strings("argument zero", "one", NULL);
	/* Rule 3: this one must not matter. */
	char **envp = strings("PATH=/no/such/directory", "X=1", NULL);
	char label[128];
	const struct attempt a = {.label = label, .path = file, .argv = argv, .envp = envp};

	snprintf(label, sizeof label, "rule %s, %.20s in %.60s", rule, file, path ? path : "unset");
	if (path)
		setenv("PATH", path, 1);
	else
		unsetenv("PATH");
	for (size_t i = 0; attempt_functions[i]; i++)
		if (attempt_searches(attempt_functions[i]))
			attempt(attempt_functions[i], &a);
}

static void make_tree(void)
{
	static const char *const directories[] = {"first", "second", "third", "closed"};

	for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
		put_directory(directories[i]);
	put("first/both");
	put("second/both");
	put("second/later");
	put("here");
	put("third/shadowed");
	put("third/plain");
	put("third/directory");
	put("third/loop");
	put("third/garbage");
	put("third/lost");
	put("third/busy");
	put("third/noexec");
	put_directory("first/directory");
	make_file("first/plain", "text\n", 0644);
	make_file("file", "not a directory\n", 0755);
	REQUIRE(symlink("loop", "first/loop") == 0);
	REQUIRE(symlink("nowhere", "first/shadowed") == 0);
	make_file("first/garbage", "echo run by a shell: $0 $#; exit 3\n", 0755);
	make_file("first/noexec", "exit 4\n", 0755);
	make_file("second/script", "#!/bin/sh\necho script $0 $#; exit 5\n", 0755);
	make_file("first/lost", "#!/no/such/interpreter\n", 0755);
	make_file("first/busy", "#!/bin/sh\n", 0755);
	put("closed/closed");
	REQUIRE(chmod("closed", 0) == 0);
}

static void rules_1_to_7(void)
{
	char *absolute = helper("show");

	search("1", "/no/such/directory", "first/both");
	search("1", "second", "./here");
	search("1", "first", absolute);
	search("1", NULL, "/");
	search("2", "first", "");
	search("2", NULL, "");
	search("3", "second", "later");
	search("4", NULL, "no-such-program-anywhere");
	search("4", NULL, "true");
	search("4", NULL, "here");
	search("5", "", "here");
	search("5", "", "both");
	search("6", ":first", "here");
	search("6", "first:", "here");
	search("6", "first::second", "here");
	search("6", ":", "here");
	search("6", "first", "here");
	search("7", "first:second", "both");
	search("7", "second:first", "both");
	search("7", "first:second", "later");
	search("7", "./first/../second", "later");
	search("7", "first/:second//", "later");
	search("7", "first:second", "script");
	free(absolute);
}

static void rules_8_to_11(void)
{
	int busy = open("first/busy", O_WRONLY | O_CLOEXEC);

	REQUIRE(busy != -1);
	search("8", "missing:second", "later");
	search("8", "file:second", "later");
	search("8", "missing:file", "later");
	search("8", "first:third", "shadowed");
	search("9", "first:third", "plain");
	search("9", "first:third", "directory");
	search("9", "first:missing", "plain");
	search("9", "first:second", "directory");
	search("9", "first:file", "plain");
	search("9", "closed:third", "plain");
	search("9", "closed:missing", "closed");
	search("10", "first:third", "loop");
	search("10", "first:third", "busy");
	search("11", "first:third", "garbage");
	search("11", "first:third", "noexec");
	search("11", "second:third", "garbage");
	search("11", "/", "first/garbage");
	close(busy);
}

/* PATH=<n slashes>first:second, which is `first` by a long name. */
static void search_long(const char *rule, size_t n, const char *file)
{
	char cwd[PATH_MAX];
	char *slashes = repeated('/', n);
	char *path;

	REQUIRE(getcwd(cwd, sizeof cwd) != NULL);
	REQUIRE(asprintf(&path, "%s%s/first:second", slashes, cwd) > 0);
	search(rule, path, file);
	free(path);
	REQUIRE(asprintf(&path, "second:%s%s/first", slashes, cwd) > 0);
	search(rule, path, file);
	free(path);
	free(slashes);
}

static void rules_12_to_15(void)
{
	char *path;

	search_long("12", 1000, "both");
	search_long("12", 4000, "both");
	search_long("12", 4000, "later");
	search_long("12", PATH_MAX, "both");
	search_long("12", PATH_MAX, "later");
	search_long("12", 20000, "both");
	search_long("12", 20000, "later");
	/* Many elements: 4 KB of PATH, and more. */
	REQUIRE(asprintf(&path, "%s:second", repeated(':', 5000)) > 0);
	search("12", path, "later");
	search("13", "first", repeated('n', NAME_MAX));
	search("13", "first", repeated('n', NAME_MAX + 1));
	search("13", "first", repeated('n', 5000));
	search("13", NULL, repeated('n', NAME_MAX + 1));
	search("14", "first:third", "lost");
	search("14", "first:second", "lost");
	search("15", "first", "later");
	search("15", "second", "later");
}

static void spawn_in(const char *path, int by_descriptor)
{
	posix_spawn_file_actions_t actions;
	char **argv = strings("argument zero", NULL);
	int fd = open("second", O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid_t pid;
	int ret;

	setenv("PATH", path, 1);
	posix_spawn_file_actions_init(&actions);
	if (by_descriptor)
		posix_spawn_file_actions_addfchdir_np(&actions, fd);
	else
		posix_spawn_file_actions_addchdir_np(&actions, "second");
	ret = posix_spawnp(&pid, "both", &actions, NULL, argv, environ);
	if (ret == 0)
		ret = -wait_for(pid);
	fact("rule 16, %s: %s", path, ret > 0 ? error_name(ret) : status_text(-ret));
	ret = posix_spawn(&pid, "./both", &actions, NULL, argv, environ);
	if (ret == 0)
		ret = -wait_for(pid);
	fact("rule 16, ./both: %s", ret > 0 ? error_name(ret) : status_text(-ret));
	posix_spawn_file_actions_destroy(&actions);
	close(fd);
}

/* Where the user is root, directories without rights have to be tried as somebody else. */
static int as_nobody(void *arg)
{
	(void)arg;
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		return 2;
	search("9", "closed:third", "plain");
	search("9", "closed:missing", "closed");
	search("9", "closed:first", "directory");
	return 0;
}

int main(void)
{
	show = helper("show");
	make_tree();
	rules_1_to_7();
	rules_8_to_11();
	rules_12_to_15();
	spawn_in("first", 0);
	spawn_in("../first", 0);
	spawn_in("", 0);
	spawn_in(".:first", 1);
	if (geteuid() == 0)
		fact("as nobody: %s", status_text(in_child(as_nobody, NULL)));
	REQUIRE(no_children());
	REQUIRE(chmod("closed", 0755) == 0);
	return 0;
}
