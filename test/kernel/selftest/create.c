/*
 * spawn_template_create(): its arguments, what may have a template, what a template is.
 */
#include "common.h"

#include <elf.h>
#include <sys/mman.h>
#include <sys/mount.h>

static void sizes(void)
{
	unsigned char big[8192] = {0};
	const struct spawn_template_create_args good = {.execfd = -1,
							.filename = POINTER(self_path())};
	long fd;

	same(sys_create(NULL, 0), -EINVAL, "create: nothing");
	same(sys_create(&good, CREATE_VER0 - 1), -EINVAL, "create: one byte less than VER0");
	fd = sys_create(&good, CREATE_VER0);
	ok(fd >= 0, "create: VER0");
	close((int)fd);
	memcpy(big, &good, sizeof good);
	fd = sys_create(big, CREATE_VER0 + 1);
	ok(fd >= 0, "create: one zero byte more");
	close((int)fd);
	fd = sys_create(big, 4096);
	ok(fd >= 0, "create: a page");
	close((int)fd);
	same(sys_create(big, 4097), -E2BIG, "create: more than a page");
	big[CREATE_VER0] = 1;
	same(sys_create(big, CREATE_VER0 + 1), -E2BIG, "create: a byte that is not zero");
	big[CREATE_VER0] = 0;
	big[4095] = 1;
	same(sys_create(big, 4096), -E2BIG, "create: the last byte is not zero");
	same(sys_create(NULL, CREATE_VER0), -EFAULT, "create: no memory there");
	same(sys_create((void *)(intptr_t)-4096, CREATE_VER0), -EFAULT, "create: kernel memory");
}

static void refuses(const char *what, struct spawn_template_create_args args)
{
	same(sys_create(&args, sizeof args), -EINVAL, "create: %s", what);
}

static void arguments(void)
{
	const struct spawn_template_create_args good = {.execfd = -1,
							.filename = POINTER(self_path())};
	struct spawn_template_create_args args;
	int exe = open(self_path(), O_RDONLY | O_CLOEXEC);

	for (int bit = 1; bit < 64; bit++) {
		args = good;
		args.flags = 1ULL << bit;
		if (sys_create(&args, sizeof args) != -EINVAL)
			ok(false, "create: flag %d", bit);
	}
	ok(true, "create: all unknown flags");
	args = good;
	args.execfd = exe;
	refuses("both descriptor and path", args);
	args = good;
	args.filename = 0;
	refuses("neither descriptor nor path", args);
	args = good;
	args.exec_flags = 1;
	refuses("exec_flags", args);
	args = good;
	args.actions = POINTER(&args);
	refuses("actions", args);
	args = good;
	args.actions_len = 1;
	refuses("actions_len", args);
	for (size_t i = 0; i < ARRAY_SIZE(args.reserved); i++) {
		args = good;
		args.reserved[i] = 1;
		refuses("reserved", args);
	}
	same(create_by_path("true", 0), -EINVAL, "create: relative path");
	same(create_by_path("./true", 0), -EINVAL, "create: relative path with a dot");
	args = good;
	args.filename = 1;
	same(sys_create(&args, sizeof args), -EFAULT, "create: path where no memory is");
	same(create_by_path("/does/not/exist", 0), -ENOENT, "create: no such file");
	same(create_by_path("/proc/self/exe/x", 0), -ENOTDIR, "create: not a directory");
	same(create_by_path("", 0), -ENOENT, "create: empty path");
	same(create_by_fd(999, 0), -EBADF, "create: no such descriptor");
	close(exe);
}

static int as_nobody(int unused)
{
	(void)unused;
	if (setgid(65534) || setuid(65534))
		return 200;
	return (int)-create_by_path("/tmp/create/private", 0);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode))
		bail("%s", path);
	close(fd);
}

