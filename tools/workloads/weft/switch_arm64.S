/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stack switching for arm64. A switch is a function call, so it keeps what AAPCS64 makes a function keep and no
 * more: x19-x30, the low halves of v8-v15, and fpcr.
 */
#ifdef __aarch64__
	.section weft_text, "ax", %progbits

/* void switch__swap(void **save_sp, void *sp) */
	.globl	switch__swap
	.hidden	switch__swap
	.type	switch__swap, %function
	.p2align 4
switch__swap:
	.cfi_startproc
	sub	sp, sp, #176
	stp	x19, x20, [sp, #0]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	stp	x29, x30, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mrs	x9, fpcr
	str	x9, [sp, #160]
	mov	x10, sp
	str	x10, [x0]
	mov	sp, x1
	ldr	x11, [sp, #160]
	/* writing fpcr is slow, and it is nearly always the same */
	cmp	x9, x11
	b.eq	1f
	msr	fpcr, x11
1:	ldp	x19, x20, [sp, #0]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldp	x25, x26, [sp, #48]
	ldp	x27, x28, [sp, #64]
	ldp	x29, x30, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	add	sp, sp, #176
	ret
	.cfi_endproc
	.size	switch__swap, .-switch__swap

/* void *switch__prepare(uintptr_t stack_hi): see switch_x86_64.S */
	.globl	switch__prepare
	.hidden	switch__prepare
	.type	switch__prepare, %function
switch__prepare:
	sub	x0, x0, #176
	adr	x9, switch__start
	stp	xzr, xzr, [x0, #0]
	stp	xzr, xzr, [x0, #16]
	stp	xzr, xzr, [x0, #32]
	stp	xzr, xzr, [x0, #48]
	stp	xzr, xzr, [x0, #64]
	stp	xzr, x9, [x0, #80]
	stp	xzr, xzr, [x0, #96]
	stp	xzr, xzr, [x0, #112]
	stp	xzr, xzr, [x0, #128]
	stp	xzr, xzr, [x0, #144]
	mrs	x9, fpcr
	stp	x9, xzr, [x0, #160]
	ret
	.size	switch__prepare, .-switch__prepare

	.globl	switch__start
	.hidden	switch__start
	.type	switch__start, %function
switch__start:
	.cfi_startproc
	.cfi_undefined x30
	mov	x29, xzr
	mov	x30, xzr
	bl	g__main
	brk	#1
	.cfi_endproc
	.size	switch__start, .-switch__start

/* void switch__call(void (*fn)(void *arg), void *arg, void *sp) */
	.globl	switch__call
	.hidden	switch__call
	.type	switch__call, %function
switch__call:
	.cfi_startproc
	stp	x29, x30, [sp, #-16]!
	.cfi_def_cfa_offset 16
	.cfi_offset x29, -16
	.cfi_offset x30, -8
	mov	x29, sp
	.cfi_def_cfa_register x29
	mov	x9, x0
	mov	x0, x1
	and	x2, x2, #-16
	mov	sp, x2
	blr	x9
	mov	sp, x29
	ldp	x29, x30, [sp], #16
	.cfi_def_cfa sp, 0
	ret
	.cfi_endproc
	.size	switch__call, .-switch__call

/* void weft_entersyscall(void): see switch_x86_64.S */
	.globl	weft_entersyscall
	.hidden	weft_entersyscall
	.type	weft_entersyscall, %function
weft_entersyscall:
	.cfi_startproc
	stp	x29, x30, [sp, #-96]!
	.cfi_def_cfa_offset 96
	.cfi_offset x29, -96
	.cfi_offset x30, -88
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x0, sp
	add	x1, sp, #96
	bl	syscall__enter
	ldp	x29, x30, [sp], #96
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size	weft_entersyscall, .-weft_entersyscall

/*
 * sp points at a copy of the signal frame, which holds every register: no instruction could load them all and jump,
 * so it is the kernel that goes back, as from the handler itself.
 */
	.globl	preempt__entry
	.hidden	preempt__entry
	.type	preempt__entry, %function
preempt__entry:
	mov	x29, xzr
	mov	x0, sp
	bl	preempt__give_way_frame
	mov	x8, #139		/* rt_sigreturn */
	svc	#0
	brk	#1
	.size	preempt__entry, .-preempt__entry
#endif
	.section .note.GNU-stack, "", %progbits
