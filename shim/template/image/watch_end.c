/*
 * What a start-up has left behind where no memory shows it: the processor's registers.
 *
 * A process that is started from an image has those that the kernel gives it.  Of floating point
 * resume sets what has happened so far (MXCSR's low bits: libLLVM rounds something), as that is
 * common; how it rounds, and all else, must be as it was.
 */
#include <errno.h>

#include "watch_part.h"

enum {
	MXCSR_EVENTS = 0x3f,     /* Intel SDM volume 1, 10.2.3 */
	MXCSR_AT_START = 0x1f80, /* as Linux has it */
	X87_EVENTS = 0x3f,       /* of the status word, 8.1.3 */
	X87_AT_START = 0x37f,    /* the control word */
};

int watch_registers(struct watch *w, const struct tracee *t, const struct user_regs_struct *regs)
{
	struct user_fpregs_struct floats;
	int err = tracee_get_floats(t, &floats);

	if (err)
		return err;
	if ((floats.mxcsr & ~(unsigned)MXCSR_EVENTS) != MXCSR_AT_START ||
	    floats.cwd != X87_AT_START)
		return watch_refuse(w, "its start-up sets how floating point works");
	if (floats.ftw || (floats.swd & X87_EVENTS))
		return watch_refuse(w, "its start-up leaves something in the x87's registers");
	if (regs->gs_base || regs->fs_base != w->fs_base)
		return watch_refuse(w, "its start-up sets a segment's base");
	w->mxcsr = floats.mxcsr;
	return 0;
}