static void files(void)
{
	int pipes[2];
	int fd;

	same(create_by_path("/tmp", 0), -EACCES, "create: directory");
	fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	same(create_by_fd(fd, 0), -EACCES, "create: descriptor of a directory");
	close(fd);
	same(create_by_path("/dev/null", 0), -EACCES, "create: device");
	if (pipe2(pipes, O_CLOEXEC))
		bail("pipe");
	same(create_by_fd(pipes[0], 0), -EACCES, "create: pipe");
	close(pipes[0]);
	close(pipes[1]);

	mkdir("/tmp/create", 0755);
	write_file("/tmp/create/script", "#!/bin/sh\n", 0755);
	same(create_by_path("/tmp/create/script", 0), -ENOEXEC, "create: script");
	write_file("/tmp/create/empty", "", 0755);
	same(create_by_path("/tmp/create/empty", 0), -ENOEXEC, "create: empty file");
	write_file("/tmp/create/elf", "\177ELF\2\1\1", 0755);
	same(create_by_path("/tmp/create/elf", 0), -ENOEXEC,
	     "create: the beginning of an ELF file");
	write_file("/tmp/create/text", "text\n", 0644);
	same(create_by_path("/tmp/create/text", 0), -EACCES, "create: not executable");
	copy_self("/tmp/create/private");
	chmod("/tmp/create/private", 0700);
	fd = (int)create_by_path("/tmp/create/private", 0);
	ok(fd >= 0, "create: executable for its owner");
	close(fd);
	same(in_child(as_nobody, 0), EACCES, "create: executable for its owner only");

	mkdir("/tmp/create/mount", 0755);
	if (mount("tmpfs", "/tmp/create/mount", "tmpfs", MS_NOEXEC, NULL))
		bail("mount");
	copy_self("/tmp/create/mount/program");
	same(create_by_path("/tmp/create/mount/program", 0), -EACCES, "create: noexec, by path");
	fd = open("/tmp/create/mount/program", O_RDONLY | O_CLOEXEC);
	same(create_by_fd(fd, 0), -EACCES, "create: noexec, by descriptor");
	close(fd);
	umount("/tmp/create/mount");
}

/* A program of the 32-bit class, of two headers and this code. */
static void write_elf32(const char *path, uint16_t machine, const unsigned char *code, size_t size)
{
	struct {
		Elf32_Ehdr ehdr;
		Elf32_Phdr phdr;
		unsigned char code[16];
	} file = {
		.ehdr = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
			 .e_type = ET_EXEC,
			 .e_machine = machine,
			 .e_version = EV_CURRENT,
			 .e_entry = 0x400000 + sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
			 .e_phoff = sizeof(Elf32_Ehdr),
			 .e_ehsize = sizeof(Elf32_Ehdr),
			 .e_phentsize = sizeof(Elf32_Phdr),
			 .e_phnum = 1},
		.phdr = {.p_type = PT_LOAD,
			 .p_vaddr = 0x400000,
			 .p_filesz = sizeof file,
			 .p_memsz = sizeof file,
			 .p_flags = PF_R | PF_X,
			 .p_align = 4096},
	};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	memcpy(file.code, code, size);
	if (fd < 0 || write(fd, &file, sizeof file) != sizeof file)
		bail("%s", path);
	close(fd);
}

/* What becomes of execve(): its error number, or 100 and more, the program's exit status. */
static int execute(const char *path)
{
	char *argv[] = {(char[]){"program"}, NULL};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execve(path, argv, argv + 1);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bail("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/*
 * The 32-bit class has two machines: i386 and, of this one's number, x32.  There is a template of
 * what execve() takes, which depends on the kernel's options, and ENOEXEC for what it does not.
 */
static void other_class(void)
{
	static const struct {
		const char *name;
		uint16_t machine;
		unsigned char code[16];
	} programs[] = {
		/* mov $1, %eax; mov $107, %ebx; int $0x80 */
		{"i386", EM_386, {0xb8, 1, 0, 0, 0, 0xbb, 107, 0, 0, 0, 0xcd, 0x80}},
		/* mov $0x4000003c, %eax; mov $107, %edi; syscall */
		{"x32", EM_X86_64, {0xb8, 60, 0, 0, 0x40, 0xbf, 107, 0, 0, 0, 0x0f, 0x05}},
	};
	const char *path = "/tmp/create/elf32";
	struct spawn s;

	for (size_t i = 0; i < ARRAY_SIZE(programs); i++) {
		int status;
		int fd;

		write_elf32(path, programs[i].machine, programs[i].code, sizeof programs[i].code);
		status = execute(path);
		fd = (int)create_by_path(path, 0);
		if (status == ENOEXEC) {
			same(fd, -ENOEXEC, "%s: create: not executed here", programs[i].name);
			continue;
		}
		same(status, 107, "%s: executed here", programs[i].name);
		ok(fd >= 0, "%s: create", programs[i].name);
		spawn_init(&s, NULL);
		same(run(&s, fd), 107, "%s: spawn", programs[i].name);
		close(fd);
	}
}

static void foreign(void)
{
	unsigned char head[64];
	int in = open(self_path(), O_RDONLY | O_CLOEXEC);
	int fd;

	if (read(in, head, sizeof head) != sizeof head)
		bail("read");
	close(in);
	copy_self("/tmp/create/foreign");
	fd = open("/tmp/create/foreign", O_WRONLY | O_CLOEXEC);
	head[18] = 0xb7; /* EM_AARCH64 */
	if (pwrite(fd, head, sizeof head, 0) != sizeof head)
		bail("write");
	same(create_by_path("/tmp/create/foreign", 0), -ETXTBSY, "create: open for writing");
	close(fd);
	same(create_by_path("/tmp/create/foreign", 0), -ENOEXEC, "create: another architecture's");
}

/* What another program is found for, by a registration with binfmt_misc, which execve() takes. */
static void misc(void)
{
	static const char entry[] = ":spawn_template:E::st_misc::/bin/true:";
	const char *path = "/tmp/create/program.st_misc";
	int fd;

	mkdir("/tmp/create/misc", 0755);
	if (mount("binfmt_misc", "/tmp/create/misc", "binfmt_misc", 0, NULL))
		bail("mount binfmt_misc");
	fd = open("/tmp/create/misc/register", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, entry, sizeof entry - 1) != sizeof entry - 1)
		bail("binfmt_misc");
	close(fd);
	write_file(path, "text\n", 0755);
	same(execute(path), 0, "binfmt_misc: executed");
	same(create_by_path(path, 0), -ENOEXEC, "binfmt_misc: create");
	fd = open("/tmp/create/misc/spawn_template", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "-1", 2) != 2)
		bail("binfmt_misc");
	close(fd);
	umount("/tmp/create/misc");
}

