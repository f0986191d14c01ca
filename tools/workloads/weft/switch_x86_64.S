/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stack switching for x86-64. A switch is a function call, so it keeps what the System V ABI makes a function keep
 * and no more: rbx, rbp, r12-r15, and the control (not status) bits of mxcsr and the x87 control word.
 */
#ifdef __x86_64__
	.section weft_text, "ax", @progbits

/* void switch__swap(void **save_sp, void *sp) */
	.globl	switch__swap
	.hidden	switch__swap
	.type	switch__swap, @function
	.p2align 4
switch__swap:
	.cfi_startproc
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$8, %rsp
	stmxcsr	(%rsp)
	fnstcw	4(%rsp)
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	ldmxcsr	(%rsp)
	fldcw	4(%rsp)
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.cfi_endproc
	.size	switch__swap, .-switch__swap

/*
 * void *switch__prepare(uintptr_t stack_hi): a stack as switch__swap() leaves it, that goes on in switch__start() with
 * the caller's floating point control.
 */
	.globl	switch__prepare
	.hidden	switch__prepare
	.type	switch__prepare, @function
switch__prepare:
	leaq	-80(%rdi), %rax
	leaq	switch__start(%rip), %rdx
	stmxcsr	(%rax)
	fnstcw	4(%rax)
	xorl	%ecx, %ecx
	movq	%rcx, 8(%rax)
	movq	%rcx, 16(%rax)
	movq	%rcx, 24(%rax)
	movq	%rcx, 32(%rax)
	movq	%rcx, 40(%rax)
	movq	%rcx, 48(%rax)
	movq	%rdx, 56(%rax)
	movq	%rcx, 64(%rax)
	movq	%rcx, 72(%rax)
	ret
	.size	switch__prepare, .-switch__prepare

/* The outermost frame of a goroutine: unwinders stop here */
	.globl	switch__start
	.hidden	switch__start
	.type	switch__start, @function
switch__start:
	.cfi_startproc
	.cfi_undefined rip
	xorl	%ebp, %ebp
	call	g__main
	ud2
	.cfi_endproc
	.size	switch__start, .-switch__start

/* void switch__call(void (*fn)(void *arg), void *arg, void *sp): fn(arg) on the stack that ends at sp */
	.globl	switch__call
	.hidden	switch__call
	.type	switch__call, @function
switch__call:
	.cfi_startproc
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register rbp
	movq	%rdx, %rsp
	andq	$-16, %rsp
	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	movq	%rbp, %rsp
	popq	%rbp
	.cfi_def_cfa rsp, 8
	ret
	.cfi_endproc
	.size	switch__call, .-switch__call

/* void weft_entersyscall(void): with the registers that the caller may go on to use, and its sp */
	.globl	weft_entersyscall
	.hidden	weft_entersyscall
	.type	weft_entersyscall, @function
weft_entersyscall:
	.cfi_startproc
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	.cfi_adjust_cfa_offset 48
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	leaq	8(%rsp), %rdi
	leaq	64(%rsp), %rsi
	call	syscall__enter
	addq	$56, %rsp
	.cfi_adjust_cfa_offset -56
	ret
	.cfi_endproc
	.size	weft_entersyscall, .-weft_entersyscall

/*
 * Called, as it were, by the interrupted instruction: the signal handler has put that instruction's address below the
 * red zone and the thread here. Keeps every register, the flags, and what xsave keeps of the components in
 * preempt__xsave_mask. `ret $128` goes back and over the red zone without touching the flags.
 */
	.globl	preempt__entry
	.hidden	preempt__entry
	.type	preempt__entry, @function
preempt__entry:
	.cfi_startproc
	.cfi_def_cfa_offset 136
	.cfi_offset rip, -136
	pushfq
	.cfi_adjust_cfa_offset 8
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_offset rbp, -152
	movq	%rsp, %rbp
	.cfi_def_cfa_register rbp
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rbx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rbx
	subq	preempt__xsave_bytes(%rip), %rsp
	andq	$-64, %rsp
	/* the header (64 bytes from 512 on) is read back by xrstor: what xsave leaves of it must be zero */
	xorl	%eax, %eax
	movq	%rsp, %rdi
	addq	$512, %rdi
	movl	$8, %ecx
	rep stosq
	movl	preempt__xsave_mask(%rip), %eax
	movl	preempt__xsave_mask+4(%rip), %edx
	xsave64	(%rsp)
	/* the interrupted code may hold values on the x87 stack, which a function may take to be empty */
	fninit
	call	preempt__give_way
	movl	preempt__xsave_mask(%rip), %eax
	movl	preempt__xsave_mask+4(%rip), %edx
	xrstor64 (%rsp)
	movq	%rbx, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rbx
	popq	%rdx
	popq	%rcx
	popq	%rax
	popq	%rbp
	.cfi_def_cfa rsp, 144
	popfq
	.cfi_adjust_cfa_offset -8
	ret	$128
	.cfi_endproc
	.size	preempt__entry, .-preempt__entry
#endif
	.section .note.GNU-stack, "", @progbits
