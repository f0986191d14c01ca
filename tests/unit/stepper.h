/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests: a program run instruction by instruction, with the return addresses that its calls have pushed and not yet
 * returned to. x86-64 only.
 */
#ifndef TARE_TEST_STEPPER_H
#define TARE_TEST_STEPPER_H

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"
#include "records.h"
#include "unwind.h"

#define STEPPER_DEPTH 1024
#define STACK_COPY    16384

struct stepper {
	pid_t pid;
	struct user_regs_struct regs;
	struct {
		uint64_t slot, address; /* where it is on the stack */
		bool interrupted;	/* by a signal, with its stack pointer then; not a call */
	} calls[STEPPER_DEPTH];
	int nr;
	int status; /* once it has ended */
	char stack[STACK_COPY];
	size_t stack_bytes;
};

static inline void stepper__start(struct stepper *s, char *const argv[])
{
	s->nr = 0;
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (!s->pid) {
		personality(ADDR_NO_RANDOMIZE);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(argv[0], argv);
		_exit(127);
	}
	assert_int_equal(waitpid(s->pid, &s->status, 0), s->pid);
	assert_true(WIFSTOPPED(s->status));
	ptrace(PTRACE_SETOPTIONS, s->pid, NULL, PTRACE_O_EXITKILL);
	assert_int_equal(ptrace(PTRACE_GETREGS, s->pid, NULL, &s->regs), 0);
}

/* Follow what happened to the stack in one step. */
static inline void stepper__follow(struct stepper *s, const struct user_regs_struct *old, int sig)
{
	uint64_t sp = s->regs.rsp, top = 0;

	for (int i = s->nr; i-- > 0 && sig <= 0;) {
		if (!s->calls[i].interrupted)
			continue;
		if (s->calls[i].slot == sp && s->calls[i].address == s->regs.rip)
			s->nr = i; /* the handler has returned */
		break;
	}
	while (s->nr && !s->calls[s->nr - 1].interrupted && s->calls[s->nr - 1].slot < sp)
		s->nr--;
	assert_in_range(s->nr, 0, STEPPER_DEPTH - 2);
	proc__peek(s->pid, sp, &top, sizeof(top));
	if (sig > 0) {
		s->calls[s->nr].interrupted = true;
		s->calls[s->nr].slot = old->rsp;
		s->calls[s->nr++].address = old->rip;
	}
	if (sig > 0 || (sp == old->rsp - 8 && top > old->rip && top <= old->rip + 8)) {
		s->calls[s->nr].interrupted = false;
		s->calls[s->nr].slot = sp;
		s->calls[s->nr++].address = top;
	}
}

/* One instruction, or the arrival of a signal. False when the program has ended. */
static inline bool stepper__step(struct stepper *s)
{
	struct user_regs_struct old = s->regs;
	int sig = 0;

	if (WSTOPSIG(s->status) != SIGTRAP)
		sig = WSTOPSIG(s->status);
	assert_int_equal(ptrace(PTRACE_SINGLESTEP, s->pid, NULL, sig), 0);
	assert_int_equal(waitpid(s->pid, &s->status, 0), s->pid);
	if (!WIFSTOPPED(s->status))
		return false;
	assert_int_equal(ptrace(PTRACE_GETREGS, s->pid, NULL, &s->regs), 0);
	if (WSTOPSIG(s->status) == SIGTRAP)
		stepper__follow(s, &old, sig);
	return true;
}

/* Its state, as the kernel would hand it over. The stack's copy is valid until the next step. */
static inline struct unwind_sample sample_of(pid_t pid, pid_t tid, const struct user_regs_struct *r, char *stack,
					     size_t room)
{
	struct unwind_sample sample = {
		.pid = pid,
		.tid = tid,
		.regs = { r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8, r->r9, r->r10, r->r11,
			  r->r12, r->r13, r->r14, r->r15, r->rip },
		.stack_at = r->rsp,
		.stack = stack,
	};
	struct iovec to = { stack, room }, from[STACK_COPY / 4096 + 1];
	size_t nr = 0;
	ssize_t n;

	assert_true(room <= STACK_COPY);
	/* page by page: the stack may end before that */
	for (uint64_t at = r->rsp; at < r->rsp + room; nr++) {
		uint64_t end = (at / 4096 + 1) * 4096;

		end = end < r->rsp + room ? end : r->rsp + room;
		from[nr] = (struct iovec){ (void *)at, end - at };
		at = end;
	}
	n = proc__peek_all(pid, &to, from, nr);
	sample.stack_bytes = n > 0 ? n : 0;
	return sample;
}

/* What the frames must be: as unwinder__frames() would return them. */
static inline int stepper__frames(const struct stepper *s, uint64_t *frames, int max)
{
	int nr = 0;

	frames[nr++] = s->regs.rip;
	for (int i = s->nr; i-- > 0 && nr < max;) {
		bool trampoline = i && s->calls[i - 1].interrupted && !s->calls[i].interrupted;

		frames[nr++] = s->calls[i].address + (trampoline || s->calls[i].interrupted);
	}
	return nr;
}

/* Let it run up to where it stops itself, and no instruction after. */
static inline void stepper__skip(struct stepper *s)
{
	assert_int_equal(ptrace(PTRACE_CONT, s->pid, NULL, NULL), 0);
	assert_int_equal(waitpid(s->pid, &s->status, 0), s->pid);
	assert_true(WIFSTOPPED(s->status) && WSTOPSIG(s->status) == SIGSTOP);
	s->status = SIGTRAP << 8 | 0x7f; /* it does not arrive */
	assert_int_equal(ptrace(PTRACE_GETREGS, s->pid, NULL, &s->regs), 0);
	s->nr = 0;
}

/* Its calls so far, from @frames, which must be on the stack in this order. */
static inline void stepper__adopt(struct stepper *s, const struct unwind_sample *sample, const uint64_t *frames, int nr)
{
	const uint64_t *words = sample->stack;
	size_t at = 0, all = sample->stack_bytes / sizeof(*words);

	s->nr = nr - 1;
	for (int i = 1; i < nr; i++) {
		while (at < all && words[at] != frames[i])
			at++;
		assert_true(at < all);
		s->calls[s->nr - i].slot = sample->stack_at + at++ * sizeof(*words);
		s->calls[s->nr - i].address = frames[i];
		s->calls[s->nr - i].interrupted = false;
	}
}

#endif /* TARE_TEST_STEPPER_H */
