// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "heap.h"
#include "proc.h"

/* The function at the call before return address @pc. */
static void describe(uint64_t pc, struct heap_frame *f, void *ctx)
{
	const struct process_runtime *from = ctx;
	struct runtime_symbol sym;

	if (!from->runtime->symbol || from->runtime->symbol(from->self, pc - 1 - from->prog.bias, &sym))
		return;
	f->name = sym.frames[0].name;
	f->file = sym.frames[0].file;
	f->line = sym.frames[0].line;
	f->inner = sym.frames[0].heap & TARE_SYMBOL_HEAP_INNER;
	f->outer = sym.frames[0].heap & TARE_SYMBOL_HEAP_OUTER;
}

static bool keeps_account(const struct runtime *rt)
{
	return rt->heap;
}

/* Read it from the runtime that is open. */
static int take(struct heap_taken *t)
{
	struct heap_named *n = &t->named;
	int ret = t->from.runtime->heap(t->from.self, &n->heap) ?: heap_named__name(n, describe, &t->from);
	const char *why = n->heap.problem;

	if (ret && !why[0])
		why = ret == -ESRCH ? "it has ended" :
		      ret == -EPERM ? "its memory may not be read: become its user or root, or get CAP_SYS_PTRACE" :
				      strerror(-ret);
	if (ret)
		snprintf(t->problem, sizeof(t->problem), "%s", why);
	return ret;
}

int heap_taken__take(struct heap_taken *t, pid_t pid)
{
	int ret;

	*t = (struct heap_taken){ 0 };
	heap_named__init(&t->named);
	proc__comm(pid, t->named.comm);
	ret = process_runtime__open(&t->from, pid, keeps_account, t->problem, sizeof(t->problem));
	t->named.pid = pid;
	t->named.runtime = t->from.runtime->name;
	t->named.version = t->from.version;
	if (!ret)
		return take(t);
	/* it is there, but nothing in it that could be asked */
	return ret == -ESRCH || ret == -EPERM || ret == -ENOMEM ? ret : -ENODATA;
}

void heap_taken__free(struct heap_taken *t)
{
	heap_named__free(&t->named);
	process_runtime__close(&t->from);
}
