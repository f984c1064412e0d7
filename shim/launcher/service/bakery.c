#include "bakery.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elfcache/exe.h"
#include "security.h"
#include "shim/template/image/tracee.h"
#include "way.h"

enum { PATIENCE_MS = 20000 };

/* What this process's bakes have learned; it has one thread. */
static struct bake_loader known_loader;

/* What is to be baked, and where to: dirfd is -1 for nowhere. */
struct order {
	int dirfd;
	uint64_t code_limit; /* bytes that copies of code may have beside it */
	const struct identity *id;
	const char *path;
	char *const *envp;
};

static void fail(struct bakery_result *result, int err, const char *sentence)
{
	result->err = err;
	snprintf(result->why, sizeof result->why, "%s", sentence);
}

/* What it may write to. */
static uint64_t own_memory(const struct image_view *view)
{
	const Elf64_Ehdr *eh = (const void *)view->data;
	const Elf64_Phdr *ph = (const void *)(view->data + eh->e_phoff);
	uint64_t bytes = 0;

	for (size_t i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && (ph[i].p_flags & PF_W))
			bytes += ph[i].p_memsz;
	return bytes;
}

static void describe(const struct image_view *view, struct bakery_result *result)
{
	result->size = view->size;
	result->own = own_memory(view);
	result->files = view->table->files.count;
}

static void try_order(const struct order *order, struct bakery_result *result)
{
	struct image_view view;
	int fd;

	if (!store_takes(order->id)) {
		fail(result, -ENOTSUP, "not everybody may read and execute it");
		return;
	}
	fd = memfd_create("image", MFD_CLOEXEC);
	if (fd < 0) {
		fail(result, -errno, strerror(errno));
		return;
	}
	result->err = bake(fd, order->path, order->envp, &result->loader, NULL, result->why);
	if (!result->err && image_read(fd, &view) == 0) {
		describe(&view, result);
		image_read_end(&view);
	}
	close(fd);
}

static void fill_order(const struct order *order, struct bakery_result *result)
{
	struct image_view view;
	struct code_store codes;

	code_store_open(&codes, order->dirfd, order->code_limit);
	result->err = store_bake(order->dirfd, order->id, order->path, order->envp, &result->loader,
				 &codes, &result->size, result->why);
	code_store_close(&codes);
	if (!result->err && store_read(order->dirfd, order->id, order->path, &view) == 0) {
		describe(&view, result);
		image_read_end(&view);
	}
}

__attribute__((noreturn)) static void be_child(int out, pid_t parent, const struct order *order)
{
	struct bakery_result result = {.loader = known_loader};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	tracee_stay_on_cpu();
	/* A limit of file sizes is an error like others; the program that is run does not inherit
	 * it. */
	signal(SIGXFSZ, SIG_IGN);
	if (order->dirfd < 0)
		try_order(order, &result);
	else
		fill_order(order, &result);
	/* Less than PIPE_BUF: whole, or not at all. */
	_exit(write(out, &result, sizeof result) != sizeof result);
}

static void wait_for(pid_t pid, int in, struct bakery_result *result)
{
	struct pollfd pollfd = {.fd = in, .events = POLLIN};

	int ready;

	do {
		ready = poll(&pollfd, 1, PATIENCE_MS);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		fail(result, -ENOTSUP, "its start-up takes too long");
	else if (read(in, result, sizeof *result) != sizeof *result)
		fail(result, -ENOTSUP, "its start-up cannot be followed");
	/* With it goes what it was tracing (PTRACE_O_EXITKILL). */
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/*
 * What anybody may have written is run by root only if root starts it; start-up alone is run for
 * whoever can ask for it, in an index that a process may have mapped before it gave root up.  So is
 * what another user may put there before it is run.
 */
static const char *judge_file(const char *path, uid_t owner, const char *strangers)
{
	const char *refusal = security_refusal("", path);

	if (refusal || geteuid())
		return refusal;
	return owner ? strangers : way_refusal(path);
}

/* Of a script, its interpreter is executed as well. */
static const char *find_refusal(const struct identity *id, const char *path)
{
	const char *refusal =
		judge_file(path, id->uid, "it belongs to another user than root, who starts it");
	struct stat st;
	struct exe exe;

	if (refusal || exe_look(AT_FDCWD, path, &exe) || exe.kind != EXE_SCRIPT ||
	    stat(exe.interpreter, &st))
		return refusal;
	return judge_file(exe.interpreter, st.st_uid,
			  "what it is run by belongs to another user than root, who starts it");
}

/* Nothing is run that is not, by what the file itself says, what was asked for. */
static bool is_refused(const struct order *order, struct bakery_result *result)
{
	const char *refusal;
	struct identity now;
	int err = identity_of(AT_FDCWD, order->path, 0, &now);

	if (!err && !identity_equal(&now, order->id))
		err = -ESTALE;
	if (err) {
		fail(result, err, err == -ESTALE ? "it has changed" : strerror(-err));
		return true;
	}
	refusal = find_refusal(&now, order->path);
	if (refusal)
		fail(result, -ENOTSUP, refusal);
	return refusal != NULL;
}

static void run_order(const struct order *order, struct bakery_result *result)
{
	pid_t parent = getpid();
	pid_t pid;
	int fds[2];

	*result = (struct bakery_result){0};
	if (is_refused(order, result))
		return;
	if (pipe2(fds, O_CLOEXEC)) {
		fail(result, -errno, strerror(errno));
		return;
	}
	pid = fork();
	if (pid == 0)
		be_child(fds[1], parent, order);
	close(fds[1]);
	if (pid < 0)
		fail(result, -errno, strerror(errno));
	else
		wait_for(pid, fds[0], result);
	close(fds[0]);
	if (!result->err)
		known_loader = result->loader;
}

void bakery_bake(int dirfd, uint64_t code_limit, const struct identity *id, const char *path,
		 char *const envp[], struct bakery_result *result)
{
	const struct order order = {dirfd, code_limit, id, path, envp};

	run_order(&order, result);
	if (result->err)
		store_remove(dirfd, id, path);
}

void bakery_try(const struct identity *id, const char *path, char *const envp[],
		struct bakery_result *result)
{
	const struct order order = {-1, 0, id, path, envp};

	run_order(&order, result);
}