static void descriptor(void)
{
	char text[512];
	char path[64];
	ssize_t n;
	int exe;
	int fd = (int)create_by_path(self_path(), 0);

	same(fcntl(fd, F_GETFD), 0, "template: not close-on-exec");
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	n = readlink(path, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = '\0';
	ok(!strcmp(text, "anon_inode:spawn_template") ||
		   !strcmp(text, "anon_inode:[spawn_template]"),
	   "template: its name is %s", text);
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	exe = open(path, O_RDONLY | O_CLOEXEC);
	n = read(exe, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = '\0';
	close(exe);
	ok(strstr(text, self_path()), "template: fdinfo names the file");
	ok(read(fd, text, 1) < 0 && errno == EINVAL, "template: cannot be read");
	ok(write(fd, text, 1) < 0 && errno == EINVAL, "template: cannot be written");
	close(fd);

	fd = (int)create_by_path(self_path(), SPAWN_TEMPLATE_CREATE_CLOEXEC);
	same(fcntl(fd, F_GETFD), FD_CLOEXEC, "template: close-on-exec");
	close(fd);

	exe = open(self_path(), O_PATH | O_CLOEXEC);
	fd = (int)create_by_fd(exe, SPAWN_TEMPLATE_CREATE_CLOEXEC);
	ok(fd >= 0, "template: of an O_PATH descriptor");
	close(fd);
	close(exe);
	exe = open(self_path(), O_RDONLY | O_CLOEXEC);
	fd = (int)create_by_fd(exe, 0);
	ok(fd >= 0, "template: of a descriptor");
	close(fd);
	close(exe);
}

static void deny_write(void)
{
	const char *path = "/tmp/create/busy";
	int second;
	int fd;

	copy_self(path);
	fd = (int)create_by_path(path, 0);
	second = (int)create_by_path(path, 0);
	ok(open(path, O_WRONLY) < 0 && errno == ETXTBSY, "busy: cannot be opened for writing");
	ok(open(path, O_RDWR) < 0 && errno == ETXTBSY, "busy: nor for both");
	ok(truncate(path, 0) < 0 && errno == ETXTBSY, "busy: nor be truncated");
	close(fd);
	ok(open(path, O_WRONLY) < 0 && errno == ETXTBSY, "busy: another template is enough");
	close(second);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok(fd >= 0, "busy: no more after the last template");
	same(create_by_path(path, 0), -ETXTBSY, "busy: no template while it is open for writing");
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	second = (int)create_by_fd(fd, 0);
	close(fd);
	ok(open(path, O_WRONLY) < 0 && errno == ETXTBSY, "busy: by descriptor as well");
	close(second);
}

int main(int argc, char **argv)
{
	be_program(argc, argv);
	sizes();
	arguments();
	files();
	foreign();
	other_class();
	misc();
	descriptor();
	deny_write();
	return done();
}
