/* The linked resume code (RESUME_BIN is its file) as data. */
	.section .rodata
	.globl resume_code
	.type resume_code, @object
	.p2align 4
resume_code:
	.incbin RESUME_BIN
.Lend:
	.size resume_code, .Lend - resume_code
	.globl resume_code_size
	.type resume_code_size, @object
	.p2align 3
resume_code_size:
	.quad .Lend - resume_code
	.size resume_code_size, 8
	.section .note.GNU-stack,"",@progbits
