/*
 * Programs with an ELF interpreter: a template knows its name only, and it may be replaced and
 * written to at any time, as without a template.
 */
#include "common.h"

#include <elf.h>
#include <stddef.h>

static const char program[] = "/tmp/interp/program";
static const char interp[] = "/tmp/interp/interp";
static const char other[] = "/tmp/interp/other";

struct image {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr[2];
	char interp[32];
	unsigned char code[16];
};

/* mov $status, %edi; mov $60, %eax; syscall */
static struct image image_of(unsigned char status)
{
	const unsigned char code[16] = {0xbf, status, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};
	struct image image = {
		.ehdr = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			 .e_type = ET_DYN,
			 .e_machine = EM_X86_64,
			 .e_version = EV_CURRENT,
			 .e_entry = offsetof(struct image, code),
			 .e_phoff = offsetof(struct image, phdr),
			 .e_ehsize = sizeof(Elf64_Ehdr),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 1},
		.phdr[0] = {.p_type = PT_LOAD,
			    .p_filesz = sizeof image,
			    .p_memsz = sizeof image,
			    .p_flags = PF_R | PF_X,
			    .p_align = 4096},
	};

	memcpy(image.code, code, sizeof code);
	return image;
}

static void write_image(const char *path, const struct image *image)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (fd < 0 || write(fd, image, sizeof *image) != sizeof *image)
		bail("%s", path);
	close(fd);
}

/* An interpreter, or a program without one: exits with the status. */
static void write_interp(const char *path, unsigned char status)
{
	const struct image image = image_of(status);

	write_image(path, &image);
}

/* It would exit with 1, if its interpreter did not exit before. */
static void write_program(const char *name, size_t name_size)
{
	struct image image = image_of(1);

	image.ehdr.e_phnum = 2;
	image.phdr[1] = (Elf64_Phdr){.p_type = PT_INTERP,
				     .p_offset = offsetof(struct image, interp),
				     .p_filesz = name_size,
				     .p_align = 1};
	memcpy(image.interp, name, name_size);
	write_image(program, &image);
}

static int attempt(int fd)
{
	struct spawn s;

	spawn_init(&s, NULL);
	return run(&s, fd);
}

static int make_template(void)
{
	int fd = (int)create_by_path(program, SPAWN_TEMPLATE_CREATE_CLOEXEC);

	ok(fd >= 0, "a template");
	return fd;
}

static void replaced(void)
{
	int fd;

	write_program(interp, sizeof interp);
	write_interp(interp, 11);
	fd = make_template();
	same(attempt(fd), 11, "the interpreter runs");
	same(attempt(fd), 11, "and again");
	write_interp(other, 12);
	rename(other, interp);
	same(attempt(fd), 12, "another one that has replaced it");
	same(attempt(fd), 12, "and again");
	chmod(interp, 0700);
	same(attempt(fd), 12, "a change of its mode does not matter");
	chmod(interp, 0600);
	same(attempt(fd), 126, "not executable: status 126");
	unlink(interp);
	same(attempt(fd), 127, "removed: status 127");
	symlink(program, interp);
	same(attempt(fd), 1, "a link to the program itself, which has one too");
	unlink(interp);
	write_interp(interp, 13);
	same(attempt(fd), 13, "there again");
	close(fd);
}

/* Exits with the status, but with 99 if it is entered where image_of() is. */
static struct image entered_elsewhere(unsigned char status)
{
	struct image image = image_of(99);
	const struct image good = image_of(status);

	memcpy(image.interp, good.code, sizeof good.code);
	image.ehdr.e_entry = offsetof(struct image, interp);
	return image;
}

/* Natively it can be written to while programs run that it has loaded, but not during an exec. */
static void written_to(void)
{
	const struct image second = entered_elsewhere(22);
	int template;
	int fd;

	write_interp(interp, 21);
	template = make_template();
	same(attempt(template), 21, "the interpreter runs");
	fd = open(interp, O_WRONLY | O_CLOEXEC);
	ok(fd >= 0, "it can be opened for writing");
	same(attempt(template), 1, "and is no interpreter meanwhile: status 1");
	if (pwrite(fd, &second, sizeof second, 0) != sizeof second)
		bail("write");
	close(fd);
	same(attempt(template), 22, "it is read anew");
	close(template);
}

static void late(void)
{
	int fd;

	unlink(interp);
	fd = make_template();
	same(attempt(fd), 127, "no interpreter when the template is made");
	write_interp(interp, 31);
	same(attempt(fd), 31, "it came later");
	close(fd);
}

/* What exec finds fault with is no error of create(): those that can be wrong in the headers. */
static void malformed(void)
{
	struct image image = image_of(41);
	int fd;

	write_interp(interp, 42);
	write_program(interp, sizeof interp - 1);
	fd = make_template();
	same(attempt(fd), 126, "a name that does not end: status 126");
	close(fd);
	write_program(interp, 1);
	fd = make_template();
	same(attempt(fd), 126, "a name that is empty: status 126");
	close(fd);

	image.ehdr.e_phoff = ~0ULL;
	write_image(program, &image);
	fd = make_template();
	same(attempt(fd), 126, "headers at a negative offset: status 126");
	close(fd);
	image.ehdr.e_phoff = 1 << 20;
	write_image(program, &image);
	fd = make_template();
	same(attempt(fd), 126, "headers beyond the end: status 126");
	close(fd);

	write_program(interp, sizeof interp);
	image.ehdr.e_phoff = ~0ULL;
	write_image(interp, &image);
	fd = make_template();
	same(attempt(fd), 1, "the same in the interpreter: status 1");
	close(fd);
	unlink(interp);
	close(open(interp, O_WRONLY | O_CREAT | O_CLOEXEC, 0755));
	fd = make_template();
	same(attempt(fd), 1, "an empty interpreter: status 1");
	write_interp(other, 43);
	rename(other, interp);
	same(attempt(fd), 43, "and a good one in its place");
	close(fd);
}

int main(int argc, char **argv)
{
	be_program(argc, argv);
	mkdir("/tmp/interp", 0755);
	replaced();
	written_to();
	late();
	malformed();
	return done();
}
