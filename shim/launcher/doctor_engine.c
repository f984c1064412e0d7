#include <stdlib.h>
#include <string.h>

#include "begin.h"
#include "doctor.h"
#include "environment.h"
#include "preload_list.h"
#include "shim/template/kernel.h"

static void check_kernel(struct doctor *d)
{
	struct kernel_engine engine = {0};
	const char *numbers = begin_kernel_numbers(d->options);
	long answer;

	if (!numbers) {
		doctor_add(d, CHECK_NOTE, "engine kernel",
			   "not used; " VAR_KERNEL_NR "=CREATE,SPAWN would name the system calls",
			   "not asked for");
		return;
	}
	if (!kernel_numbers_parse(numbers, &engine.numbers)) {
		doctor_add(d, CHECK_BAD, "engine kernel", "not used", "%s: not two numbers",
			   numbers);
		return;
	}
	if (kernel_engine_available(&engine)) {
		doctor_add(d, CHECK_OK, "engine kernel",
			   begin_wants_images(d->options)
				   ? "used for posix_spawn() of programs that it can start, and "
				     "also of images"
				   : "used for posix_spawn() of programs that it can start",
			   "system calls %s answer as they should", numbers);
		return;
	}
	answer = kernel_create(&engine.numbers, NULL, 0);
	doctor_add(d, CHECK_NOTE, "engine kernel", "not used: libc starts everything",
		   "system call %d is not spawn_template_create(): %s", engine.numbers.create,
		   answer < 0 ? strerror((int)-answer) : "it succeeded");
}

void doctor_check_engines(struct doctor *d)
{
	check_kernel(d);
	doctor_check_image(d);
}

/* Every other library, in its order, with what was there before us. */
void doctor_check_others(struct doctor *d)
{
	const char *list = getenv(VAR_PRELOAD);
	const char *name;
	size_t len;
	int n = 0;

	while (list && (name = preload_list_next(&list, &len))) {
		n++;
		if (preload_list_is_ours(name, len))
			doctor_add(d, CHECK_OK, "LD_PRELOAD", "already there: not added again",
				   "%d: %.*s", n, (int)len, name);
		else
			doctor_add(d, CHECK_NOTE, "LD_PRELOAD",
				   "stays, in its place; its functions come before ours if it is "
				   "named first",
				   "%d: %.*s", n, (int)len, name);
	}
	if (!n)
		doctor_add(d, CHECK_OK, "LD_PRELOAD", "ours will be the only one", "empty");
}
