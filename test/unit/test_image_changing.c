/*
 * A file is changed while a program that uses it is baked: there is no image then, or one that is
 * stale from the first.  One that holds what the file was, and depends on what it is, would be used
 * for good.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "shim/template/image/store.h"

#define BUSY FIXTURE_DIR "/libimage_fixture_busy.so"

enum { TRIES = 10, DELAY_US = 30000 };

static char preload[4096 + 16];
static char program[4096];
static char library[4096];
static char *environment[] = {"PATH=/usr/bin:/bin", preload, NULL};

static void copy(const char *from, const char *to)
{
	static char data[1 << 20];
	FILE *file = fopen(from, "re");
	size_t size;

	ck_assert_ptr_nonnull(file);
	size = fread(data, 1, sizeof data, file);
	fclose(file);
	scratch_file(to, data, size, 0755);
}

/* Others of the same content, which nobody has looked at. */
static void make_files(void)
{
	copy("/bin/true", program);
	copy(BUSY, library);
}

/* A byte behind its end. */
static void change_in_place(void)
{
	int fd = open(library, O_WRONLY | O_APPEND | O_CLOEXEC);

	_exit(fd < 0 || write(fd, "", 1) != 1);
}

static void touch(void)
{
	_exit(utimensat(AT_FDCWD, library, NULL, 0));
}

static void rename_over(void)
{
	copy(BUSY, "new");
	_exit(rename("new", library));
}

static void rename_over_program(void)
{
	copy("/bin/false", "new");
	_exit(rename("new", program));
}

static void change_mode_of_program(void)
{
	_exit(chmod(program, 0700));
}

static void (*const changes[])(void) = {
	change_in_place, touch, rename_over, rename_over_program, change_mode_of_program,
};

enum { CHANGES = sizeof changes / sizeof changes[0] };

/*
 * In another process, in the run of the program that is kept, or the one after: the first decides
 * whether there is anything to keep.
 */
static pid_t change_soon(unsigned runs, void (*change)(void))
{
	int watch = inotify_init1(IN_CLOEXEC);
	char event[sizeof(struct inotify_event) + NAME_MAX + 1];
	pid_t pid;

	ck_assert_int_ge(watch, 0);
	ck_assert_int_ge(inotify_add_watch(watch, library, IN_OPEN), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		while (runs--)
			if (read(watch, event, sizeof event) <= 0)
				_exit(3);
		usleep(DELAY_US);
		change();
	}
	close(watch);
	return pid;
}

/* True if the change came before the bake was over. */
static bool bake_once(int dirfd, unsigned runs, void (*change)(void))
{
	struct bake_loader loader = {0};
	char why[BAKE_WHY_MAX];
	struct image_view view;
	struct identity id;
	uint64_t size;
	int status;
	pid_t pid;
	int err;

	make_files();
	ck_assert_int_eq(identity_of(AT_FDCWD, program, 0, &id), 0);
	pid = change_soon(runs, change);
	err = store_bake(dirfd, &id, program, environment, &loader, NULL, &size, why);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	if (err) {
		ck_assert_str_ne(why, "");
		ck_assert_int_eq(store_read(dirfd, &id, program, &view), -ENOENT);
		return true;
	}
	ck_assert_int_eq(store_read(dirfd, &id, program, &view), 0);
	ck_assert_ptr_nonnull(image_stale_file(&view));
	image_read_end(&view);
	store_remove(dirfd, &id, program);
	return false;
}

START_TEST(changed)
{
	int dirfd;
	int n = 0;

	snprintf(program, sizeof program, "%s", scratch_path("program"));
	snprintf(library, sizeof library, "%s", scratch_path("library.so"));
	snprintf(preload, sizeof preload, "LD_PRELOAD=%s", library);
	ck_assert_int_eq(mkdir("images", 0700), 0);
	dirfd = open("images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dirfd, 0);
	/* In each run ld.so opens the library, and the bake looks at what it maps. */
	while (!bake_once(dirfd, 3 + 2 * ((unsigned)_i / CHANGES), changes[_i % CHANGES]))
		ck_assert_int_lt(n++, TRIES);
	close(dirfd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image_changing");
	TCase *tc = scratch_case(suite, "changing", 110);

	tcase_add_loop_test(tc, changed, 0, 2 * CHANGES);
	return scratch_run(suite);
}
