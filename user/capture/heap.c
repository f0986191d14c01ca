// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "hash.h"
#include "heap.h"
#include "proc.h"
#include "table.h"
#include "util.h"

#define TEXTS_MAX (1 << 22)

/* ---- frames ---- */

struct naming_frames {
	struct heap_taken *t;
	struct table by_pc;    /* address to the number of its frame plus one */
	struct table by_frame; /* hash of a frame to the same */
};

static bool begins_with_one_of(const char *name, const char *const *list)
{
	for (; list && *list; list++)
		if (!strncmp(name, *list, strlen(*list)))
			return true;
	return false;
}

/* The function at the call before return address @pc. */
static int describe(struct heap_taken *t, uint64_t pc, struct heap_frame *f)
{
	const struct runtime *rt = t->from.runtime;
	struct runtime_symbol sym;
	bool known = rt->symbol && !rt->symbol(t->from.self, pc - 1 - t->from.prog.bias, &sym);
	const char *name = known ? sym.frames[0].name : "", *file = known ? sym.frames[0].file : "";

	*f = (struct heap_frame){
		.name = intern__keep(&t->texts, name, strlen(name)),
		.file = intern__keep(&t->texts, file, strlen(file)),
		.line = known ? sym.frames[0].line : 0,
		.inner = begins_with_one_of(name, rt->heap_inner),
		.outermost = rt->heap_outermost && !strcmp(name, rt->heap_outermost),
	};
	return f->name && f->file ? 0 : -ENOMEM;
}

/* The number of frame @f, which is kept if it is new; two with one hash are two. */
static int number_of(struct naming_frames *n, const struct heap_frame *f, uint32_t *nr)
{
	struct heap_taken *t = n->t;
	uint64_t *slot, key = hash__add(HASH_BEGIN, &f->name, sizeof(f->name));

	key = hash__add(hash__add(key, &f->file, sizeof(f->file)), &f->line, sizeof(f->line)) >> 1;
	for (;; key++) {
		slot = table__add(&n->by_frame, key);
		if (!slot)
			return -ENOMEM;
		if (!*slot)
			break;
		*nr = *slot - 1;
		if (t->frames[*nr].name == f->name && t->frames[*nr].file == f->file && t->frames[*nr].line == f->line)
			return 0;
	}
	if (ARRAY_GROW(t->frames, t->room_frames, t->nr_frames + 1))
		return -ENOMEM;
	t->frames[t->nr_frames] = *f;
	*slot = ++t->nr_frames;
	*nr = t->nr_frames - 1;
	return 0;
}

static int name_pc(struct naming_frames *n, uint64_t pc, uint32_t *nr)
{
	uint64_t *slot = table__add(&n->by_pc, pc == TABLE_NO_KEY ? 0 : pc);
	struct heap_frame f;
	int ret;

	if (!slot)
		return -ENOMEM;
	if (!*slot) {
		ret = describe(n->t, pc, &f) ?: number_of(n, &f, nr);
		if (ret)
			return ret;
		*slot = *nr + 1;
	}
	*nr = *slot - 1;
	return 0;
}

static int name_all(struct heap_taken *t)
{
	struct naming_frames n = { .t = t };
	int ret = 0;

	table__init(&n.by_pc, 1 << 30);
	table__init(&n.by_frame, 1 << 30);
	t->frame_of = malloc((t->heap.nr_pcs ?: 1) * sizeof(*t->frame_of));
	if (!t->frame_of)
		ret = -ENOMEM;
	for (size_t i = 0; !ret && i < t->heap.nr_pcs; i++)
		ret = name_pc(&n, t->heap.pcs[i], &t->frame_of[i]);
	table__free(&n.by_pc);
	table__free(&n.by_frame);
	return ret;
}

/* ---- the process ---- */

static bool keeps_account(const struct runtime *rt)
{
	return rt->heap;
}

/* Read it from the runtime that is open. */
static int take(struct heap_taken *t)
{
	int ret = t->from.runtime->heap(t->from.self, &t->heap) ?: name_all(t);
	const char *why = t->heap.problem;

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
	intern__init(&t->texts, TEXTS_MAX);
	proc__comm(pid, t->comm);
	ret = process_runtime__open(&t->from, pid, keeps_account, t->problem, sizeof(t->problem));
	if (!ret)
		return take(t);
	/* it is there, but nothing in it that could be asked */
	return ret == -ESRCH || ret == -EPERM || ret == -ENOMEM ? ret : -ENODATA;
}

void heap_taken__free(struct heap_taken *t)
{
	heap_profile__free(&t->heap);
	free(t->frames);
	free(t->frame_of);
	intern__free(&t->texts);
	process_runtime__close(&t->from);
}
